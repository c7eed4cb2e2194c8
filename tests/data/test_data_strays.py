"""Columns of numbers but for stray texts: they are text, which is said with what it costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nncli.data import DataOptions, blocks, load, read_inputs
from nncli.data.writer import TextSummary
from nncli.errors import DataError

Write = Callable[..., str]

MARKED = range(11, 400, 57)  # 7 of 400 rows


def table(mark: str, names: str = "a,b,y") -> str:
    rows = [
        f"{mark if each in MARKED else each % 120},{each * 7 % 31},{each % 2}"
        for each in range(400)
    ]
    return names + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("mark", ["-", "--", "n.a.", "1,234", "x" * 50])
def test_stray_texts_are_counted_and_said(write: Write, mark: str) -> None:
    text = table(mark).replace("1,234", '"1,234"')
    found = load(DataOptions(write("t.csv", text), columns=("a", "b")))
    made = found.width - 1
    assert made > 100
    shown = mark if len(mark) < 50 else "x" * 30 + "..."
    assert (
        f"a is text: 7 of 400 cells are no numbers, such as '{shown}' in row 12; it makes {made} "
        "inputs (leave a cell empty if its value is missing)"
    ) in found.notes
    again = load(DataOptions(write("t.csv", text), columns=("a", "b")))  # out of the cache
    assert again.notes == found.notes


@pytest.mark.parametrize("mark", ["", "?", "NA", "n/a", "nan"])
def test_marks_of_missing_values_make_no_texts(write: Write, mark: str) -> None:
    found = load(DataOptions(write("t.csv", table(mark)), val="0"))
    assert found.preprocessing.features == ("a", "a is missing", "b")
    assert not any("is text" in note for note in found.notes)


def test_a_dash_stays_a_text(write: Write) -> None:
    """A strand or a blood group is + or -: as in pandas, a dash is a value like others."""
    rows = "".join(f"{'+-'[i % 2]},{i % 7},{i % 3 % 2}\n" for i in range(60))
    found = load(DataOptions(write("t.csv", "strand,n,y\n" + rows), val="0"))
    assert found.preprocessing.features == ("strand=+", "strand=-", "n")
    assert not any("is text" in note for note in found.notes)


def test_a_column_without_a_name_is_called_by_its_position(write: Write) -> None:
    text = table("-").partition("\n")[2]
    found = load(DataOptions(write("t.csv", text)))
    assert any(note.startswith("column 1 is text: 7 of 400 cells") for note in found.notes)


def test_texts_with_some_numbers_are_not_worth_a_word(write: Write) -> None:
    rows = "".join(f"{'12' if i % 4 else 'new'},{i},{i % 2}\n" for i in range(40))
    found = load(DataOptions(write("t.csv", "code,n,y\n" + rows)))
    assert not any("is text" in note for note in found.notes)


def test_blocks_and_missing_cells_do_not_change_the_count(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = table("-").replace("\n5,", "\n,")
    original = blocks.read_blocks
    monkeypatch.setattr("nncli.data.text.read_blocks", lambda p, d: original(p, d, 40))
    found = load(DataOptions(write("t.csv", text)))
    empty = sum(line.startswith(",") for line in text.splitlines())
    assert empty > 1
    said = f"a is text: 7 of {400 - empty} cells are no numbers, such as '-' in row 12"
    assert any(note.startswith(said) for note in found.notes)


def test_a_column_with_too_many_texts_is_counted_whole(write: Write) -> None:
    rows = "".join(f"{i}.25,{i % 5},{i % 2}\n" for i in range(10_500))
    found = load(DataOptions(write("t.csv", f"a,b,y\n{rows}-,1,1\n")))
    assert found.preprocessing.features == ("b",)
    said = " ".join(found.notes)
    assert "a is text: 1 of 10501 cells is no number, such as '-' in row 10501 (leave" in said
    assert "a is left out: it has more than 10000 different texts" in said


def test_decimal_commas_are_numbers(write: Write) -> None:
    rows = "".join(f"{i},5;{i % 5};{i % 2}\n" for i in range(30))
    found = load(DataOptions(write("t.csv", f"a;b;y\n{rows}-;1;1\n"), columns=("a", "b")))
    assert any("1 of 31 cells is no number, such as '-'" in note for note in found.notes)
    summary = TextSummary("a", 0, False)  # in a table with points, 3,5 is no number
    summary.take(np.zeros(9, np.intp), ["3,5"], 0)
    assert summary.strays() == ""


def test_decimal_commas_beside_a_word_or_a_mark_before_a_blank(write: Write) -> None:
    """pandas makes texts of all cells of a block then, in which 3,5 is to be a number still."""
    rows = "".join(f"{i},5;{i % 5};{i % 2}\n" for i in range(30))
    marked = load(DataOptions(write("t.csv", f"a;b;y\n{rows}NA ;1;1\n")))
    assert marked.preprocessing.inputs[0].kind == "numeric"
    assert any("values are missing in" in note for note in marked.notes)
    path = write("u.csv", f"a;b;y\n{rows}")
    worded = write("v.csv", "a;b;y\n2,5;1;0\nabc;1;1\n3,5;1;1\n")
    with pytest.raises(DataError, match="holds the text 'abc' in row 2"):
        load(DataOptions(path, val=worded))


def test_a_target_with_stray_texts(write: Write) -> None:
    rows = [f"{i},{'-' if i in MARKED else i * 0.5}" for i in range(400)]
    path = write("t.csv", "a,y\n" + "\n".join(rows))
    clause = "7 of 400 cells are no numbers, such as '-' in row 12"
    with pytest.raises(DataError, match=f"classes in 400 rows.*{clause}: leave a cell empty"):
        load(DataOptions(path))
    few = [f"{i * 7 % 31},{'-' if i in MARKED else i % 2}" for i in range(400)]
    found = load(DataOptions(write("u.csv", "a,y\n" + "\n".join(few))))
    assert found.task == "multiclass"
    assert any(note.startswith(f"y is text: {clause}") for note in found.notes)


def test_too_many_categories_name_the_texts(write: Write) -> None:
    rows = "".join(f"{'-' if i == 3 else i % 300},{i % 7},{i % 2}\n" for i in range(900))
    with pytest.raises(DataError, match=r"301 categories.*\(1 of 900 cells is no number"):
        load(DataOptions(write("t.csv", "a,b,y\n" + rows), columns=("a",), val="0"))


def test_parquet_says_the_same(write: Write, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = write("t.csv", table("-"))
    pd.read_csv(path).to_parquet(tmp_path / "t.parquet")
    text, parquet = load(DataOptions(path)), load(DataOptions(str(tmp_path / "t.parquet")))
    np.testing.assert_array_equal(text.rows, parquet.rows)
    assert text.notes == parquet.notes


def test_prediction_reads_the_texts_as_training_did(write: Write) -> None:
    trained = load(DataOptions(write("t.csv", table("-"))))
    found = read_inputs(write("u.csv", table("-")), trained.preprocessing, dtype="float32")
    np.testing.assert_array_equal(found.rows, trained.rows)
    plain = load(DataOptions(write("v.csv", table("3"))))
    with pytest.raises(DataError, match="holds the text '-' in row 12"):
        read_inputs(write("u.csv", table("-")), plain.preprocessing, dtype="float32")
