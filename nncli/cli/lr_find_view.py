"""A learning-rate range test as text: the loss by rate as a picture, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nncli.lr_find import RangeTest
from nncli.report.pictures.axes import spans
from nncli.report.text import number

HEIGHT, WIDEST = 16, 100

#: Losses above so many times the first are left out of the picture: they would flatten the rest.
HIGHEST = 3.0


def picture(test: RangeTest, width: int, *, colored: bool, unicode: bool) -> list[str]:
    """Return the lines that show the smoothed loss over the rate, on logarithmic axes."""
    from nncli.report.pictures.curves import draw_lines
    from nncli.report.pictures.lines import Line
    from nncli.report.pictures.looks import Look

    look = Look(min(width, WIDEST), HEIGHT, colored, unicode)
    lowest, median, highest = test.band()
    several = len(test.repeats) > 1
    limit = HIGHEST * float(median[0]) if math.isfinite(median[0]) else math.inf
    bounds = (median, lowest, highest) if several else (median,)
    shown = np.all([np.isfinite(each) & (each <= limit) for each in bounds], axis=0)
    if not shown.any():
        return ["none of the losses is a number: there is nothing to draw"]

    def points(values: NDArray[np.float64]) -> list[float]:
        found: list[float] = values[shown].tolist()
        return found

    line = Line(
        "median; dimmed: lowest and highest" if several else "loss",
        points(test.rates),
        points(median),
        low=points(lowest) if several else None,
        high=points(highest) if several else None,
    )
    drawn = [value for each in bounds for value in points(each)]
    log_y = spans(min(drawn), max(drawn))
    upright = () if test.suggestion is None else (test.suggestion,)
    title = f"smoothed loss by learning rate{', both logarithmic' if log_y else ''}"
    return [title, *draw_lines([line], look, True, log_y, whole=False, uprights=upright)]


def lines(test: RangeTest, command: str) -> Iterator[str]:
    """Yield what the test found; ``command`` is the next one to type, without its rate."""
    count = len(test.repeats)
    if test.diverged:
        share = "" if len(test.diverged) == count else f" in {len(test.diverged)} of {count}"
        yield f"training diverges at {_range(test.diverged)}{share}"
    else:
        yield f"training diverges at no rate up to {number(float(test.rates[-1]))}"
    if test.steepest:
        yield f"the loss falls fastest at {_range(test.steepest)}"
    if test.suggestion is None:
        yield f"no suggestion: {test.reason}"
    else:
        yield f"suggested: --lr {test.suggestion:g}"
        spread = f"; median of {_range(test.suggestions)}" if len(test.suggestions) > 1 else ""
        yield f"  {test.reason}{spread}"
    yield "nothing was stored: the weights are thrown away"
    if test.suggestion is not None:
        yield f"next: {command} --lr {test.suggestion:g}"


def _range(values: list[float]) -> str:
    low, high = number(values[0], 2), number(values[-1], 2)
    return low if low == high else f"{low} to {high}"
