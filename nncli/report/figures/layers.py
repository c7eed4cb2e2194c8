"""The layers of a run on paper: a field for each statistic over the epochs, a line a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nncli.report.figures.paper import COLUMN, GREY, Drawn, legend, mark, new_figure
from nncli.report.pictures.axes import Axis
from nncli.report.pictures.layers import STATISTICS, chosen, history
from nncli.report.pictures.lines import Line
from nncli.report.text import plural
from nncli.tables import Table

#: Inches of a field.
FIELD = 1.25


def layer_history(
    table: Table,
    statistics: Sequence[str] | None = None,
    *,
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of a long table (run, epoch, layer, statistics...), by run and epoch.

    Colours go from the first layer (dark) to the last (bright). Raises UsageError as
    :func:`~nncli.report.pictures.layers.chosen` does.
    """
    from matplotlib import colormaps
    from matplotlib.lines import Line2D

    asked = chosen(table, statistics)
    notes = []
    names = [name for name in asked if not _is_zero(history(table, name)[0])] or asked[:1]
    if zero := [name for name in asked if name not in names]:
        notes.append(f"0 in all layers and epochs, and not drawn: {', '.join(zero)}")
    figure = new_figure(width, height or 0.35 + FIELD * len(names))
    fields = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    found = [history(table, name) for name in names]
    labels = list(dict.fromkeys(line.label for lines, _, _ in found for line in lines))
    scale = colormaps["viridis"]
    paints = {
        label: scale(0.88 * place / max(1, len(labels) - 1)) for place, label in enumerate(labels)
    }
    for axes, name, (lines, odd, log) in zip(fields, names, found, strict=True):
        if odd:
            notes.append(f"{name}: {plural(odd, 'value')} not drawn: nan or infinite")
        axes.set_ylabel(f"{STATISTICS[name]}\n({name})")
        if not lines:
            axes.text(0.5, 0.5, "no value", ha="center", color=GREY, transform=axes.transAxes)
            continue
        for line in lines:
            alone = "o" if len(line.x) == 1 else None
            axes.plot(line.x, line.y, color=paints[line.label], marker=alone)
        mark(axes, "y", Axis.of((v for line in lines for v in line.y), log), 4)
    epochs = [float(epoch) for epoch in table["epoch"]]
    mark(fields[-1], "x", Axis.of(epochs, whole=True))
    fields[-1].set_xlabel("epoch")
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=paints[label]), label) for label in labels
    ]
    legend(figure, entries)
    figure.align_ylabels(list(fields))
    return Drawn(figure, tuple(notes))


def _is_zero(lines: Sequence[Line]) -> bool:
    return {value for line in lines for value in line.y} == {0.0}
