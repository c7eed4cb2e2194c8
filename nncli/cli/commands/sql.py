"""``nncli sql``: a query in SQL, which can read everything in the database and change nothing."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncli.cli.completion import complete_choice
from nncli.cli.help import Command, examples, terminal_width
from nncli.cli.output import PIPE_WIDTH, print_note
from nncli.cli.shared_options import database_option, json_option
from nncli.environment import database_name
from nncli.errors import UsageError, unknown_choice
from nncli.report.text import shortened, visible

if TYPE_CHECKING:
    from nncli.store.finding import PlainSql

app = typer.Typer(add_completion=False, rich_markup_mode=None)

FORMATS = ("table", "csv", "json")

#: Rows that a table's columns are fitted to; of more, the others are shown in the same columns.
MEASURED = 1000
GAP = "  "
#: Characters below which no column of a table is cut.
NARROWEST = 8

EXAMPLES = examples(
    'nncli sql "select id, act, opt, lr, best_val_accuracy from runs_flat order by 5 desc limit 5"',
    'nncli sql "select opt, avg(best_val_loss) from runs_flat group by opt" --format csv',
    "nncli sql - < query.sql",
)


class QueryCommand(Command):
    """A command for which ``-- best runs`` begins a query, as a comment does, and is no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the options, and take a word that begins with a comment of SQL for the query."""
        if "--" not in args:
            known = {name for each in self.get_params(ctx) for name in each.opts}
            queries = [word for word in args if _is_comment(word, known)]
            if queries:
                args = [*(word for word in args if word not in queries), "--", *queries]
        return super().parse_args(ctx, args)


def _is_comment(word: str, options: Collection[str]) -> bool:
    """Say whether a word with blanks begins with ``--`` and is no ``--option=VALUE``."""
    blank = re.search(r"\s", word) is not None
    return word.startswith("--") and blank and word.partition("=")[0] not in options


@app.command(cls=QueryCommand, epilog=EXAMPLES)
def sql(
    query: Annotated[
        str,
        typer.Argument(
            help="a query in SQL, or - to read it from standard input",
            metavar="QUERY",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"{', '.join(FORMATS)} [default: table]",
            metavar="FORMAT",
            autocompletion=complete_choice(lambda: FORMATS),
            show_default=False,
        ),
    ] = "table",
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Query the database in SQL, read-only.

    The views runs_flat, curves, layers and sweep_trials are made for this; docs/sql.md describes
    their columns. A table shows NULL, and numbers with six digits; csv and json have all digits,
    and for NULL nothing and null. A statement that would write is refused by the database itself.
    """
    from nncli.store.finding import PlainSql

    if format_ not in FORMATS:
        raise unknown_choice("format", format_, FORMATS)
    if as_json and format_ not in ("table", "json"):
        raise UsageError(f"--json and --format {format_}: expected one of the two")
    statement = _piped() if query == "-" else query
    with PlainSql(database_name(db)) as database:
        _answer(database, statement, "json" if as_json else format_)


def _piped() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise UsageError(
            "standard input has bytes that are not UTF-8: expected a query in UTF-8"
        ) from None


def _answer(database: PlainSql, statement: str, wanted: str) -> None:
    with database.ask(statement) as answer:
        if not answer.columns:
            print_note("the statement has no rows to show")
        elif wanted == "csv":
            _write_csv(answer.columns, answer.rows)
        elif wanted == "json":
            _write_json(answer.columns, answer.rows)
        else:
            _write_table(answer.columns, answer.rows)


def _write_csv(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write a header and rows; to a terminal without what would steer it."""
    shown = visible if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([shown(name) for name in columns])
    for row in rows:
        cells = map(_plain, row)
        writer.writerow([shown(cell) if isinstance(cell, str) else cell for cell in cells])


def _write_json(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write one object, a row at a time; of columns of one name, the later ones are numbered."""
    names: list[str] = []
    for column in columns:
        numbers = chain([""], (f"_{number}" for number in range(2, len(columns) + 2)))
        names.append(next(column + each for each in numbers if column + each not in names))
    sys.stdout.write(f'{{"columns": {_json(names)}, "rows": [')
    for position, row in enumerate(rows):
        sys.stdout.write(", " if position else "")
        sys.stdout.write(_json(dict(zip(names, map(_finite, row), strict=True))))
    sys.stdout.write("]}\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else _plain(value)


def _plain(value: Any) -> Any:
    """Return a value as text formats take it: what is stored as bytes by its size."""
    if isinstance(value, bytes | memoryview):
        return f"<{len(value)} bytes>"
    return value


def _write_table(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write rows in columns that fit the width, or each as a list where they do not."""
    width = terminal_width()
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        width = PIPE_WIDTH
    names = [_line(name) for name in columns]
    first = list(islice(rows, MEASURED))
    right = [_is_numeric(cells) for cells in zip(*first, strict=True)] or [False] * len(names)
    texts = [[_cell(value) for value in row] for row in first]
    widths = _fitted([max(map(_width, cells)) for cells in zip(names, *texts, strict=True)], width)
    lines = chain(texts, ([_cell(value) for value in row] for row in rows))
    if not first:
        print_note("no rows")
    if widths is None:
        _write_lists(names, lines, width)
        return
    for line in chain([names], lines):
        cells = zip(line, widths, right, strict=True)
        sys.stdout.write(GAP.join(_set(*cell) for cell in cells).rstrip() + "\n")


def _write_lists(names: Sequence[str], rows: Iterator[Sequence[str]], width: int) -> None:
    """Write each row as lines of a name and a value."""
    room = min(max(map(_width, names)), max(width // 2, NARROWEST))
    for number, row in enumerate(rows, 1):
        sys.stdout.write(f"row {number}\n" if number == 1 else f"\nrow {number}\n")
        for name, text in zip(names, row, strict=True):
            value = _set(text, max(width - room - len(GAP), 1), False)
            sys.stdout.write(f"{_set(name, room, False)}{GAP}{value}".rstrip() + "\n")


def _fitted(widths: list[int], width: int) -> list[int] | None:
    """Return widths of columns that fit together, the widest cut first; None if none do."""
    found = list(widths)
    room = width - len(GAP) * (len(found) - 1)
    while sum(found) > room:
        widest = max(range(len(found)), key=found.__getitem__)
        if found[widest] <= NARROWEST:
            return None
        found[widest] -= 1
    return found


def _is_numeric(cells: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, int | float) for value in cells)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.6g}"
    return _line(str(_plain(value)))


def _line(text: str) -> str:
    """Return a text in one line, without what would steer the terminal."""
    return visible(text).replace("\n", "\\n")


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _set(text: str, width: int, right: bool) -> str:
    """Return a text in exactly ``width`` columns."""
    if text.isascii():
        return shortened(text, width).rjust(width) if right else shortened(text, width).ljust(width)
    from rich.cells import cell_len, set_cell_size

    fits = cell_len(text) <= width
    return set_cell_size(text if fits else set_cell_size(text, width - 3) + "...", width)
