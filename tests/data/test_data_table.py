"""Text tables from file to data set, with pandas and scikit-learn as independent readers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder

from nncli.data import DataOptions, Dataset, blocks, load
from nncli.errors import DataError

Write = Callable[..., str]
Real = Callable[[str], str]
Scaled = Callable[[Dataset, NDArray[np.int64]], NDArray[np.float64]]

PEOPLE = """name,age,sex,smoker,city,score
Ann,31,f,yes,Rome,1.5
Bob,,m,no,Oslo,2.5
Cas,25,m,no,,0.5
Dee,40,f,yes,Rome,4.5
Eve,22,f,no,Oslo,3.25
Fay,35,f,yes,Bonn,2.0
"""


def features(found: Dataset, name: str) -> NDArray[np.float64]:
    return np.asarray(found.rows[:, found.preprocessing.features.index(name)], np.float64)


def test_a_small_table_column_by_column(write: Write) -> None:
    found = load(DataOptions(write("t.csv", PEOPLE), val="0", drop=("name",), dtype="float64"))
    assert found.preprocessing.features == (
        "age",
        "age is missing",
        "sex=f",
        "sex=m",
        "smoker",
        "city=Bonn",
        "city=Oslo",
        "city=Rome",
        "city is missing",
    )
    assert features(found, "age").tolist() == [31, 31, 25, 40, 22, 35]  # the median is 31
    assert features(found, "age is missing").tolist() == [0, 1, 0, 0, 0, 0]
    assert features(found, "sex=f").tolist() == [1, 0, 0, 1, 1, 1]
    assert features(found, "smoker").tolist() == [1, 0, 0, 1, 0, 1]
    assert features(found, "city=Oslo").tolist() == [0, 1, 0, 0, 1, 0]
    assert features(found, "city is missing").tolist() == [0, 0, 1, 0, 0, 0]
    p = found.preprocessing
    y = found.targets[:, 0] * p.target_scale[0] + p.target_shift[0]
    np.testing.assert_allclose(y, [1.5, 2.5, 0.5, 4.5, 3.25, 2.0])
    # numbers are standardised, zeros and ones stay
    assert found.shift[1:].tolist() == [0.0] * 8
    assert found.scale[1:].tolist() == [1.0] * 8
    assert any("the last column, score" in note for note in found.notes)
    assert any("age (1, filled with 31)" in note for note in found.notes)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace(",", " , "),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", "|"),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: "# people\n" + text,
        lambda text: text.replace("\n", ",\n"),
        lambda text: text.replace("Bob,,", "Bob,?,").replace("no,,0.5", "no, NaN,0.5"),
        lambda text: text.replace("Rome", '"Rome"'),
    ],
)
def test_the_way_it_is_written_changes_nothing(write: Write, change: Callable[[str], str]) -> None:
    expected = load(DataOptions(write("t.csv", PEOPLE), seed=3))
    found = load(DataOptions(write("u.csv", change(PEOPLE)), seed=3))
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.targets, expected.targets)
    assert found.preprocessing == expected.preprocessing


def test_gzip_is_recognised_by_content(write: Write) -> None:
    expected = load(DataOptions(write("t.csv", PEOPLE)))
    found = load(DataOptions(write("t.data", gzip.compress(PEOPLE.encode()))))
    np.testing.assert_array_equal(found.rows, expected.rows)


def test_blanks_divide_columns(write: Write) -> None:
    found = load(DataOptions(write("t.txt", "  1.5   2 0\n 2.5  3   1\n3.5 4\t0\n 4.5 5 1 \n")))
    assert found.rows.tolist() == [[1.5, 2], [2.5, 3], [3.5, 4], [4.5, 5]]
    assert found.targets[:, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("block", [40, 64, 200])
def test_blocks_change_nothing(write: Write, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    text = PEOPLE.replace("Bob", '"Bob, the\nbuilder ""B"""')
    expected = load(DataOptions(write("t.csv", text), columns=("age", "city", "sex"), seed=1))
    original = blocks.read_blocks
    monkeypatch.setattr("nncli.data.text.read_blocks", lambda p, d: original(p, d, block))
    monkeypatch.setenv("NNCLI_CACHE", str(Path(write("x", "")).parent / "other"))
    found = load(DataOptions(write("t.csv", text), columns=("age", "city", "sex"), seed=1))
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.targets, expected.targets)


def test_a_column_that_turns_to_text_late_keeps_its_texts(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{each % 7:03d},{each % 2}" for each in range(200)] + ["x,1", "001,0"]
    original = blocks.read_blocks
    monkeypatch.setattr("nncli.data.text.read_blocks", lambda p, d: original(p, d, 100))
    found = load(DataOptions(write("t.csv", "code,y\n" + "\n".join(lines)), val="0"))
    expected = tuple(f"code={each:03d}" for each in range(7))
    assert found.preprocessing.features == (*expected, "code=x")
    assert features(found, "code=001").sum() == 30
    said = "code is text: 1 of 202 cells is no number, such as 'x' in row 201; it makes 8 inputs"
    assert any(note.startswith(said) for note in found.notes)


def test_positions_targets_and_selection(write: Write) -> None:
    path = write("t.csv", "1.5,2,7,0\n2.5,3,8,1\n3.5,4,1,0\n4.5,5,2,1\n")
    assert load(DataOptions(path)).preprocessing.targets == ("4",)
    assert load(DataOptions(path, target="-4")).preprocessing.targets == ("1",)
    chosen = load(DataOptions(path, columns=("3", "1")))
    assert chosen.preprocessing.features == ("1", "3")
    assert chosen.rows.tolist() == [[1.5, 7], [2.5, 8], [3.5, 1], [4.5, 2]]
    dropped = load(DataOptions(path, drop=("-1", "2")))
    assert (dropped.preprocessing.targets, dropped.preprocessing.features) == (("3",), ("1",))
    several = load(DataOptions(path, target="1,2"))
    assert (several.task, several.outputs) == ("regression", 2)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"target": "scor"}, "unknown column 'scor': the table has name, age"),
        ({"target": "scor"}, "did you mean 'score'?"),
        ({"target": "9"}, "unknown column '9'"),
        ({"columns": ("agee",)}, "unknown column 'agee'"),
        ({"columns": ("score",)}, "both an input and the target"),
        ({"target": "age", "drop": ("age",)}, "both dropped and the target"),
        ({"target": "age,age"}, "twice"),
        ({"columns": ("age",), "drop": ("age",)}, "no input column is left"),
        ({"task": "regression", "target": "city"}, "holds the text 'Rome' in row 1"),
        ({"task": "binary", "target": "city"}, "3 classes in 5 rows"),
        ({"target": "name"}, "has 6 classes in 6 rows"),
        ({"task": "multilabel", "target": "age,score"}, "other values than 0 and 1"),
        ({"task": "binary", "target": "age,score"}, "one target, got 2"),
        ({"val": "0.01"}, "is no row"),
    ],
)
def test_options_that_do_not_fit(write: Write, options: dict[str, object], part: str) -> None:
    with pytest.raises(DataError) as caught:
        load(DataOptions(write("t.csv", PEOPLE), **options))  # type: ignore[arg-type]
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3 of"),
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", "has 2 fields, expected 3"),
        ("a,b,c\n1,2,3\n4,5,6\n6,7,8,9\n", "line 4"),
        ("a,b,c\n1,2,3,4\n4,5\n6,7,8\n", "line 2"),  # as many delimiters in all as there should be
        ('a,b\n"x\ny",1\n"z",2,3\n"u",4\n', "line 4"),
        ("# c\na,b\n1,2\n3\n4,5\n", "line 4"),
        ("a,b\n", "a header and no rows"),
        ("a,b\n1,2\n", "one row"),
        ("a\n1\n2\n", "has one column"),
        ("a,y\n1,2.5\ninf,3.5\n3,1\n", "column 'a' of"),
        ("a,y\n1,2.5\n2,3.5\n-inf,1\n", "-inf in row 3"),
        ("a,y\n1,2.5\n1e39,3.5\n3,1\n", "fit float32"),
        ("a,y\n1,2.5\n1,inf\n3,1\n", "column 'y'"),
        ("a,y\n1,\n2,\n3,\n", "has no value in any row"),
        ("a,y\n1,x\n2,x\n3,x\n", "is 'x' in all rows"),
        ("a,y\n1,5\n2,5\n3,5\n", "is '5' in all rows"),
        ("a,y\n1,1.5\n1,2.5\n1,3.5\n1,7\n1,9\n", "no input column is left"),
        ("a,y\n" + "".join(f"{i},t{i}\n" for i in range(40)), "40 classes in 40 rows"),
    ],
)
def test_tables_that_cannot_be_learned_from(write: Write, text: str, part: str) -> None:
    with pytest.raises(DataError) as caught:
        load(DataOptions(write("t.csv", text)))
    assert part in str(caught.value)


def test_numbers_beyond_float32_are_read_in_float64(write: Write) -> None:
    path = write("t.csv", "a,y\n1,2.5\n1e39,3.5\n3,1\n4,5\n5,9.5\n")
    assert load(DataOptions(path, dtype="float64")).rows.max() == 1e39


def test_truncated_gzip(write: Write) -> None:
    packed = gzip.compress(PEOPLE.encode() * 100)
    with pytest.raises(DataError, match="damaged or truncated gzip"):
        load(DataOptions(write("t.csv.gz", packed[: len(packed) // 2])))


def test_other_encodings(write: Write) -> None:
    text = "city,y\nKöln,0\nOslo,1\nKöln,1\nOslo,0\n"
    found = load(DataOptions(write("t.csv", text.encode("latin-1"))))
    assert found.preprocessing.features == ("city=Köln", "city=Oslo")
    assert any("Latin-1" in note for note in found.notes)
    assert load(DataOptions(write("u.csv", text))).preprocessing.features == (
        "city=Köln",
        "city=Oslo",
    )


def test_columns_that_say_nothing_are_left_out(write: Write) -> None:
    rows = "".join(f"{i},{i + 5},word{i},7,x,,{i * i % 17},{i % 2}\n" for i in range(60))
    path = write("t.csv", "Id,count,free,same,alike,empty,n,y\n" + rows)
    found = load(DataOptions(path))
    assert found.preprocessing.features == ("count", "n")
    said = " ".join(found.notes)
    for name in ("Id", "free", "same", "alike", "empty"):
        assert f"{name} is left out" in said
    assert "count counts the rows up" in said
    kept = load(DataOptions(path, columns=("Id", "n")))
    assert kept.preprocessing.features == ("Id", "n")
    with pytest.raises(DataError, match="no input column is left to learn from"):
        load(DataOptions(path, columns=("same",)))


def test_an_index_written_by_pandas_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [3, 1, 4, 1, 5, 9], "y": list("uvuvuv")})
    frame.to_csv(tmp_path / "t.csv")
    found = load(DataOptions(str(tmp_path / "t.csv")))
    assert found.preprocessing.features == ("a",)
    assert found.preprocessing.file_columns == ("unnamed", "a", "y")


def test_too_many_categories(write: Write) -> None:
    rows = "".join(f"c{i % 300},{i % 2},{i}\n" for i in range(2000))
    path = write("t.csv", "c,y,n\n" + rows)
    found = load(DataOptions(path, target="y"))
    assert found.preprocessing.features == ("n",)
    assert any("300 categories, and 256 are the most" in note for note in found.notes)
    with pytest.raises(DataError, match="group its values"):
        load(DataOptions(path, target="y", columns=("c",)))


def test_rows_without_a_target_are_in_no_split(write: Write) -> None:
    found = load(DataOptions(write("t.csv", "a,y\n1,u\n2,\n3,v\n4,u\n5,?\n6,v\n"), val="0.5"))
    assert sorted([*found.train, *found.val]) == [0, 2, 3, 5]
    assert any("2 of 6 rows are left out" in note for note in found.notes)


def test_a_numeric_table_is_mapped_and_not_copied(write: Write) -> None:
    path = write("t.csv", "a,b,y\n" + "".join(f"{i},{i * i % 13},{i % 2}\n" for i in range(50)))
    for _ in range(2):
        found = load(DataOptions(path))
        assert isinstance(found.rows, np.memmap)
        assert found.rows.flags.c_contiguous
        assert not found.rows.flags.writeable


def test_fill_scale_and_categories_come_from_training_rows_alone(
    write: Write, scaled: Scaled
) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(300):
        number = "" if rng.random() < 0.3 else f"{rng.normal():.4f}"
        rows.append(f"{number},{rng.choice(list('abcd'))},{rng.normal():.4f}\n")
    path = write("t.csv", "n,c,y\n" + "".join(rows))
    found = load(DataOptions(path, val="0.4", dtype="float64", seed=5))
    frame = pd.read_csv(path)
    train = frame.iloc[found.train]
    median = train["n"].median()
    assert median != frame["n"].median()
    filled = frame["n"].fillna(median)
    mean, std = filled.iloc[found.train].mean(), filled.iloc[found.train].std(ddof=0)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[["c"]])
    for part in (found.train, found.val):
        expected = np.column_stack(
            [
                (filled.iloc[part] - mean) / std,
                frame["n"].isna().iloc[part],
                encoder.transform(frame[["c"]].iloc[part]),
            ]
        )
        np.testing.assert_allclose(scaled(found, part), expected, atol=1e-12)


def test_a_value_missing_outside_training_alone_is_filled(write: Write) -> None:
    rows = "".join(f"{i * i % 17},{i % 2}\n" for i in range(30))
    path = write("t.csv", "n,y\n" + rows)
    found = load(DataOptions(path, test=write("test.csv", "n,y\n,1\n3,0\n")))
    assert found.preprocessing.features == ("n",)
    assert found.rows[30, 0] == np.median(found.rows[found.train, 0])
    assert np.isfinite(found.rows).all()


def test_a_test_file_is_read_with_the_kinds_of_the_first(write: Write) -> None:
    path = write(
        "t.csv", "n,c,y\n" + "".join(f"{i},{'ab'[i % 2]},{'uv'[i % 2]}\n" for i in range(20))
    )
    other = write("test.csv", "y,extra,c,n\nu,1,z,5\nv,2,a,\n")
    found = load(DataOptions(path, test=other))
    assert found.test.tolist() == [20, 21]
    assert found.rows[20].tolist() == [5, 0, 0]  # c=z was never seen: neither a nor b
    assert found.rows[21, 1:].tolist() == [1, 0]
    assert found.rows[21, 0] == np.float32(np.median(found.rows[found.train, 0]))
    assert found.targets[found.test, 0].tolist() == [0, 1]
    assert found.hash != load(DataOptions(path)).hash
    both = load(DataOptions(path, val=other, test=other))
    assert (both.val.tolist(), both.test.tolist(), len(both.train)) == ([20, 21], [22, 23], 20)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("n,c,y\nabc,a,u\n", "holds the text 'abc' in row 1"),
        ("n,y\n1,u\n", "has no column 'c'"),
        ("n,c,y\n1,a,w\n", "the class 'w' of 'y' in row 1"),
        ("n,c,y\n", "a header and no rows"),
        ("n,c,y\n1,a,\n", "no row with a target is left"),
    ],
)
def test_test_files_that_do_not_fit(write: Write, text: str, part: str) -> None:
    path = write(
        "t.csv", "n,c,y\n" + "".join(f"{i},{'ab'[i % 2]},{'uv'[i % 2]}\n" for i in range(20))
    )
    with pytest.raises(DataError) as caught:
        load(DataOptions(path, test=write("test.csv", text)))
    assert part in str(caught.value)


def test_hash_says_what_was_read(write: Write) -> None:
    path, again = write("t.csv", PEOPLE), write("copy.csv", PEOPLE)
    one = load(DataOptions(path))
    assert one.hash == load(DataOptions(again, seed=4, val="0.5", scale="none")).hash
    assert one.hash == load(DataOptions(path, dtype="float64")).hash
    assert one.hash != load(DataOptions(path, target="age")).hash
    assert one.hash != load(DataOptions(path, drop=("age",))).hash
    assert one.hash != load(DataOptions(write("u.csv", PEOPLE + "Gus,1,m,no,Rome,1\n"))).hash


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(
    values=st.lists(
        st.floats(-(2.0**100), 2.0**100, allow_nan=False, width=32),
        min_size=5,
        max_size=30,
        unique=True,
    )
)
def test_numbers_survive_the_way_through_a_file(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "t.csv"
    lines = "".join(f"{v!r},{each % 2}\n" for each, v in enumerate(values))
    path.write_text("a,y\n" + lines)
    found = load(DataOptions(str(path), val="0", columns=("a",)))
    np.testing.assert_array_equal(found.rows[:, 0], np.asarray(values, np.float32))


def test_adult_and_its_test_file(real: Real) -> None:
    path, test = real("tabular/adult.data.gz"), real("tabular/adult.test.gz")
    found = load(DataOptions(path, test=test))
    frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values="?")
    held = pd.read_csv(test, header=None, skipinitialspace=True, na_values="?", skiprows=1)
    assert found.preprocessing.classes == ("<=50K", ">50K")
    assert np.bincount(found.targets[: len(frame), 0].astype(int)).tolist() == [24720, 7841]
    assert np.bincount(found.targets[found.test, 0].astype(int)).tolist() == [12435, 3846]
    ages = np.concatenate([frame[0], held[0]])
    np.testing.assert_array_equal(features(found, "1"), ages)
    missing = np.concatenate([frame[1].isna(), held[1].isna()])
    np.testing.assert_array_equal(features(found, "2 is missing"), missing)
    private = np.concatenate([frame[1] == "Private", held[1] == "Private"])
    np.testing.assert_array_equal(features(found, "2=Private"), private)
    assert any("without their last dot: <=50K., >50K." in note for note in found.notes)
    share = found.targets[found.val].mean(), found.targets[found.train].mean()
    assert abs(share[0] - share[1]) < 1e-3  # stratified


@pytest.mark.parametrize(
    ("name", "target", "task", "shape"),
    [
        ("iris.csv.gz", None, "multiclass", (150, 4)),
        ("penguins.csv.gz", "species", "multiclass", (344, 14)),
        ("winequality-white.csv.gz", None, "multiclass", (4898, 11)),
        ("cal_housing.data.gz", None, "regression", (20640, 8)),
        ("california_housing.csv.gz", "median_house_value", "regression", (20640, 14)),
        ("mpg.csv.gz", "mpg", "regression", (398, 10)),
        ("titanic_train.csv.gz", "Survived", "binary", (891, 12)),
    ],
)
def test_real_tables(
    real: Real, name: str, target: str | None, task: str, shape: tuple[int, int]
) -> None:
    found = load(DataOptions(real(f"tabular/{name}"), target=target))
    assert (found.task, found.rows.shape) == (task, shape)
    assert np.isfinite(found.rows).all()
    assert len(found.preprocessing.features) == found.width == len(found.shift)


def test_titanic_leaves_out_names_and_numbers(real: Real) -> None:
    found = load(DataOptions(real("tabular/titanic_train.csv.gz"), target="Survived"))
    said = " ".join(found.notes)
    for name in ("PassengerId", "Name", "Ticket", "Cabin"):
        assert f"{name} is left out" in said
    assert {"Pclass", "Age is missing", "Sex=female"} <= set(found.preprocessing.features)
