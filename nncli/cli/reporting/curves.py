"""The views of ``nncli report`` over epochs: curves of runs or groups, and what layers did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncli.cli.reporting.request import DRAWN, Request
from nncli.cli.reporting.runs import find_runs, metric_of, no_view
from nncli.cli.reporting.view import Canvas, Figure, View
from nncli.errors import UsageError
from nncli.metrics import CURVE_METRICS, Metric
from nncli.report.cells import cell
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.finding import Found, ReportStore

#: What is drawn of a single run where no metric is named.
OF_ONE = tuple(f"{split}_{m}" for m in ("loss", "accuracy", "rmse") for split in ("train", "val"))


def curves_view(store: ReportStore, request: Request) -> View:
    """Return the curves of the runs: ``--curves``."""
    most = None if request.by else request.best or DRAWN
    metric = metric_of(store, request, most)
    if metric.name not in CURVE_METRICS:
        raise UsageError(
            f"--curves with --metric {metric.label}: it has one value a run and no curve; expected "
            f"one of {', '.join(CURVE_METRICS)}"
        )
    found = label_fields(store, request, metric, most)
    if not found.total:
        return no_view("curves", store, request)
    ids = list(found.table["run"])
    alone = len(ids) == 1 and request.metric is None
    names = _measured_of(store, request) if alone else [metric.name]
    table = store.curves_of(ids, names)
    labels = labels_of(found.table, metric)
    groups = groups_of(found.table, request.by) if request.by else None

    options: dict[str, Any] = {
        "x": request.x or "epoch",
        "log_x": request.log_x,
        "log_y": request.log_y or None,
        "smooth": request.smooth,
        "groups": groups,
    }

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.curves import curves

        return curves(
            table,
            labels,
            names,
            width=canvas.width,
            colored=canvas.colored,
            unicode=canvas.unicode,
            **options,
        )

    return View(
        {"curves": table},
        notes=_left_out(found, request),
        about={"metrics": names, "total": found.total},
        draw=draw,
        drawn=("curves",),
        figure=Figure("curves", (table, labels, names), options),
    )


def label_fields(store: ReportStore, request: Request, metric: Metric, most: int | None) -> Found:
    """Return the runs with what tells them apart."""
    from nncli.report.columns import wanted

    fields = tuple(dict.fromkeys((*wanted(metric), *request.by)))
    return find_runs(store, request, fields, metric, most)


def labels_of(table: Table, metric: Metric) -> dict[int, str]:
    """Return each run in words: its id, its name, and the options in which the runs differ."""
    from nncli.report.columns import choose

    varied = choose(table, metric, extras=False).varied
    labels = {}
    for row in table.records():
        parts = [f"{name}={cell(name, row[name])}" for name in varied if row[name] is not None]
        named = [row["name"]] if row["name"] else []
        labels[row["run"]] = " ".join([str(row["run"]), *named, *parts])
    return labels


def groups_of(table: Table, by: Sequence[str]) -> dict[int, str]:
    """Return the group of each run in words."""
    return {
        row["run"]: ", ".join(f"{name}={cell(name, row[name])}" for name in by)
        for row in table.records()
    }


def _measured_of(store: ReportStore, request: Request) -> list[str]:
    from nncli.cli.reporting.runs import query_of

    measured = store.measured(query_of(request, ("run",), 1))
    return [name for name in OF_ONE if name in measured] or ["train_loss"]


def _left_out(found: Found, request: Request) -> list[str]:
    shown = len(found.table)
    if shown >= found.total:
        return []
    if request.best is not None:
        return [f"the {shown} best of {found.total:,} runs"]
    return [
        f"{shown} of {found.total:,} runs are drawn; choose them with RUN, --where or --best N, "
        "draw more with --limit N, or their means with --by FIELD"
    ]


def layers_view(store: ReportStore, request: Request) -> View:
    """Return what was watched of the layers of a run, over its epochs: ``--layers``."""
    metric = metric_of(store, request, 1)
    found = find_runs(store, request, ("run",), metric, 1)
    if not found.total:
        return no_view("layers", store, request)
    run = found.table["run"][0]
    table = store.layer_stats_of([run])
    if not len(table):
        return View(
            {"layers": table},
            nothing=f"the layers of run {run} were not watched: train with --diagnose to see them",
        )

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.layers import layer_history

        return layer_history(
            table, width=canvas.width, colored=canvas.colored, unicode=canvas.unicode
        )

    return View(
        {"layers": table},
        title=f"run {run}",
        about={"run": run},
        draw=draw,
        drawn=("layers",),
        figure=Figure("layers", (table,)),
    )
