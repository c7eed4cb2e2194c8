"""Options that select stored runs, and the question before something is done to them for good."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from nncli.cli.output import can_redraw
from nncli.errors import UsageError
from nncli.report.text import shortened, visible

if TYPE_CHECKING:
    from nncli.tables import Table

#: Runs that a question names; the others are counted.
NAMED = 3

#: Seconds between two counts of what is done.
EVERY = 0.2

#: What is asked of runs so that they can be named.
NAMING = ("run", "name", "status", "data", "act", "opt", "lr", "seed")


def runs_argument(default: str = "") -> Any:
    """Return the argument that names any number of runs."""
    shown = "ids, ranges (15-20), uuid prefixes, names, @tag, sweep:3 or last"
    return typer.Argument(help=f"{shown}{default}", metavar="[RUNS]...", show_default=False)


def where_option() -> Any:
    """Return the option ``--where``."""
    return typer.Option(
        help="only runs for which this holds, such as 'act=relu and val_accuracy<0.9'",
        metavar="CONDITION",
    )


def since_option() -> Any:
    """Return the option ``--since``."""
    return typer.Option(help="only runs since then, such as 2d, 12h or a date", metavar="WHEN")


def status_option() -> Any:
    """Return the option ``--status``, which may be repeated."""
    return typer.Option(help="only runs of this status; may be repeated", metavar="STATUS")


def yes_option() -> Any:
    """Return the flag ``--yes``."""
    return typer.Option("--yes", "-y", help="do not ask")


def dry_run_option() -> Any:
    """Return the flag ``--dry-run``."""
    return typer.Option("--dry-run", help="show what would be done, and do nothing")


def select_runs(
    database: str,
    fields: Sequence[str],
    runs: Sequence[str],
    where: str | None = None,
    since: str | None = None,
    status: Sequence[str] = (),
    *,
    only_trained: bool = True,
) -> Table:
    """Return fields of the runs that are meant, the oldest first; all runs if nothing is said.

    ``sweep:3`` means the runs that it has trained itself, so that nobody deletes those of other
    sweeps with it; without ``only_trained`` it means all that it uses.
    """
    from nncli.store.finding import Query, ReportStore

    query = Query(
        fields=tuple(fields),
        runs=tuple(runs),
        where=where,
        since=since,
        statuses=tuple(status),
        sort="run",
        only_trained=only_trained,
    )
    with ReportStore(database) as store:
        return store.find(query).table


def named_lines(table: Table, width: int) -> list[str]:
    """Return the first few runs of a table, a line each, and how many more there are."""
    lines = []
    for row in table.take(range(min(NAMED, len(table)))).records():
        words = [f"run {row['run']}", *(str(row[each]) for each in NAMING[1:6] if row[each])]
        words += [f"{each} {row[each]:g}" for each in ("lr",) if row[each] is not None]
        words.append(f"seed {row['seed']}")
        lines.append(shortened(visible("  " + "  ".join(words)), width))
    if len(table) > NAMED:
        lines.append(f"  and {len(table) - NAMED:,} more")
    return lines


def counting(what: str) -> Callable[[int, int], None]:
    """Return what shows in a terminal, in one line, how many runs of how many are done."""
    shown = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal shown
        if not can_redraw(sys.stderr) or (done < total and time.monotonic() < shown + EVERY):
            return
        shown = time.monotonic()
        text = f"{what} {done:,} of {total:,} runs" if done < total else ""
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return tell


def is_confirmed(question: str, *, yes: bool, as_json: bool) -> bool:
    """Ask a person; ``yes`` is the answer that was given before.

    Raises UsageError where nobody can be asked.
    """
    if yes:
        return True
    if as_json or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError(
            f"nobody can be asked here: {question} expected a terminal, or the answer with the "
            "command, --yes; --dry-run shows what would be done"
        )
    sys.stderr.write(f"{visible(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
