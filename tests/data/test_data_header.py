"""The header of a table: plain ones, flawed ones, what they are called, and what is said of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.data import DataOptions, header, load, read_inputs, table
from nncli.data.header import is_header, name_columns, read_header
from nncli.data.sniff import sniff
from nncli.errors import DataError

Write = Callable[..., str]

ROWS = "".join(f"{i}.5,{i * i % 17},{i * 7 % 11},{i % 2}\n" for i in range(60))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a", "b"], ["1", "x"], ["2", "y"]], True),
        ([["1", "b"], ["1", "x"], ["2", "y"]], False),
        ([["39", "State-gov", "13"], ["50", "Private", "13"]], False),
        ([["", "a"], ["0", "1.5"], ["1", "2.5"]], True),  # a row index without a name
        ([["0", "1", "2", "3"], ["5", "7", "1", "2"], ["4", "4", "1", "0"]], True),
        ([["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]], False),
        ([["0", "1", "2", "target"], ["5", "7", "1", "2"], ["4", "4", "1", "0"]], True),
        ([["5.1", "3.5", "target"], ["4.9", "3.0", "1"], ["4", "4", "0"]], False),
        ([["colour", "size"], ["red", "big"], ["red", "small"]], True),
        ([["red", "big"], ["red", "small"], ["blue", "big"]], False),
        ([["?", "b"], ["1", "2"]], True),
        ([["a", "b"]], True),
        ([["1", "2"]], False),
    ],
)
def test_a_plain_header(rows: list[list[str]], expected: bool) -> None:
    assert is_header(rows[0], rows[1:]) is expected
    assert read_header(rows).notes == ()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a", ""], ["0", "1.5"], ["1", "2.5"]], True),
        ([["a", "a"], ["0", "1.5"], ["1", "2.5"]], True),
        ([["a", "?"], ["1", "2"]], True),
        ([["a", "", "", "y"], ["1", "", "3", "0"], ["2", "", "4", "1"]], True),  # an empty column
        ([["a", "", "", "", "y"], *([["1", "2", "3", "4", "5"]] * 2)], False),  # most have no name
        ([["a", "", "1"], ["1", "2", "3"], ["2", "3", "4"]], False),  # a number
        ([["red", "", "x"], ["blue", "5", "3"], ["red", "6", "4"]], False),  # red comes again
        ([["red", "", ""], ["blue", "5", "3"], ["green", "6", "4"]], False),  # values are missing
        ([["..", "..", ""], ["1", "2", "3"], ["2", "3", "4"]], False),  # marks are no names
        ([["-", "-"], ["1", "2"], ["2", "3"]], False),
        ([["a", "a", "y"], ["u", "v", "w"], ["u", "v", "w"]], True),  # texts alone
        ([["a", "", "y"], ["u", "v", "w"], ["u", "v", "w"]], True),
        ([["a", "", "y"], ["u", "v", "w"], ["u", "", "w"], ["u", "v", "w"]], False),
        ([["ann", "", "y"], ["bob", "v", "w"], ["cas", "v", "w"]], False),  # names of people
        ([["yes", "no", "yes"], ["no", "no", "yes"], ["no", "yes", "no"]], False),
        ([["a", "", "y"]], False),  # a row alone, perhaps to predict
    ],
)
def test_a_flawed_header(rows: list[list[str]], expected: bool) -> None:
    assert is_header(rows[0], rows[1:]) is expected
    assert bool(read_header(rows).notes) is expected


def test_texts_over_numbers_with_stray_marks_are_a_header() -> None:
    below = [[f"{i}.25", f"{i}.5"] for i in range(20)]
    below[3][0] = below[7][1] = "-"
    assert is_header(["a", "y"], below)  # no column is all numbers, and nothing comes twice
    assert not is_header(["1", "y"], below)
    assert not is_header(["-", ".."], below)


@pytest.mark.parametrize(
    ("first", "names", "said"),
    [
        ("a,b,,y", ("a", "b", "3", "y"), "the header has an empty cell: column 3 is called 3"),
        (
            "a,b,a,y",
            ("a", "b", "a.1", "y"),
            "the header has names twice, such as 'a': column 3 is called a.1",
        ),
    ],
)
def test_a_flawed_header_is_read_and_said(
    write: Write, first: str, names: tuple[str, ...], said: str
) -> None:
    found = load(DataOptions(write("t.csv", f"{first}\n{ROWS}"), target="y"))
    plain = load(DataOptions(write("u.csv", f"a,b,c,y\n{ROWS}"), target="y"))
    assert (found.task, found.preprocessing.classes) == ("binary", ("0", "1"))
    assert found.preprocessing.file_columns == names
    assert found.preprocessing.features == names[:3]
    np.testing.assert_array_equal(found.rows, plain.rows)
    np.testing.assert_array_equal(found.targets, plain.targets)
    assert "the first row is taken for the header (--no-header if it holds data)" in found.notes
    assert said in found.notes
    assert not any("header" in note for note in plain.notes)
    without = load(DataOptions(write("t.csv", f"{first}\n{ROWS}"), header=False))
    assert without.preprocessing.file_columns == ("1", "2", "3", "4")
    chosen = load(DataOptions(write("t.csv", f"{first}\n{ROWS}"), columns=("3",)))
    assert chosen.preprocessing.features == (names[2],)  # by its name or its position


@given(cells=st.lists(st.sampled_from(["a", "a.1", "a.1.1", "b", "a.2", "3"]), min_size=1))
def test_repeated_names_are_those_of_pandas(cells: list[str]) -> None:
    text = ",".join(cells) + "\n" + ",".join("1" for _ in cells) + "\n"
    assert name_columns(cells)[0] == tuple(pd.read_csv(io.StringIO(text)).columns)


@given(cells=st.lists(st.sampled_from(["", " ", "a", "2", "2.1", "3", "unnamed"]), max_size=6))
def test_names_are_distinct_and_those_written_are_kept(cells: list[str]) -> None:
    names, notes = name_columns(cells)
    assert len(set(names)) == len(names) == len(cells)
    written = [each.strip() for each in cells]
    assert set(names) >= {each for each in written if each}
    assert bool(notes) == (
        "" in written[1:] or len({*filter(None, written)}) < sum(map(bool, written))
    )


def test_many_made_names_are_said_in_short() -> None:
    _, notes = name_columns(["a"] * 30)
    assert notes[0].endswith("column 6 is called a.5 and 24 more")


def test_columns_that_are_expected() -> None:
    first = ["red", "", "7"]
    assert read_header([first, ["blue", "5", "3"]], expected=["1", "2"]).names is None
    assert read_header([["1", "", "7"], ["2", "5", "3"]], expected=["1", "2"]).names is None
    # one row to predict: by its rows alone it might be data
    assert read_header([["a", "", "y"]], expected=["a", "2"]).names == ("a", "2", "y")


def test_files_with_a_flawed_header_fit_each_other(write: Write) -> None:
    path = write("t.csv", f"a,,a,y\n{ROWS}")
    trained = load(DataOptions(path, test=write("test.csv", "y,2,a,a\n1,5,3,2\n0,7,1,8\n")))
    assert trained.preprocessing.features == ("a", "2", "a.1")
    assert trained.rows[60:].tolist() == [[3, 5, 2], [1, 7, 8]]
    p = trained.preprocessing
    again = read_inputs(path, p, dtype="float32")
    np.testing.assert_array_equal(again.rows, trained.rows[:60])
    np.testing.assert_array_equal(again.targets, trained.targets[:60])
    assert any("column 2 is called 2" in note for note in again.notes)
    one = read_inputs(write("one.csv", "a,,a\n3,5,2\n"), p, dtype="float32")
    assert one.rows.tolist() == [[3, 5, 2]]
    bare = read_inputs(write("bare.csv", "3,5,2\n1,7,8\n"), p, dtype="float32")
    assert bare.rows.tolist() == [[3, 5, 2], [1, 7, 8]]
    with pytest.raises(DataError, match="has no column '2'"):
        read_inputs(write("moved.csv", ",a,a\n3,5,2\n4,5,6\n"), p, dtype="float32")


def test_the_same_table_as_parquet(write: Write, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = write("t.csv", f"a,,a,y\n{ROWS}")
    trained = load(DataOptions(path))
    frame = pd.read_csv(path)
    frame.columns = pd.Index(sniff(Path(path)).names)
    frame.to_parquet(tmp_path / "t.parquet")
    again = load(DataOptions(str(tmp_path / "t.parquet")))
    np.testing.assert_array_equal(again.rows, trained.rows)
    assert again.preprocessing.features == trained.preprocessing.features
    found = read_inputs(tmp_path / "t.parquet", trained.preprocessing, dtype="float32")
    np.testing.assert_array_equal(found.rows, trained.rows)


def test_a_data_frame_with_a_name_twice_becomes_a_table(write: Write) -> None:
    frame = pd.DataFrame(np.arange(80.0).reshape(20, 4) % 7, columns=["a", "a", "", "y"])
    path = write("frame.csv", frame.to_csv(index=False))
    found = load(DataOptions(path, target="y"))
    assert found.preprocessing.features == ("a", "a.1", "3")
    np.testing.assert_array_equal(found.rows, frame.to_numpy()[:, :3])


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"target": "y"}, "holds 'y' but was taken for data"),
        ({"target": "y"}, "write a name into each of its cells"),
        ({"target": "y"}, "name the column by its position, 3"),
        ({"columns": ("y",)}, "unknown column 'y'"),
        ({"drop": ("y",)}, "unknown column 'y'"),
        ({"target": "y", "header": False}, "leave out --no-header"),
        ({"target": "z"}, "unknown column 'z': the table has 1, 2, 3"),
    ],
)
def test_a_name_in_a_first_row_taken_for_data(
    write: Write, options: dict[str, object], part: str
) -> None:
    path = write("t.csv", "5.1,3.5,y\n" + "".join(f"{i}.5,{i % 7},{i % 2}\n" for i in range(20)))
    with pytest.raises(DataError) as caught:
        load(DataOptions(path, **options))  # type: ignore[arg-type]
    assert part in str(caught.value)
    assert load(DataOptions(path, target="-3")).preprocessing.targets == ("1",)


def test_the_hash_changes_with_the_reading_alone(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, flawed = write("t.csv", f"a,b,c,y\n{ROWS}"), write("u.csv", f"a,b,,y\n{ROWS}")
    before = load(DataOptions(plain)).hash, load(DataOptions(flawed)).hash
    # as both were read before: no header is flawed, and what the cache holds is of another number
    monkeypatch.setattr(table, "READING", 1)
    monkeypatch.setattr(header, "_is_flawed", lambda first, below: False)
    old = load(DataOptions(flawed))
    assert old.preprocessing.file_columns == ("1", "2", "3", "4")
    assert load(DataOptions(plain)).hash == before[0]
    assert old.hash != before[1]
    monkeypatch.undo()
    monkeypatch.setenv("NNCLI_CACHE", str(Path(plain).parent / "cache"))
    again = load(DataOptions(flawed))
    assert (again.hash, again.preprocessing.file_columns) == (before[1], ("a", "b", "3", "y"))
