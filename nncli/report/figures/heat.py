"""A heat map on paper: the mean of a metric by two options, with its number in each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.report.figures.paper import (
    CHARACTERS,
    COLUMN,
    SCALE,
    SEAMLESS,
    TEXT,
    Drawn,
    panel,
    words,
)
from nncli.report.pictures.grid import Grid, grid_of
from nncli.report.pictures.shading import Shading
from nncli.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Cells on one side, at most; more values of numbers are gathered in ranges.
MOST = 30

#: Inches of a row, and of all that is not cells.
ROW, REST = 0.27, 0.75

#: Inches of the scale with its words, and of the name of the rows.
SCALE_BAR = 1.1

#: Below this share of the scale the ground is dark, and text on it white.
DARK = 0.5


def heat_map(
    table: Table,
    x: str,
    y: str,
    value: str,
    *,
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of ``value`` by the options ``x`` and ``y``; ``table`` has a row a run.

    Raises UsageError as :func:`grid_of` does.
    """
    grid = grid_of(table, x, y, value, most=(MOST, MOST))
    rows = len(grid.y.labels)
    figure, axes = panel(width, height, REST + max(1.3, ROW * rows))
    names = grid.x.labels, grid.y.labels
    axes.set_xticks(range(len(names[0])), [words(name, 16) for name in names[0]])
    axes.set_yticks(range(rows), [words(name, 20) for name in names[1]])
    axes.tick_params(length=0)
    room = _room(grid, width)
    if max(min(len(name), 16) for name in names[0]) > room * CHARACTERS - 1:
        axes.tick_params(axis="x", rotation=90)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xlim(-0.5, len(names[0]) - 0.5)
    axes.set_ylim(*((-0.5, rows - 0.5) if grid.y.numeric else (rows - 0.5, -0.5)))
    axes.spines[:].set_visible(False)
    if not grid.finite:
        return Drawn(figure, (f"no run has a finite {value}", *grid.notes))
    scale = Shading.of(grid.finite)
    mesh = _cells(axes, grid, scale)
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label(f"{value}\n(mean of runs)")
    _numbers(axes, grid, scale, room)
    return Drawn(figure, grid.notes)


def _room(grid: Grid, width: float) -> float:
    """Return the inches that a column has, beside the names of the rows and the scale."""
    names = max(min(len(name), 20) for name in grid.y.labels) / CHARACTERS
    return max(0.01, (width - names - SCALE_BAR) / len(grid.x.labels))


def _cells(axes: Axes, grid: Grid, scale: Shading) -> Any:
    import numpy as np
    from matplotlib.colors import LogNorm, Normalize

    means = np.array([[np.nan if m is None else m for m in row] for row in grid.means])
    low, high = scale.low, scale.high
    if low == high:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    norm = LogNorm(low, high) if scale.log else Normalize(low, high)
    edges = [np.arange(len(labels) + 1) - 0.5 for labels in (grid.x.labels, grid.y.labels)]
    return axes.pcolormesh(*edges, np.ma.masked_invalid(means), cmap=SCALE, norm=norm, **SEAMLESS)


def _numbers(axes: Axes, grid: Grid, scale: Shading, room: float) -> None:
    """Write the numbers into the cells where they fit; the best one in bold."""
    for digits in (4, 3, 2):
        texts = grid.texts(digits)
        longest = max(len(text) for row in texts for text in row)
        size = min(TEXT - 1, room / (longest + 1) * 72 / 0.6)
        if size >= 5:
            break
    else:
        return
    for row, cells in enumerate(texts):
        for column, text in enumerate(cells):
            mean = grid.means[row][column]
            if mean is None:
                if grid.failed[row][column]:
                    axes.text(column, row, "x", ha="center", va="center", fontsize=size)
                continue
            axes.text(
                column, row, text, ha="center", va="center", fontsize=size,
                color="white" if scale.share(mean) < DARK else "black",
                fontweight="bold" if grid.best == (row, column) else "normal",
            )  # fmt: skip
