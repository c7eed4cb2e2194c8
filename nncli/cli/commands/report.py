"""``nncli report``: the latest runs as a table, or one run with its curve."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nncli.cli.help import Command, examples
from nncli.cli.output import can_draw, console, is_colored, print_json, print_note
from nncli.cli.shared_options import (
    database_name,
    database_option,
    json_option,
    run_argument,
)
from nncli.errors import UsageError
from nncli.options import whole

if TYPE_CHECKING:
    from nncli.report.summaries import RunDetail, RunSummary

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "nncli report",
    "nncli report --limit 100 --json",
    "nncli report 12",
    "nncli report last --db night.db",
)


@app.command(cls=Command, epilog=EXAMPLES)
def report(
    run: Annotated[str | None, run_argument()] = None,
    limit: Annotated[
        str,
        typer.Option(help="the most runs to list [default: 20]", metavar="N", show_default=False),
    ] = "20",
    db: Annotated[str | None, database_option()] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """List the latest runs, or show one with its curve.

    Without RUN the latest runs are listed, newest first, with the columns that the terminal has
    room for; metrics are those of the best epoch. With RUN, that run is shown in full.
    """
    from nncli.report.read import latest_runs, one_run
    from nncli.store import RunStore

    try:
        most = whole(1)(limit)
    except ValueError as error:
        raise UsageError(f"--limit is {limit!r}: {error}") from None
    with RunStore(database_name(db)) as store:
        if run is not None:
            _show(one_run(store, run), as_json=as_json)
        else:
            _list(latest_runs(store, most), store.shown, as_json=as_json)


def _list(runs: list[RunSummary], database: str, *, as_json: bool) -> None:
    from nncli.report.records import run_record
    from nncli.report.table import run_table

    if as_json:
        print_json({"runs": [run_record(run) for run in runs]})
    elif not runs:
        print_note(f"{database} has no runs yet: nncli train")
    else:
        screen = console()
        screen.print(run_table(runs, screen.width))


def _show(detail: RunDetail, *, as_json: bool) -> None:
    from nncli.report.detail import detail_lines
    from nncli.report.records import detail_record

    if as_json:
        print_json(detail_record(detail))
        return
    colored = is_colored(sys.stdout)
    width = console().width
    for line in detail_lines(detail, width, colored=colored, unicode=can_draw(sys.stdout)):
        sys.stdout.write(line + "\n")
