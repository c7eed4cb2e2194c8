"""A run's curve as a picture of characters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

#: The losses are drawn on a logarithmic axis where they span more than this.
LOG_SPAN = 20.0

SERIES_COLORS = ("blue", "orange")
#: Without colours the series differ by their markers.
PLAIN_MARKERS = ("braille", "dot")
ASCII_MARKERS = ("*", "o")
TO_ASCII = str.maketrans("┌┐└┘─│┤├┬┴┼", "++++-|++++" + "+")


def loss_and_metric(curve: Mapping[str, Sequence[Any]]) -> list[tuple[str, list[str]]]:
    """Return the pictures that a curve has: a title and the names of the columns in each."""
    pictures = []
    for title in ("loss", "accuracy", "rmse"):
        names = [name for name in (f"train_{title}", f"val_{title}") if name in curve]
        if names:
            pictures.append((title, names))
    return pictures


def draw(
    curve: Mapping[str, Sequence[Any]],
    names: Sequence[str],
    title: str,
    *,
    width: int,
    height: int,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the lines of a picture of some columns over the epochs.

    What is no number cannot be drawn; a last line says how many values that were.
    """
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    markers = PLAIN_MARKERS if unicode else ASCII_MARKERS
    skipped, drawn = 0, []
    for index, name in enumerate(names):
        points = [(e, v) for e, v in zip(curve["epoch"], curve[name], strict=True) if v is not None]
        finite = [(epoch, value) for epoch, value in points if math.isfinite(value)]
        skipped += len(points) - len(finite)
        if not finite:
            continue
        drawn += [value for _, value in finite]
        epochs, values = zip(*thinned(finite, 4 * width), strict=True)
        plotext.plot(
            list(epochs),
            list(values),
            label=name,
            marker="braille" if colored and unicode else markers[index % 2],
            color=SERIES_COLORS[index % 2] if colored else None,
        )
    if not drawn:
        return [f"{title}: none of the {skipped} values is a number"]
    is_log = title == "loss" and min(drawn) > 0 and max(drawn) / min(drawn) > LOG_SPAN
    if is_log:
        plotext.yscale("log")
    plotext.title(f"{title} by epoch{', logarithmic' if is_log else ''}")
    ticks = sorted({round(each) for each in _ticks(curve["epoch"][0], curve["epoch"][-1], width)})
    plotext.xticks(ticks, [str(each) for each in ticks])
    picture = plotext.build()
    if not colored:
        picture = plotext.uncolorize(picture)
    if not unicode:
        picture = picture.translate(TO_ASCII)
    lines = [line.rstrip() for line in picture.rstrip("\n").split("\n")]
    if skipped:
        lines.append(f"{skipped} value{'s' if skipped > 1 else ''} not drawn: nan or infinite")
    return lines


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Return at most about ``most`` points, with the lowest and highest of each stretch kept."""
    if len(points) <= most:
        return list(points)
    stretch = -(-2 * len(points) // most)
    kept = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return [points[0], *kept, points[-1]]


def _ticks(first: float, last: float, width: int) -> list[float]:
    number = max(2, min(7, width // 14))
    return [first + (last - first) * each / (number - 1) for each in range(number)]
