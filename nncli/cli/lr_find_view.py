"""A learning-rate range test as text: the loss by rate as a picture, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nncli.lr_find import RangeTest
from nncli.report.curve import ASCII_MARKERS, LOG_SPAN, PLAIN_MARKERS, TO_ASCII, thinned
from nncli.report.text import number

HEIGHT, WIDEST = 16, 100

#: Losses above so many times the first are left out of the picture: they would flatten the rest.
HIGHEST = 3.0


def picture(test: RangeTest, width: int, *, colored: bool, unicode: bool) -> list[str]:
    """Return the lines that show the smoothed loss over the rate, on logarithmic axes."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(width, WIDEST), HEIGHT)
    lowest, median, highest = test.band()
    series = [("median", median, "blue")]
    if len(test.repeats) > 1:
        # drawn first, so that the median lies above them
        series = [("lowest and highest", lowest, "orange"), ("", highest, "orange"), *series]
    exponents = np.log10(test.rates)
    limit = HIGHEST * float(median[0]) if math.isfinite(median[0]) else math.inf
    markers = PLAIN_MARKERS if unicode else ASCII_MARKERS
    drawn: list[float] = []
    for label, values, color in series:
        shown = np.isfinite(values) & (values <= limit)
        points = list(zip(exponents[shown].tolist(), values[shown].tolist(), strict=True))
        if not points:
            continue
        drawn += [value for _, value in points]
        places, losses = zip(*thinned(points, 4 * width), strict=True)
        plain = markers[0] if color == "blue" else markers[1]
        plotext.plot(
            list(places),
            list(losses),
            label=label or None,
            marker="braille" if colored and unicode else plain,
            color=color if colored else None,
        )
    if not drawn:
        return ["none of the losses is a number: there is nothing to draw"]
    is_log = min(drawn) > 0 and max(drawn) / min(drawn) > LOG_SPAN
    if is_log:
        plotext.yscale("log")
    plotext.title(f"smoothed loss by learning rate{', logarithmic' if is_log else ''}")
    decades = range(math.ceil(exponents[0] - 1e-9), math.floor(exponents[-1] + 1e-9) + 1)
    plotext.xlim(exponents[0], exponents[-1])
    plotext.xticks(list(decades), [f"1e{each}" for each in decades])
    if test.suggestion is not None:
        plotext.vline(math.log10(test.suggestion))
    text = plotext.build()
    text = text if colored else plotext.uncolorize(text)
    text = text if unicode else text.translate(TO_ASCII)
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


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
