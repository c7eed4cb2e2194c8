"""The views of ``nncli report`` over options: a heat map of two, parallel coordinates of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.cli.reporting.request import Request
from nncli.cli.reporting.runs import find_runs, metric_of, no_view
from nncli.cli.reporting.view import Canvas, Figure, View
from nncli.errors import UsageError
from nncli.report.formats import DATA

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore


def heat_view(store: ReportStore, request: Request) -> View:
    """Return the metric over two options: ``--heat``."""
    assert request.heat is not None
    x, y = request.heat
    metric = metric_of(store, request)
    fields = tuple(dict.fromkeys((x, y, metric.label, "status", "seed", "run")))
    found = find_runs(store, request, fields, metric, None)
    if not found.total:
        return no_view("heat", store, request)
    table = found.table

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.heat import heat_map

        return heat_map(
            table,
            x,
            y,
            metric.label,
            width=canvas.width,
            colored=canvas.colored,
            unicode=canvas.unicode,
        )

    about = {"metric": metric.label, "x": x, "y": y}
    if request.form in DATA:
        from nncli.report.compare.groups import group_runs

        compared = group_runs(table, (y, x), metric)
        return View({"heat": compared.table}, notes=compared.notes, about=about)
    figure = Figure("heat", (table, x, y, metric.label))
    return View({"heat": table}, about=about, draw=draw, drawn=("heat",), figure=figure)


def parallel_view(store: ReportStore, request: Request) -> View:
    """Return the options and the metric of all runs side by side: ``--parallel``."""
    from nncli.report.columns import choose, wanted

    metric = metric_of(store, request)
    asked = tuple(name for name in request.columns if name != metric.label)
    fields = tuple(dict.fromkeys((*wanted(metric), *asked)))
    found = find_runs(store, request, fields, metric, None)
    if not found.total:
        return no_view("parallel", store, request)
    varied = asked or tuple(
        name for name in choose(found.table, metric, extras=False).varied if name != "seed"
    )
    if not varied:
        raise UsageError(
            "--parallel shows options in which runs differ, and these differ in none: choose other "
            "runs, or the fields with --columns"
        )
    table = found.table.pick(dict.fromkeys(("run", "status", *varied, metric.label)))

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.parallel import parallel

        return parallel(
            table,
            varied,
            metric.label,
            width=canvas.width,
            colored=canvas.colored,
            unicode=canvas.unicode,
        )

    about = {"metric": metric.label}
    return View({"parallel": table}, about=about, draw=draw, drawn=("parallel",))
