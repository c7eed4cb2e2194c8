"""Every form of a report, read back by a reader of its own."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nncli.errors import UsageError
from nncli.report.cells import cell
from nncli.report.formats import DATA, FORMATS, Document, form_of, latex, write
from nncli.report.formats.json_text import record
from nncli.tables import Table

EVIL = "<script>alert('1')</script> a|b\\|c _d_ 100%&#${}~^`*[x] -- \x1b[2J\nend"
TABLE = Table(
    {
        "run": [1, 2, 3],
        "name": [EVIL, None, '=cmd, "quoted"'],
        "lr": [1e-5, 0.1, None],
        "tags": [("a", "b"), (), ("c",)],
        "val_accuracy:best": [0.984375, math.nan, math.inf],
        "bn_input": [True, False, None],
        "batch_size": [32, "full", None],
    }
)
DOCUMENT = Document(
    "all: data digits",
    ["a note with a | in it"],
    {"runs": TABLE},
    best={"runs": {"val_accuracy:best": [0]}},
    about={"metric": "val_accuracy:best", "cost": None},
)


def text_of(form: str, document: Document = DOCUMENT) -> str:
    written = write(document, form)
    assert isinstance(written, str)
    return written


def of_name(text: str) -> Document:
    return Document("", [], {"runs": Table({"name": [text, "x"], "run": [1, 2]})})


def shown(values: Any, name: str) -> list[str]:
    return [cell(name, value) for value in values]


# JSON


def test_json() -> None:
    found = json.loads(text_of("json"), parse_constant=pytest.fail)
    assert set(found) == {"runs", "metric", "notes"}
    assert found["notes"] == DOCUMENT.notes
    assert [each["name"] for each in found["runs"]] == list(TABLE["name"])
    assert [each["lr"] for each in found["runs"]] == [1e-5, 0.1, None]
    assert found["runs"][0]["tags"] == ["a", "b"]
    assert found["runs"][0]["val_accuracy:best"] == 0.984375
    assert "nonfinite" not in found["runs"][0]
    assert found["runs"][1]["val_accuracy:best"] is None
    assert found["runs"][1]["nonfinite"] == {"val_accuracy:best": "nan"}
    assert found["runs"][2]["nonfinite"] == {"val_accuracy:best": "inf"}


def test_values_that_json_lacks_are_named_where_they_are() -> None:
    found = record(
        {"best": {"val_loss": -math.inf}, "curve": [{"epoch": 1, "val_loss": math.nan}], "a": [1.5]}
    )
    assert found == {
        "best": {"val_loss": None},
        "curve": [{"epoch": 1, "val_loss": None, "nonfinite": {"val_loss": "nan"}}],
        "a": [1.5],
        "nonfinite": {"best.val_loss": "-inf"},
    }


def test_json_lines_are_the_objects_of_json() -> None:
    found = [json.loads(line) for line in text_of("jsonl").splitlines()]
    assert found == json.loads(text_of("json"))["runs"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_json_lines_whoever_splits_them(text: str) -> None:
    found = [json.loads(line) for line in text_of("jsonl", of_name(text)).splitlines()]
    assert found == [{"name": text, "run": 1}, {"name": "x", "run": 2}]


# CSV and Parquet


def test_csv_by_the_standard_library() -> None:
    rows = list(csv.reader(io.StringIO(text_of("csv"), newline="")))
    assert rows[0] == list(TABLE.names)
    assert [row[1] for row in rows[1:]] == [EVIL, "", '=cmd, "quoted"']
    assert [row[2] for row in rows[1:]] == ["1e-05", "0.1", ""]
    assert [row[3] for row in rows[1:]] == ["a,b", "", "c"]
    assert [row[4] for row in rows[1:]] == ["0.984375", "nan", "inf"]
    assert [row[5] for row in rows[1:]] == ["true", "false", ""]


def test_csv_by_pandas() -> None:
    import pandas as pd

    found = pd.read_csv(io.StringIO(text_of("csv")))
    assert found["run"].tolist() == [1, 2, 3]
    assert found["val_accuracy:best"].tolist()[::2] == [0.984375, math.inf]
    assert math.isnan(found["val_accuracy:best"][1])
    assert found["name"][0] == EVIL


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text_of("csv", of_name(text)), newline="")))
    assert rows == [["name", "run"], [text, "1"], ["x", "2"]]


def test_csv_of_one_empty_column_keeps_its_rows() -> None:
    document = Document("", [], {"runs": Table({"name": [None, "x"]})})
    assert list(csv.reader(io.StringIO(text_of("csv", document)))) == [["name"], [""], ["x"]]
    assert text_of("csv", Document("", [], {"runs": Table({})})) == ""


def test_parquet_by_pandas() -> None:
    import pandas as pd

    written = write(DOCUMENT, "parquet")
    assert isinstance(written, bytes)
    found = pd.read_parquet(io.BytesIO(written))
    assert list(found.columns) == list(TABLE.names)
    assert found["run"].dtype == "int64"
    assert found["val_accuracy:best"][2] == math.inf
    assert found["name"].fillna("").tolist() == [name or "" for name in TABLE["name"]]
    assert [list(tags) for tags in found["tags"]] == [["a", "b"], [], ["c"]]
    assert found["batch_size"].fillna("").tolist() == ["32", "full", ""]  # texts, where some are


def test_parquet_keeps_nan_apart_from_what_is_missing() -> None:
    import pyarrow.parquet as pq

    table = Table({"loss": [math.nan, None, 1.0]})
    written = write(Document("", [], {"runs": table}), "parquet")
    assert isinstance(written, bytes)
    column = pq.read_table(io.BytesIO(written))["loss"]
    assert column.null_count == 1
    assert math.isnan(column[0].as_py())


def test_parquet_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'nncli\[parquet\]'"):
        write(DOCUMENT, "parquet")


# Markdown


def markdown_table(text: str) -> list[list[str]]:
    """The cells of the first table as CommonMark's reader with tables sees them, without markup."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            assert all(c.type in ("text", "strong_open", "strong_close") for c in token.children)
            rows[-1].append("".join(child.content for child in token.children or ()))
        elif token.type == "table_close":
            return rows
    raise AssertionError("no table")


def test_markdown() -> None:
    rows = markdown_table(text_of("md"))
    assert rows[0] == list(TABLE.names)
    for place, name in enumerate(TABLE.names):
        assert [row[place] for row in rows[1:]] == shown(TABLE[name], name)
    assert "**0.9844**" in text_of("md")
    assert "<script" not in text_of("md")
    assert text_of("md").endswith("\n\na note with a \\| in it\n")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_shows_in_markdown_as_it_is(text: str) -> None:
    rows = markdown_table(text_of("md", of_name(text)))
    assert rows[1] == [cell("name", text).strip(), "1"]


# LaTeX

_BACK = {command: c for c, command in latex._COMMANDS.items()}
_TOKEN = re.compile("|".join(sorted(map(re.escape, _BACK), key=len, reverse=True)))


def latex_rows(text: str) -> list[list[str]]:
    """The cells of the first tabular: a reader of what nncli writes."""
    body = text.partition("\\toprule\n")[2].partition("\\bottomrule")[0]
    lines = [line for line in body.splitlines() if line != "\\midrule"]
    assert all(line.endswith(r" \\") for line in lines)
    rows = [re.split(r"(?<!\\)&", line.removesuffix(r" \\")) for line in lines]
    return [[_unescaped(part) for part in row] for row in rows]


def _unescaped(part: str) -> str:
    plain = re.sub(r"^\\textbf\{(.*)\}$", r"\1", part.strip())
    rest = _TOKEN.sub("", plain)
    assert (
        not re.search(r"[\\%#_^~{}]", rest.replace("$", "").replace("\\times", "")) or "$" in rest
    )
    return _TOKEN.sub(lambda found: _BACK[found[0]], plain)


def test_latex() -> None:
    rows = latex_rows(text_of("latex"))
    assert rows[0] == list(TABLE.names)
    assert [row[1] for row in rows[1:]] == [cell("name", EVIL), "--", '=cmd, "quoted"']
    assert [row[2] for row in rows[1:]] == [r"$1 \times 10^{-5}$", "0.1", "--"]
    assert [row[4] for row in rows[1:]] == ["0.9844", "nan", r"$\infty$"]
    assert r"\textbf{0.9844}" in text_of("latex")
    assert r"\begin{tabular}{rlrlrll}" in text_of("latex")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_latex(text: str) -> None:
    assert latex_rows(text_of("latex", of_name(text)))[1][0] == cell("name", text).strip()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-0.5, "$-0.5$"),
        (-math.inf, r"$-\infty$"),
        (-1e-7, r"$-1 \times 10^{-7}$"),
        (1e30, r"$1 \times 10^{30}$"),
    ],
)
def test_numbers_in_latex(value: float, written: str) -> None:
    document = Document("", [], {"t": Table({"x": [value]})})
    assert f"\n{written} \\\\" in text_of("latex", document)


def test_bold_numbers_in_latex_are_bold_in_formulas_too() -> None:
    document = Document("", [], {"t": Table({"x": [-0.5]})}, best={"t": {"x": [0]}})
    assert r"\textbf{\boldmath $-0.5$}" in text_of("latex", document)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    if (
        not shutil.which("kpsewhich")
        or not subprocess.run(
            ["kpsewhich", "booktabs.sty"], capture_output=True, check=False
        ).stdout
    ):
        pytest.skip("needs booktabs.sty")
    head = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
    (tmp_path / "t.tex").write_text(head + text_of("latex") + "\\end{document}\n")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


# Plain text


def test_plain_text() -> None:
    lines = text_of("table").splitlines()
    assert lines[0] == "all: data digits"
    assert lines[-1] == "a note with a | in it"
    assert "\\x1b[2J" in lines[3]
    assert all(line.isprintable() for line in lines)


def test_all_tables_of_a_document_are_written_where_the_form_holds_them() -> None:
    tables = {"groups": Table({"n": [3]}), "comparison": Table({"p": [0.25]})}
    document = Document("", [], tables, captions={"comparison": "differences"}, lead="comparison")
    assert json.loads(text_of("json", document)) == {
        "groups": [{"n": 3}],
        "comparison": [{"p": 0.25}],
        "notes": [],
    }
    assert text_of("csv", document) == "p\n0.25\n"
    assert text_of("table", document) == "n\n3\n\ndifferences\n   p\n0.25\n"
    assert text_of("md", document).count("| ---: |") == 2
    assert text_of("latex", document).count("\\begin{tabular}") == 2


def test_forms_by_name_and_by_ending() -> None:
    assert form_of(None, None) == "table"
    assert form_of(None, "a/b.TEX") == "latex"
    assert form_of("csv", "b.tex") == "csv"
    assert {form_of(None, f"a.{end}") for end in ("csv", "json", "jsonl", "parquet")} == set(DATA)
    with pytest.raises(UsageError, match=r"did you mean 'latex'"):
        form_of("latx", None)
    with pytest.raises(UsageError, match=r"expected one of \.txt, \.md"):
        form_of(None, "table.xlsx")


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows(form: str) -> None:
    document = Document("", [], {"runs": Table({"run": [], "name": []})})
    assert isinstance(write(document, form), str | bytes)
