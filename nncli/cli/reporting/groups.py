"""The views of ``nncli report`` that compare: groups over seeds, with a reference, two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.reporting.request import Request
from nncli.cli.reporting.runs import find_runs, metric_of, no_view
from nncli.cli.reporting.view import Figure, View, best_places
from nncli.errors import UsageError, unknown_choice
from nncli.metrics import Metric
from nncli.report.cells import cell
from nncli.report.formats import DATA
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

#: Columns of groups that hold values of the metric, and those whose best value is marked.
OF_METRIC = ("mean", "std", "ci_low", "ci_high", "median", "best", "difference")
MARKED = ("mean", "median", "best")

#: Columns that go where there is no room, the highest first.
GROUP_RANKS = {"ci_low": 1, "ci_high": 1, "std": 2, "median": 3, "best": 4}
COMPARISON_RANKS = {
    **{"difference": 1, "p_holm": 2, "pairs": 3, "ci_low": 4, "ci_high": 4},
    **{"p": 5, "effect": 6, "test": 7},
}


def groups_view(store: ReportStore, request: Request) -> View:
    """Return a row a group: ``--by``."""
    metric = metric_of(store, request.of_all)
    runs = runs_of_groups(store, request, metric)
    if not len(runs):
        return no_view("groups", store, request)
    return _groups(runs, request, metric)


def _groups(runs: Table, request: Request, metric: Metric) -> View:
    from nncli.report.compare.groups import group_runs

    compared = group_runs(runs, request.by, metric)
    table, notes = _chosen(compared.table, request, metric)
    return View(
        {"groups": table},
        title=_title(metric, request),
        notes=(*notes, *compared.notes),
        measures=dict.fromkeys(OF_METRIC, metric.name),
        best={"groups": best_places(table, metric, MARKED)},
        ranks={"groups": GROUP_RANKS},
        about={"metric": metric.label, "by": list(request.by)},
        figure=Figure("groups", (table, request.by, metric.label)),
    )


def runs_of_groups(
    store: ReportStore, request: Request, metric: Metric, more: tuple[str, ...] = ()
) -> Table:
    """Return all runs with what groups are made of, whatever limit the groups have."""
    fields = tuple(dict.fromkeys((*request.by, metric.label, "status", "seed", "task", *more)))
    return find_runs(store, request.of_all, fields, metric, None).table


def _title(metric: Metric, request: Request) -> str:
    return f"{metric.label} by {', '.join(request.by)}, with 95% intervals of the mean"


def _chosen(table: Table, request: Request, metric: Metric) -> tuple[Table, list[str]]:
    """Return the groups in the order and number that are asked for."""
    places = list(range(len(table)))
    name, descending = "", False
    if request.best is not None:
        name, descending = "mean", metric.larger_is_better
    elif request.sort is not None:
        name = request.sort.removeprefix("-").removesuffix(":desc")
        descending = name != request.sort
        if name not in table.names:
            raise unknown_choice("column of groups to sort by", name, table.names)
    if name:
        values = table[name]
        known = [place for place in places if values[place] is not None]
        known.sort(key=lambda place: _sortable(values[place]), reverse=descending)
        places = known + [place for place in places if values[place] is None]
    most = request.best if request.best is not None else request.limit
    if most is None or most >= len(places):
        return (table.take(places) if name else table), []
    return table.take(places[:most]), [f"{most} of {len(places)} groups"]


def _sortable(value: object) -> tuple[int, object]:
    return (1, value) if isinstance(value, str) else (0, value)


def comparison_view(store: ReportStore, request: Request) -> View:
    """Return each group against one of them, paired by seed: ``--vs``."""
    reference = request.vs
    assert reference is not None
    if not isinstance(reference, str) and set(reference) - set(request.by):
        strange = next(name for name in reference if name not in request.by)
        raise UsageError(
            f"--vs names {strange}, which is no field of --by {','.join(request.by)}: expected "
            "values of those fields; add it to --by"
        )
    from nncli.report.compare.versus import compare_groups

    metric = metric_of(store, request.of_all)
    runs = runs_of_groups(store, request, metric, ("data",))
    if not len(runs):
        return no_view("comparison", store, request)
    groups = _groups(runs, request, metric)
    compared = compare_groups(runs, request.by, reference, metric)
    return View(
        {**groups.tables, "comparison": compared.table},
        title=groups.title,
        notes=tuple(dict.fromkeys((*groups.notes, *compared.notes))),
        captions={"comparison": f"difference of {metric.label} from the reference, pair by pair"},
        measures=dict.fromkeys(OF_METRIC, metric.name),
        best=groups.best,
        ranks={**groups.ranks, "comparison": COMPARISON_RANKS},
        about=groups.about,
        lead="comparison",
        figure=groups.figure,
    )


def diff_view(store: ReportStore, request: Request) -> View:
    """Return what differs between two runs: ``--diff``."""
    assert request.diff is not None
    from nncli.report.compare.diff import diff_runs
    from nncli.report.read import one_run

    a, b = (one_run(store, reference) for reference in request.diff)
    compared = diff_runs(a, b)
    table = compared.table
    ids = (a.summary.run, b.summary.run)
    if request.form not in DATA:
        table = _as_words(table, ids)
    return View(
        {"diff": table},
        title=f"run {ids[0]} and run {ids[1]}: {'what differs' if len(table) else 'no difference'}",
        notes=compared.notes,
        ranks={"diff": {"part": 2, "change": 1}},
        about={"runs": list(ids)},
    )


def _as_words(table: Table, ids: tuple[int, int]) -> Table:
    """Return differences with each value written as its field is."""

    def written(column: str) -> list[str]:
        rows = zip(table["field"], table[column], strict=True)
        return ["" if value is None else cell(name, value) for name, value in rows]

    texts = {name: table[name] for name in ("part", "field")}
    texts |= {f"run {ids[0]}": written("a"), f"run {ids[1]}": written("b")}
    if any(value is not None for value in table["change"]):
        texts["change"] = written("change")
    return Table(texts)
