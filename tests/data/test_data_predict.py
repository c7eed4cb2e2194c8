"""Rows to predict: the same encoding by name or position, whatever the file has beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nncli.data import DataOptions, Preprocessing, load, read_inputs
from nncli.errors import DataError

Write = Callable[..., str]
Real = Callable[[str], str]

HEADER = "n,c,flag,y\n"
ROWS = "".join(f"{i}.5,{'abc'[i % 3]},{'yn'[i % 2]},{'uv'[i % 2]}\n" for i in range(30))


def stored(preprocessing: Preprocessing) -> Preprocessing:
    """Return what comes back out of the database."""
    again = Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json())))
    assert again == preprocessing
    return again


def test_the_training_file_comes_back_as_it_was(write: Write) -> None:
    path = write("t.csv", HEADER + ROWS)
    trained = load(DataOptions(path))
    found = read_inputs(path, stored(trained.preprocessing), dtype="float32")
    np.testing.assert_array_equal(found.rows, trained.rows)
    np.testing.assert_array_equal(found.targets, trained.targets)
    assert found.rows.dtype == trained.rows.dtype
    assert found.rows.flags.c_contiguous


def test_columns_are_found_by_name(write: Write) -> None:
    trained = load(DataOptions(write("t.csv", HEADER + ROWS)))
    path = write("new.csv", "extra,flag,n,c\nx,y,1.5,a\nx,n,,zzz\nx,,2.5,\n")
    found = read_inputs(path, trained.preprocessing, dtype="float32")
    assert found.targets is None
    names = trained.preprocessing.features
    assert names == ("n", "c=a", "c=b", "c=c", "flag")
    mean = np.float32(trained.preprocessing.inputs[0].fill)
    assert found.rows.tolist() == [[1.5, 1, 0, 0, 1], [mean, 0, 0, 0, 0], [2.5, 0, 0, 0, 0]]


def test_a_single_row_and_unknown_classes(write: Write) -> None:
    trained = load(DataOptions(write("t.csv", HEADER + ROWS)))
    found = read_inputs(
        write("new.csv", HEADER + "1,a,y,w\n2,b,n,v\n"), trained.preprocessing, dtype="float32"
    )
    assert found.targets is not None
    assert np.isnan(found.targets[0, 0])
    assert found.targets[1, 0] == 1
    one = read_inputs(write("one.csv", "n,c,flag\n7,a,y\n"), trained.preprocessing, dtype="float32")
    assert one.rows.tolist() == [[7, 1, 0, 0, 1]]


def test_without_a_header_columns_go_by_position(write: Write) -> None:
    rows = "".join(f"{i % 2},{i}.5,{i * i % 7}\n" for i in range(20))
    trained = load(DataOptions(write("t.csv", rows), target="1"))
    assert trained.preprocessing.features == ("2", "3")
    full = read_inputs(write("a.csv", "1,5.5,3\n0,6.5,1\n"), trained.preprocessing, dtype="float32")
    assert full.rows.tolist() == [[5.5, 3], [6.5, 1]]
    assert full.targets is not None
    assert full.targets.tolist() == [[1], [0]]
    bare = read_inputs(write("b.csv", "5.5,3\n6.5,1\n"), trained.preprocessing, dtype="float32")
    assert bare.rows.tolist() == [[5.5, 3], [6.5, 1]]
    assert bare.targets is None
    named = read_inputs(
        write("c.csv", "p,q\n5.5,3\n6.5,1\n"), trained.preprocessing, dtype="float32"
    )
    assert named.rows.tolist() == [[5.5, 3], [6.5, 1]]


def test_regression_targets_are_in_the_units_of_training(write: Write) -> None:
    lines = "".join(f"{i},{i * 1.5 + 2}\n" for i in range(40))
    trained = load(DataOptions(write("t.csv", "a,y\n" + lines), dtype="float64", columns=("a",)))
    found = read_inputs(write("n.csv", "a,y\n3,6.5\n4,\n"), trained.preprocessing, dtype="float64")
    assert found.targets is not None
    np.testing.assert_allclose(found.targets[0], trained.targets[3])
    assert np.isnan(found.targets[1, 0])
    np.testing.assert_allclose(trained.preprocessing.decode(found.targets[:1]), [[6.5]])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("n,flag,y\n1,y,u\n", "has no column 'c'"),
        ("n,c,flags\n1,a,y\n", "has no column 'flag' (did you mean 'flags'?)"),
        ("n,c,flag\none,a,y\n", "holds the text 'one' in row 1"),
        ("n,c,flag\n", "no rows"),
        ("n,c,flag\ninf,a,y\n", "inf in row 1"),
        ("n,c,flag\n1,a\n", "line 2"),
    ],
)
def test_files_that_do_not_fit(write: Write, text: str, part: str) -> None:
    trained = load(DataOptions(write("t.csv", HEADER + ROWS)))
    with pytest.raises(DataError) as caught:
        read_inputs(write("new.csv", text), trained.preprocessing, dtype="float32")
    assert part in str(caught.value)


def test_other_forms(tmp_path: Path, write: Write) -> None:
    digits = load(DataOptions("digits"))
    p = stored(digits.preprocessing)
    found = read_inputs(Path("digits"), p, dtype="float32")
    np.testing.assert_array_equal(found.rows, digits.rows)
    np.testing.assert_array_equal(found.targets, digits.targets)
    np.savez(tmp_path / "x.npz", X=digits.rows[:3])
    again = read_inputs(tmp_path / "x.npz", p, dtype="float32")
    np.testing.assert_array_equal(again.rows, digits.rows[:3])
    assert again.targets is None
    text = "\n".join(",".join(map(str, row)) for row in digits.rows[:3].tolist())
    from_text = read_inputs(write("x.csv", text), p, dtype="float32")
    np.testing.assert_array_equal(from_text.rows, digits.rows[:3])
    assert from_text.rows.dtype == np.uint8
    with pytest.raises(DataError, match="expected whole numbers to 255"):
        read_inputs(write("y.csv", text.replace("13", "1.5")), p, dtype="float32")
    np.savez(tmp_path / "z.npz", X=digits.rows[:3, :5])
    with pytest.raises(DataError, match="has 5 inputs, expected 64"):
        read_inputs(tmp_path / "z.npz", p, dtype="float32")
    with pytest.raises(DataError, match=r"no file 'gone.csv'"):
        read_inputs("gone.csv", p, dtype="float32")


def test_titanic_without_the_answer(real: Real, write: Write) -> None:
    import pandas as pd

    path = real("tabular/titanic_train.csv.gz")
    trained = load(DataOptions(path, target="Survived"))
    frame = pd.read_csv(path).drop(columns="Survived")
    frame["Cabin"] = "?"
    frame.to_csv(write("new.csv", ""), index=False)
    found = read_inputs(
        write("dummy", "").replace("dummy", "new.csv"), trained.preprocessing, dtype="float32"
    )
    np.testing.assert_array_equal(found.rows, trained.rows)


def test_decoding_outputs() -> None:
    binary = load(DataOptions("moons")).preprocessing
    assert binary.decode(np.array([[0.2], [0.9]])).tolist() == ["0", "1"]
    iris = load(DataOptions("iris")).preprocessing
    assert iris.decode(np.eye(3)[[2, 0]]).tolist() == ["virginica", "setosa"]


def test_preprocessing_is_compact_and_versioned() -> None:
    digits = load(DataOptions("digits")).preprocessing
    assert len(json.dumps(digits.to_json())) < 1000
    with pytest.raises(DataError, match="version 99"):
        Preprocessing.from_json({**digits.to_json(), "version": 99})
