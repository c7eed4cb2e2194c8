"""Which columns a list of runs shows, and how it looks at several widths."""

from __future__ import annotations

import io
import math

import pytest
from report_runs import a_summary
from rich.console import Console

from nncli.report.columns import fitting
from nncli.report.summaries import RunSummary
from nncli.report.table import run_table

RUNS = [
    a_summary(run=12, name="first", tags=("night",)),
    a_summary(run=11, status="diverged", epochs=3, last={"train_loss": math.nan}, best={}),
    a_summary(run=10, data="/very/long/folder/with/a/houses-of-the-north.csv"),
]


def titles(runs: list[RunSummary], width: int) -> list[str]:
    return [column.title for column, _ in fitting(runs, width)]


def shown(runs: list[RunSummary], width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(run_table(runs, width))
    return stream.getvalue()


def test_the_most_important_columns_stay() -> None:
    assert titles(RUNS, 40) == ["run", "status", "data", "val acc"]
    assert titles(RUNS, 80)[:5] == ["run", "status", "data", "act", "opt"]
    assert len(titles(RUNS, 160)) == 16
    assert titles(RUNS, 1) == ["run"]


def test_columns_without_values_are_left_out() -> None:
    assert "val rmse" not in titles(RUNS, 160)
    assert "name" not in titles(RUNS[1:], 160)
    regression = a_summary(best={"val_rmse": 3.2}, last={})
    assert "val rmse" in titles([regression], 160)


@pytest.mark.parametrize("width", [20, 40, 80, 160, 300])
def test_every_line_fits(width: int) -> None:
    lines = shown(RUNS, width).splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= width


def test_cells() -> None:
    rows = [line.split() for line in shown(RUNS, 160).splitlines()]
    first = dict(zip(titles(RUNS, 160), rows[1], strict=False))
    assert first["val acc"] == "0.9800"  # of the best epoch
    assert "3/30" in rows[2]
    assert "nan" in rows[2]
    assert "houses-of-the-north.csv" in rows[3]
    assert "house...th.csv" in shown(RUNS, 40)


def test_names_cannot_steer_the_terminal_or_the_markup() -> None:
    evil = a_summary(name="\x1b[31m[red]x", data="a\nb")
    text = shown([evil], 160)
    assert "\x1b" not in text
    assert "\\x1b[31m[red]x" in text
