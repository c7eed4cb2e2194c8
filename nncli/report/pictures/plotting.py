"""Lines and points on a field with two axes, drawn by plotext.

plotext keeps one figure for a whole process. Here every picture has a figure of its own, so that
neither another picture nor another thread shows in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.report.pictures.axes import Axis
from nncli.report.pictures.looks import TO_ASCII, Look

#: Characters of the width of a picture that a mark of an axis takes at least, with what is between.
ROOM_OF_MARK = 12


@dataclass(frozen=True)
class Series:
    """Points in the terms of their values; those that follow each other are joined by ``lines``."""

    x: Sequence[float]
    y: Sequence[float]
    marker: str
    color: int | None = None
    lines: bool = True


@dataclass(frozen=True)
class Field:
    """Two axes, what is marked on them (None: round numbers), upright lines, and texts."""

    x: Axis
    y: Axis
    x_marks: Sequence[tuple[float, str]] | None = None
    y_marks: Sequence[tuple[float, str]] | None = None
    uprights: Sequence[float] = ()
    texts: Sequence[tuple[float, float, str]] = ()
    left: bool = True  #: whether the axis at the left is drawn


def plot(series: Sequence[Series], on: Field, look: Look) -> list[str]:
    """Return the lines of a picture; of series that cross, the later one lies above."""
    figure = new_figure(look)
    figure.xaxes(True, False)
    figure.yaxes(on.left, False)
    figure.xlim(on.x.low, on.x.high)
    figure.ylim(on.y.low, on.y.high)
    for upright in on.uprights:
        figure.vertical_line(upright)
    for each in series:
        draw = figure.plot if each.lines else figure.scatter
        draw(
            [on.x.place(value) for value in each.x],
            [on.y.place(value) for value in each.y],
            marker=each.marker,
            color=each.color,
        )
    for x, y, text in on.texts:
        figure.text(text, x, y, alignment="left")
    x_marks, y_marks = on.x_marks, on.y_marks
    if x_marks is None:
        x_marks = on.x.ticks(max(2, min(9, look.width // ROOM_OF_MARK)))
    if y_marks is None:
        y_marks = on.y.ticks(max(2, min(7, look.height // 2 - 1)))
    figure.xticks([place for place, _ in x_marks], [text for _, text in x_marks])
    figure.yticks([place for place, _ in y_marks], [text for _, text in y_marks])
    return as_lines(figure.build(), look)


def new_figure(look: Look) -> Any:
    """Return an empty figure of plotext that is nobody else's."""
    import plotext

    figure = type(plotext.active())()
    # The size asked for, also where the terminal that this process may have is smaller.
    figure._limit_size(False, False)
    figure.plot_size(look.width, look.height)
    figure.theme("clear")
    return figure


def as_lines(picture: str, look: Look) -> list[str]:
    """Return what plotext built as lines, with the colours and characters that are wanted."""
    import plotext

    text = picture if look.colored else plotext.uncolorize(picture)
    text = text if look.unicode else text.translate(TO_ASCII)
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]
