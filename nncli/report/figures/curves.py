"""Curves on paper: a field a metric, a line a run, or the mean of a group with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nncli.report.figures.paper import (
    COLUMN,
    GREY,
    HEIGHT,
    Drawn,
    color,
    dashes,
    legend,
    mark,
    new_figure,
    words,
)
from nncli.report.pictures.axes import Axis
from nncli.report.pictures.lines import BANDS, Line, Lines, panels
from nncli.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What stands at the axis of what curves run over.
ALONG = {"epoch": "epoch", "seconds": "training time (s)", "updates": "updates"}

#: More lines than this have no entry in the legend, and are grey.
MOST_TOLD_APART = 14


def curves(
    table: Table,
    labels: Mapping[int, str],
    metric_names: Sequence[str],
    *,
    x: str = "epoch",
    log_x: bool = False,
    log_y: bool | None = None,
    smooth: float = 0.0,
    groups: Mapping[int, str] | None = None,
    band: str = "range",
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of curves; the options are those of the picture in the terminal."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = panels(
        *(table, labels, metric_names), x=x, log_x=log_x, log_y=log_y, smooth=smooth,
        groups=groups, band=band,
    )  # fmt: skip
    figure = new_figure(width, height or HEIGHT * len(found))
    fields = figure.subplots(len(found), 1, squeeze=False)[:, 0]
    notes: list[str] = []
    entries: dict[str, Any] = {}
    bands = False
    for axes, (title, lines) in zip(fields, found, strict=True):
        notes += [f"{title}: {note}" if len(found) > 1 else note for note in lines.notes]
        draw(axes, lines, whole=x != "seconds")
        axes.set_xlabel(ALONG[x])
        axes.set_ylabel(_label(title, smooth, groups is not None))
        for place, line in enumerate(lines.lines[:MOST_TOLD_APART]):
            entries.setdefault(
                words(line.label), Line2D([], [], color=color(place), linestyle=dashes(place))
            )
        bands = bands or any(line.low for line in lines.lines)
        if len(lines.lines) > MOST_TOLD_APART:
            more = f"{len(lines.lines) - MOST_TOLD_APART} more"
            entries.setdefault(more, Line2D([], [], color=GREY, linewidth=0.5))
    if bands:
        entries[BANDS[band]] = Patch(facecolor=GREY, alpha=0.25, linewidth=0)
    if smooth:
        entries["raw values"] = Line2D([], [], color=GREY, alpha=0.5, linewidth=0.5)
    if len(entries) > 1 or len(labels) > 1:
        legend(figure, [(handle, label) for label, handle in entries.items()])
    return Drawn(figure, tuple(dict.fromkeys(notes)))


def _label(name: str, smooth: float, grouped: bool) -> str:
    said = ["mean of runs"] if grouped else []
    said += [f"moving average, weight {smooth:g}"] if smooth else []
    return f"{name}\n({', '.join(said)})" if said else name


def draw(axes: Axes, found: Lines, *, whole: bool) -> None:
    """Draw lines with their bands and raw values; the first above all others."""
    if not found.lines:
        axes.text(0.5, 0.5, "nothing to draw", ha="center", color=GREY, transform=axes.transAxes)
        axes.set_xticks([])
        axes.set_yticks([])
        return
    shown = [
        values
        for line in found.lines
        for values in (line.y, line.raw, line.low, line.high)
        if values is not None
    ]
    every_x = (place for line in found.lines for place in line.x)
    mark(axes, "x", Axis.of(every_x, found.log_x, whole=whole))
    mark(axes, "y", Axis.of((v for values in shown for v in values), found.log_y))
    for place, line in reversed(list(enumerate(found.lines))):
        if place < MOST_TOLD_APART:
            _draw_line(axes, line, color(place), dashes(place), 10.0 - place / 100)
        else:
            axes.plot(line.x, line.y, color=GREY, linewidth=0.5, alpha=0.5, zorder=2)


def _draw_line(axes: Axes, line: Line, paint: str, dash: Any, above: float) -> None:
    if line.low is not None and line.high is not None:
        axes.fill_between(
            line.x, line.low, line.high, color=paint, alpha=0.2, linewidth=0, zorder=above - 5
        )
    if line.raw is not None:
        axes.plot(line.x, line.raw, color=paint, alpha=0.3, linewidth=0.5, zorder=above - 4)
    alone = "o" if len(line.x) == 1 else None
    axes.plot(line.x, line.y, color=paint, linestyle=dash, marker=alone, zorder=above)
