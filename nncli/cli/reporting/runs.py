"""The view of ``nncli report`` that lists runs, and the questions that all views ask the store."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.cli.reporting.request import LISTED, Request
from nncli.cli.reporting.view import View, best_places
from nncli.metrics import Metric, read_metric, usual_metric
from nncli.report.formats import DATA
from nncli.report.text import plural
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.finding import Found, Query, ReportStore


def query_of(request: Request, fields: Sequence[str], most: int | None = None) -> Query:
    """Return the question for the runs that the options select, in the order they ask for.

    ``most`` is the number of runs where none is given.
    """
    from nncli.store.finding import Query

    limit = request.limit if request.limit is not None or request.every else most
    return Query(
        fields=tuple(fields),
        runs=request.runs,
        where=request.where,
        since=request.since,
        statuses=request.status,
        sort=request.sort,
        limit=limit,
        of_sweeps=request.of_sweeps,
    )


def metric_of(store: ReportStore, request: Request, most: int | None = None) -> Metric:
    """Return the metric that is asked for, else the usual one of what the runs have."""
    if request.metric is not None:
        return read_metric(request.metric)
    return usual_metric(store.measured(query_of(request, ("run",), most)))


def find_runs(
    store: ReportStore, request: Request, fields: Sequence[str], metric: Metric, most: int | None
) -> Found:
    """Return the fields of the runs that are asked for; with ``--best`` the best ones."""
    question = query_of(request, fields, most)
    if request.best is None:
        return store.find(question)
    direction = "-" if metric.larger_is_better else ""
    sort = direction + metric.label
    return store.find(replace(question, sort=sort, limit=request.best))


def runs_view(store: ReportStore, request: Request) -> View:
    """Return the list of runs."""
    for_people = request.form not in DATA
    most = LISTED if for_people and not request.runs else None
    metric = metric_of(store, request, request.best or most)
    if request.columns:
        return _asked_columns(store, request, metric, most)
    return (_for_people if for_people else _for_programs)(store, request, metric, most)


def _asked_columns(store: ReportStore, request: Request, metric: Metric, most: int | None) -> View:
    found = find_runs(store, request, request.columns, metric, most)
    table = found.table.pick(request.columns)
    shown = [name for name in (metric.label,) if name in table.names]
    return View(
        {"runs": table},
        notes=_cut(found, request),
        best={"runs": best_places(table, metric, shown)},
        about={"total": found.total, "metric": metric.label},
        nothing=nothing_found(store, request) if not found.total else "",
    )


def _for_programs(store: ReportStore, request: Request, metric: Metric, most: int | None) -> View:
    from nncli.report.records import run_fields, run_records

    fields = tuple(dict.fromkeys((*run_fields(), metric.label)))
    found = find_runs(store, request, fields, metric, most)
    table = found.table
    filled = [name for name in table.names if any(v is not None for v in table[name])]
    return View(
        {"runs": table.pick(filled or ["run"])},
        notes=_cut(found, request),
        records={"runs": lambda: run_records(table)},
        about={"total": found.total, "metric": metric.label},
        nothing=nothing_found(store, request) if not found.total else "",
    )


def _for_people(store: ReportStore, request: Request, metric: Metric, most: int | None) -> View:
    from nncli.report.columns import choose, wanted

    found = find_runs(store, request, wanted(metric), metric, most)
    if not found.total:
        return no_view("runs", store, request)
    chosen = choose(found.table, metric, extras=request.form == "table")
    return View(
        {"runs": chosen.table},
        title=f"all: {chosen.common}" if chosen.common else "",
        notes=[*_cut(found, request), *_lacking(found.table, metric, request)],
        best={"runs": best_places(chosen.table, metric, [metric.label])},
        ranks={"runs": chosen.ranks},
        about={"total": found.total, "metric": metric.label},
    )


def _lacking(table: Table, metric: Metric, request: Request) -> list[str]:
    """Say so where no run has the metric that was asked for."""
    if request.metric is None or any(v is not None for v in table.columns.get(metric.label, [0])):
        return []
    return [f"none of these runs has {metric.name}"]


def _cut(found: Found, request: Request) -> list[str]:
    shown = len(found.table)
    if shown >= found.total:
        return []
    if request.best is not None:
        return [f"the {shown} best of {found.total:,} runs"]
    return [f"{shown:,} of {found.total:,} runs; --limit N or --limit all shows more"]


def no_view(name: str, store: ReportStore, request: Request) -> View:
    """Return the view of no runs, which says why there are none."""
    return View({name: Table({})}, nothing=nothing_found(store, request))


def nothing_found(store: ReportStore, request: Request) -> str:
    """Say why no run was found: which option leaves how many."""
    from nncli.store.finding import Query

    total = store.find(Query(fields=("run",), limit=1)).total
    if not total:
        return f"{store.shown} has no runs yet: nncli train"
    parts = {
        " ".join(map(shlex.quote, request.runs)): Request(runs=request.runs),
        f"--where {shlex.quote(request.where or '')}": Request(where=request.where),
        f"--since {request.since}": Request(since=request.since),
        f"--status {','.join(request.status)}": Request(status=request.status),
    }
    given = {text: part for text, part in parts.items() if part != Request()}
    counts = {t: store.find(query_of(p, ("run",), 1)).total for t, p in given.items()}
    each = ", ".join(f"{text} matches {count:,}" for text, count in counts.items())
    alone = f" ({each})" if len(counts) > 1 else ""
    return f"none of the {plural(total, 'run')} in {store.shown} matches {' '.join(given)}{alone}"
