"""The views of ``nncli report`` that apply a run's network to its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nncli.cli.output import print_note
from nncli.cli.reporting.request import Request
from nncli.cli.reporting.runs import find_runs, metric_of, no_view
from nncli.cli.reporting.view import Canvas, Figure, View
from nncli.errors import UsageError
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.report.pictures.views import Boundary, Confusion, Predictions
    from nncli.store.finding import ReportStore


def boundary_view(store: ReportStore, request: Request) -> View:
    """Return what class the network sees where on the plane of its two features: ``--boundary``."""
    run = _one_run(store, request, "--boundary")
    if run is None:
        return no_view("boundary", store, request)
    from nncli import looking
    from nncli.report.pictures.boundary import boundary

    seen = looking.boundary(str(run), db=request.database, progress=_say)
    tables = {"boundary": _grid(seen), "points": _points(seen)}
    return _view("boundary", run, tables, seen, boundary)


def confusion_view(store: ReportStore, request: Request) -> View:
    """Return which class was taken for which: ``--confusion``."""
    run = _one_run(store, request, "--confusion")
    if run is None:
        return no_view("confusion", store, request)
    from nncli import looking
    from nncli.report.pictures.confusion import confusion

    seen = looking.confusion(str(run), db=request.database, progress=_say)
    return _view("confusion", run, {"confusion": _matrix(seen)}, seen, confusion)


def predicted_view(store: ReportStore, request: Request) -> View:
    """Return the predictions beside the true values: ``--predicted``."""
    run = _one_run(store, request, "--predicted")
    if run is None:
        return no_view("predicted", store, request)
    from nncli import looking
    from nncli.report.pictures.predictions import predicted_against_true

    seen = looking.predictions(str(run), db=request.database, progress=_say)
    return _view("predicted", run, {"predicted": _pairs(seen)}, seen, predicted_against_true)


def _view(
    name: str,
    run: int,
    tables: Mapping[str, Table],
    seen: Sequence[Any],
    draw_one: Callable[..., list[str]],
) -> View:
    def draw(canvas: Canvas) -> list[str]:
        lines: list[str] = []
        for each in seen:
            lines += [""] if lines else []
            lines += draw_one(
                each, width=canvas.width, colored=canvas.colored, unicode=canvas.unicode
            )
        return lines

    figure = Figure(name, (seen,))
    return View(tables, about={"run": run}, draw=draw, drawn=tuple(tables), figure=figure)


def _one_run(store: ReportStore, request: Request, flag: str) -> int | None:
    """Return the id of the only run that is asked for, None for none.

    Raises UsageError for several.
    """
    metric = metric_of(store, request, 2)
    found = find_runs(store, request, ("run",), metric, 2)
    if not found.total:
        return None
    if len(found.table) > 1:
        raise UsageError(
            f"{flag} shows one run, and {found.total:,} are chosen: name one, as in nncli report "
            f"last {flag}, or add --best 1"
        )
    return int(found.table["run"][0])


def _say(text: str, fraction: float | None) -> None:
    if fraction is None:
        print_note(text)


def _grid(seen: Sequence[Boundary]) -> Table:
    """Return every place of the planes: its features, the class and its probability."""
    import numpy as np

    rows: list[tuple[Any, ...]] = []
    for each in seen:
        height, width = each.codes.shape
        x, y = (_middles(ends, n) for ends, n in ((each.x, width), (each.y, height)))
        sure = np.full(each.codes.shape, np.nan) if each.sureness is None else each.sureness
        places = ((a, b) for a in range(height) for b in range(width))
        rows += [
            (each.title, x[b], y[a], each.classes[each.codes[a, b]], _known(float(sure[a, b])))
            for a, b in places
        ]
    return Table.of_rows(("title", *seen[0].features, "class", "probability"), rows)


def _points(seen: Sequence[Boundary]) -> Table:
    """Return the rows of the data as points of the planes, each with its true class."""
    rows = [
        (each.title, float(x), float(y), each.classes[truth])
        for each in seen
        for (x, y), truth in zip(each.points.tolist(), each.truth.tolist(), strict=True)
    ]
    return Table.of_rows(("title", *seen[0].features, "class"), rows)


def _middles(ends: tuple[float, float], count: int) -> list[float]:
    step = (ends[1] - ends[0]) / count
    return [ends[0] + (place + 0.5) * step for place in range(count)]


def _known(value: float) -> float | None:
    return value if value == value else None


def _matrix(seen: Sequence[Confusion]) -> Table:
    """Return how often each class was taken for each."""
    rows = [
        (each.title, each.classes[a], each.classes[b], int(each.matrix[a, b]))
        for each in seen
        for a in range(len(each.classes))
        for b in range(len(each.classes))
    ]
    return Table.of_rows(("title", "true", "predicted", "count"), rows)


def _pairs(seen: Sequence[Predictions]) -> Table:
    """Return every row's true and predicted value."""
    rows = [
        (each.target, float(a), float(b))
        for each in seen
        for a, b in zip(each.truth, each.predicted, strict=True)
    ]
    return Table.of_rows(("target", "true", "predicted"), rows)
