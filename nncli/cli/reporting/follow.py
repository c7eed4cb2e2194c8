"""``nncli report --follow``: running and latest runs, drawn anew in a terminal, else line by line.

It goes on until Ctrl-C, which is how it ends: quietly, with the exit code 130. Each look is a short
read, so that whoever writes never waits for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nncli.cli.output import can_redraw, console, is_colored, print_note
from nncli.cli.reporting.request import LISTED, Request
from nncli.cli.reporting.runs import metric_of, query_of
from nncli.metrics import Metric
from nncli.report.cells import cell
from nncli.report.text import plural
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

#: Seconds between two looks.
PAUSE = 1.0

#: Runs that are asked for by one condition.
AT_ONCE = 100

#: Lines of a terminal that are no runs: title, what is common, a heading of two, the shell's own.
OTHER_LINES = 6

#: What is told of a run, beside the metric, when it changes.
TOLD = ("run", "name", "status", "epochs", "epochs_planned", "train_loss:last", "val_loss:last")

#: What is called for every look; in tests it ends the loop.
Wait = Callable[[float], None]


def follow(request: Request, wait: Wait = time.sleep) -> int:
    """Show runs as they go on; return the exit code."""
    from nncli.store.finding import ReportStore

    live = request.form == "table" and not request.columns and can_redraw(sys.stdout)
    with ReportStore(request.database) as store:
        try:
            _await_database(store, request, wait)
            (_redraw if live else _tell)(store, request, wait)
        except KeyboardInterrupt:
            return 130
    return 0


def _await_database(store: ReportStore, request: Request, wait: Wait) -> None:
    """Wait until there is a database, which the first run makes."""
    from nncli.store.failures import MissingDatabase

    said = False
    while True:
        try:
            store.find(query_of(request, ("run",), 1))
            return
        except MissingDatabase:
            if not said:
                print_note(f"no database at {store.shown} yet: waiting for one (Ctrl-C ends)")
            said = True
        wait(PAUSE)


def _redraw(store: ReportStore, request: Request, wait: Wait) -> None:
    """Draw a table in place, again and again."""
    from rich.live import Live
    from rich.text import Text

    screen = console()
    with Live(console=screen, auto_refresh=False, redirect_stdout=False) as live:
        while True:
            room = max(1, screen.height - OTHER_LINES)
            lines = list(picture(store, request, screen.width, room))
            live.update(Text.from_ansi("\n".join(lines)), refresh=True)
            wait(PAUSE)


def picture(store: ReportStore, request: Request, width: int, room: int) -> Iterator[str]:
    """Yield the lines of the table as it is now: running runs first, then the latest."""
    from nncli.report.columns import choose, wanted
    from nncli.report.formats.document import Document
    from nncli.report.formats.terminal import lines
    from nncli.report.grid import FILLER, Style

    most = min(room, request.limit or LISTED)
    metric = metric_of(store, request, most)
    fields = wanted(metric)
    running = store.find(replace(query_of(request, fields, most), statuses=("running",)))
    latest = store.find(query_of(request, fields, most))
    table = _both(running.table, latest.table, most)
    title = f"{time.strftime('%H:%M:%S')}  {plural(latest.total, 'run')}, {running.total} running"
    if not len(table):
        yield f"{title}: waiting for one (Ctrl-C ends)"
        return
    chosen = choose(table, metric, extras=True)
    ranks = {name: rank + FILLER for name, rank in chosen.ranks.items() if rank}
    ranks |= dict.fromkeys(("status", "epochs"), 0)
    document = Document("", (), {"runs": chosen.table}, ranks={"runs": ranks})
    yield title
    if chosen.common:
        yield f"all: {chosen.common}"[:width]
    yield from lines(document, Style(width, is_colored(sys.stdout), sys.stdout.encoding))


def _both(first: Table, second: Table, most: int) -> Table:
    """Return the rows of two tables, each run once."""
    rows = {row[0]: row for table in (first, second) for row in table.pick(first.names).rows()}
    return Table.of_rows(first.names, list(rows.values())[:most])


def _tell(store: ReportStore, request: Request, wait: Wait) -> None:
    """Write a line for each run and each change of one, as they come."""
    known: dict[int, tuple[Any, ...]] = {}
    newest = 0
    while True:
        metric = metric_of(store, request, LISTED)
        fields = request.columns or (*TOLD, metric.label)
        asked = tuple(dict.fromkeys(("run", "status", "epochs", *fields)))
        for row in _changed(store, request, asked, known, newest):
            newest = max(newest, row["run"])
            sys.stdout.write(_line(row, fields, metric, request.form) + "\n")
        sys.stdout.flush()
        wait(PAUSE)


def _changed(
    store: ReportStore,
    request: Request,
    fields: Sequence[str],
    known: dict[int, tuple[Any, ...]],
    newest: int,
) -> list[dict[str, Any]]:
    """Return the runs that are new or have changed, the oldest first; remember those that go on.

    The first look shows the latest runs. Later ones miss none, however many come and go at once.
    """
    from nncli.store.finding.query import Query

    if newest:
        later = f"run > {newest}"
        where = f"({request.where}) and {later}" if request.where else later
        question = replace(query_of(request, fields), where=where, sort="run", limit=None)
    else:
        question = query_of(request, fields, LISTED)
    found = list(store.find(question).table.records())
    if known:  # statuses are not asked for: one that was running may have ended
        again: list[dict[str, Any]] = []
        for some in _batches(list(known)):
            ids = ", ".join(map(str, some))
            again += store.find(Query(tuple(fields), where=f"run in ({ids})")).table.records()
        for gone in known.keys() - {row["run"] for row in again}:
            del known[gone]  # deleted meanwhile
        found += again
    changed = []
    for row in sorted(found, key=lambda row: int(row["run"])):
        state = (row["status"], row["epochs"])
        if known.get(row["run"]) != state:
            changed.append(row)
        if row["status"] == "running":
            known[row["run"]] = state
        else:
            known.pop(row["run"], None)
    return changed


def _batches(runs: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(runs), AT_ONCE):
        yield runs[start : start + AT_ONCE]


def _line(row: dict[str, Any], fields: Sequence[str], metric: Metric, form: str) -> str:
    if form == "jsonl":
        from nncli.report.formats.json_text import line_of, record

        return line_of(record({name: row[name] for name in fields}))
    if "epochs_planned" not in fields:
        return "  ".join(cell(name, row[name]) for name in fields)
    epochs = f"{row['epochs']}/{row['epochs_planned'] or '?'}"
    named = f" ({cell('name', row['name'])})" if row["name"] else ""
    values = [
        f"{name} {cell(name, row[name])}"
        for name in dict.fromkeys((metric.label, "train_loss:last", "val_loss:last"))
        if row[name] is not None
    ]
    return "  ".join([f"run {row['run']}{named}", row["status"], f"{epochs} epochs", *values])
