"""The list of experiments: a row each, whose name is whole, so that it can be run as it stands."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from nncli.cli.experiment_prose import terminal_width
from nncli.cli.output import is_colored
from nncli.report.cells import cell
from nncli.report.grid import BOLD, GAP, Column, Style, grid, width_of

#: Columns that go, first ones first, until titles have this room, which are then broken into lines.
GIVEN_UP = ("ids", "long", "quick", "runs", "here")
ROOM = 24

PUBLISHED = "published results (NAME, or published/NAME):"


def list_records(db: str | None) -> list[dict[str, Any]]:
    """Return what ``nncli experiment list`` says of each experiment."""
    from nncli.experimenting.catalogue import experiments
    from nncli.experimenting.here import run_here, runs_of

    shipped = experiments()
    here = run_here(shipped.values(), db)
    return [
        {
            "name": name,
            "ids": list(each.about.ids),
            "title": each.about.title,
            "runs": runs_of(each),
            "quick_runs": runs_of(each, quick=True) if each.has_quick else None,
            "long": each.is_long,
            "here": list(here.get(name, ())),
        }
        for name, each in shipped.items()
    ]


def list_lines(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the list of the experiments, those of published results under a heading of theirs."""
    width = terminal_width()
    first, *rows = _without_titles(records, width)
    indent = max(map(width_of, (first, *rows))) + GAP
    heading = f"{first.ljust(indent)}title"
    yield f"\x1b[{BOLD}m{heading}\x1b[0m" if is_colored(sys.stdout) else heading
    before = ""
    for record, row in zip(records, rows, strict=True):
        folder = record["name"].rpartition("/")[0]
        if folder != before:
            yield from ("", PUBLISHED)
        before = folder
        text, room = cell("title", record["title"]), max(width - indent, ROOM // 2)
        title = textwrap.wrap(text, room, break_on_hyphens=False)
        yield from (start + part for start, part in _beside(row, title, indent))
    yield from ("", "run one: nncli experiment run NAME")
    yield "run all: nncli experiment run all [--quick] [--long]"


def _without_titles(records: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Return the heading and the rows, but for titles, in columns that leave room for these."""

    def texts(name: str) -> list[str]:
        return [cell(name, each[name]) for each in records]

    names = [each["name"].rpartition("/")[2] for each in records]
    columns = [
        Column("name", names, False),
        Column("runs", texts("runs"), True),
        Column("quick", texts("quick_runs"), True),
        Column("long", ["long" if each["long"] else "" for each in records], False),
        Column("here", texts("here"), False),
        Column("ids", texts("ids"), False),
    ]
    lines: list[str] = []
    for gone in range(len(GIVEN_UP) + 1):
        shown = [each for each in columns if each.name not in GIVEN_UP[:gone]]
        lines, _ = grid(shown, Style(encoding=sys.stdout.encoding or "utf-8"))
        if width - max(map(width_of, lines)) - GAP >= ROOM:
            break
    return lines


def _beside(row: str, title: Sequence[str], indent: int) -> Iterator[tuple[str, str]]:
    """Yield the parts of a title, and what stands before each in its line."""
    for number, part in enumerate(title):
        start = row if number == 0 else ""
        yield start + " " * (indent - width_of(start)), part
