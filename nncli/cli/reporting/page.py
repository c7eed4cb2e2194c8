"""``nncli report --html``: all that is asked for as one web page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.cli.output import print_note
from nncli.cli.reporting.claims import NO_CLAIMS, is_as_stored, of_their_sweeps, view_of
from nncli.cli.reporting.request import Request
from nncli.cli.reporting.runs import find_runs, metric_of, nothing_found
from nncli.cli.reporting.view import View
from nncli.metrics import CURVE_METRICS
from nncli.report.text import count, plural
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.judging.sources import Source
    from nncli.report.page import PageData, Section
    from nncli.store.finding import ReportStore

#: Runs on a page where no number is given: more make it slow to open.
MOST_RUNS = 1000

#: How the page draws a view.
KINDS = {
    "heat": "heat_map",
    "confusion": "confusion",
    "boundary": "boundary",
    "predicted": "points",
    "layers": "layers",
    "parallel": "parallel",
    "profile": "steps",
    "sensitivity": "lines",
}

#: What sections are called.
TITLES = {
    "confusion": "confusion matrix",
    "boundary": "decision boundary",
    "predicted": "predicted against true values",
    "parallel": "options and metric of each run",
}


def write_page(store: ReportStore, request: Request) -> int:
    """Write the page; return the exit code."""
    from nncli.cli.reporting.writing import write_file
    from nncli.report.page import page

    path = request.html
    assert path is not None
    sources: list[Source] = []
    if request.claims:
        request, sources = of_their_sweeps(store, request)
        if not sources:
            print_note(NO_CLAIMS.format(store.shown))
            return 0
    data = page_data(store, request, sources)
    if not len(data.runs) and not sources:
        print_note(nothing_found(store, request))
        return 0
    text = page(data)
    write_file(path, [text])
    size = count(len(text.encode()))
    print_note(f"wrote {path}: {plural(len(data.runs), 'run')}, {size} bytes")
    return 0


def page_data(store: ReportStore, request: Request, sources: Sequence[Source] = ()) -> PageData:
    """Return all that the page holds; ``sources`` are sweeps whose claims it shows."""
    from nncli.cli.reporting.runs import query_of
    from nncli.cli.reporting.views import make_view
    from nncli.experimenting.pages import experiments_of
    from nncli.report.page import PageData
    from nncli.report.page.fields import page_fields
    from nncli.store.clock import utc_now, utc_text

    metric = metric_of(store, request)
    measured = store.measured(query_of(request, ("run",), MOST_RUNS))
    fields = tuple(dict.fromkeys((*page_fields(measured), *request.by, metric.label)))
    found = find_runs(store, request, fields, metric, MOST_RUNS)
    runs = found.table
    filled = [n for n in runs.names if n == "run" or any(v is not None for v in runs[n])]
    names = [name for name in CURVE_METRICS if name in measured and not name.endswith("_error")]
    notes = []
    if len(runs) < found.total:
        notes.append(f"{len(runs):,} of {found.total:,} runs; --limit N or all puts more here")
    tables: dict[str, Table] = {}
    remarks: dict[str, tuple[str, ...]] = {}
    said: set[str] = set()
    sections: list[Section] = []
    for name in request.views if len(runs) else ():
        if name in ("curves", "claims"):
            continue  # which the page has in any case, or beside its sections
        view = make_view(name, store, replace(request, form="json"))
        notes += [view.nothing] if view.nothing else []
        if name in ("groups", "comparison"):
            tables |= view.tables
            remarks[name] = tuple(note for note in view.notes if note not in said)
            said |= set(view.notes)
        elif not view.nothing:
            sections.append(_section(name, view))
    whole = [each.sweep.id for each in sources if is_as_stored(each)]
    if others := [each for each in sources if each.sweep.id not in whole]:
        sections.append(_section("claims", view_of(others, store)))
    return PageData(
        title=f"nncli report: {Path(store.shown).name}",
        database=store.shown,
        runs=runs.pick(filled),
        curves=store.curves_of(list(runs["run"]), names),
        groups=tables.get("groups"),
        comparison=tables.get("comparison"),
        sections=tuple(sections),
        created=utc_text(utc_now()),
        notes=tuple(notes),
        remarks=remarks,
        metric=metric.label,
        experiments=experiments_of(store, whole if sources else _sweeps(runs)),
    )


def _sweeps(runs: Table) -> list[int]:
    """Return the sweeps that some runs are of, each once."""
    return [each for each in dict.fromkeys(runs["sweep"]) if each is not None]


def _section(name: str, view: View) -> Section:
    """Return a view as a section."""
    from nncli.report.page import Section

    tables = {view.captions.get(key, key): table for key, table in view.tables.items()}
    about = view.about
    if name == "heat":
        title = f"{about['metric']} by {about['x']} and {about['y']}"
    elif "run" in about:
        title = f"{TITLES.get(name, name)} of run {about['run']}"
    else:
        title = view.title or TITLES.get(name, name)
    return Section(title, tuple(view.notes), tables, KINDS.get(name, "table"))
