"""Optimizers compared on paper: sensitivity to the learning rate, and performance profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nncli.report.compare.compared import described
from nncli.report.compare.grouping import keys_of, places_by_key
from nncli.report.figures.paper import (
    COLUMN,
    GREY,
    Drawn,
    color,
    dashes,
    legend,
    mark,
    panel,
    words,
)
from nncli.report.pictures.axes import Axis
from nncli.report.pictures.grid import is_number
from nncli.report.text import plural
from nncli.tables import Table


def sensitivity(
    table: Table,
    by: Sequence[str],
    label: str,
    *,
    rate: str = "lr",
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of a metric against the learning rate, a line with its band a group.

    ``table`` is the curve of :func:`~nncli.report.compare.sensitivity.rate_sensitivity`. A rate at
    which no run ended well breaks the line and is marked by a cross at the foot.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure, axes = panel(width, height)
    entries: list[tuple[Any, str]] = []
    values: list[float] = []
    lost = 0
    others = [name for name in by if name != rate]
    for place, (name, part) in enumerate(_groups(table, others)):
        rates, paint = list(part[rate]), color(place)
        mean, low, high = (_numbers(part[column]) for column in ("mean", "ci_low", "ci_high"))
        values += [v for column in (mean, low, high) for v in column if v == v]
        axes.fill_between(rates, low, high, color=paint, alpha=0.2, linewidth=0)
        axes.plot(rates, mean, color=paint, linestyle=dashes(place), marker="o", markersize=2.5)
        failed = [r for r, m in zip(rates, mean, strict=True) if m != m]
        lost += len(failed)
        axes.plot(
            failed, [0.02 + 0.04 * place] * len(failed), "x", color=paint, clip_on=False,
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
        if others:
            line = Line2D([], [], color=paint, linestyle=dashes(place))
            entries.append((line, words(name)))
    every = sorted({float(r) for r in table[rate]})
    mark(axes, "x", Axis.of(every, True), at=every)
    if values:
        mark(axes, "y", Axis.of(values))
    axes.set_xlabel("learning rate" if rate == "lr" else rate)
    axes.set_ylabel(f"{label}\n(mean of runs)")
    entries.append((Patch(facecolor=GREY, alpha=0.25, linewidth=0), "95% interval"))
    if lost:
        entries.append((Line2D([], [], color=GREY, marker="x", linestyle=""), "no run ended well"))
    legend(figure, entries)
    notes = (f"no run ended well at {plural(lost, 'rate')}",) if lost else ()
    return Drawn(figure, notes)


def profile(
    table: Table,
    by: Sequence[str],
    cost: str = "updates",
    *,
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of performance profiles, a stair a group.

    ``table`` is the curve of :func:`~nncli.report.compare.profile.performance_profiles`: fields
    ``by``, ``tau`` and ``share``.
    """
    from matplotlib.lines import Line2D

    figure, axes = panel(width, height)
    entries: list[tuple[Any, str]] = []
    for place, (name, part) in enumerate(_groups(table, by)):
        axes.step(
            part["tau"], part["share"], where="post", color=color(place), linestyle=dashes(place)
        )
        line = Line2D([], [], color=color(place), linestyle=dashes(place))
        entries.append((line, words(name)))
    mark(axes, "x", Axis.of(table["tau"]))
    mark(axes, "y", Axis(0.0, 1.0))
    axes.set_xlabel(f"{cost} to the target, in times the fastest")
    axes.set_ylabel("share of problems")
    legend(figure, entries)
    return Drawn(figure)


def _groups(table: Table, by: Sequence[str]) -> Iterator[tuple[str, Table]]:
    for key, places in places_by_key(keys_of(table, by)).items():
        yield described(by, key), table.take(places)


def _numbers(values: Sequence[Any]) -> list[float]:
    return [value if is_number(value) else float("nan") for value in values]
