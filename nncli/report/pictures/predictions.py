"""Predicted against true values in the terminal, with the diagonal and the residuals in numbers."""

from __future__ import annotations

import numpy as np

from nncli.report.pictures.axes import Axis
from nncli.report.pictures.looks import GREY, Look
from nncli.report.pictures.plotting import Field, Series, plot
from nncli.report.pictures.views import Floats, Predictions
from nncli.report.pictures.words import harmless, legend, not_drawn, wrapped
from nncli.report.text import number, plural

HEIGHT = 20
#: A wider field would make a flat line of the diagonal.
WIDEST = 100


def predicted_against_true(
    seen: Predictions,
    *,
    width: int,
    height: int = HEIGHT,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the picture of a target: predicted upwards, true to the right."""
    look = Look(min(width, WIDEST), height, colored, unicode)
    head = f"{seen.title}: predicted (up) against true {seen.target} (right)"
    x, y = seen.truth[seen.finite], seen.predicted[seen.finite]
    odd = len(seen.truth) - len(x)
    notes = [not_drawn(odd)] if odd else []
    if not len(x):
        lines = [head, *(notes or ["no row of data"])]
        return [line for text in lines for line in wrapped(harmless(text, look), width)]
    axis = Axis.of([float(min(x.min(), y.min())), float(max(x.max(), y.max()))])
    color = look.series_color(0)
    plain = "•" if unicode else "o"
    points = look.marker(0) if colored and unicode else plain
    x, y = thinned_points(x, y, 8 * width * height)
    diagonal = look.faint_marker
    ends = (axis.low, axis.high)
    series = [
        Series(x.tolist(), y.tolist(), points, color, lines=False),
        Series(ends, ends, diagonal, GREY if colored else None),
    ]
    return [
        *wrapped(harmless(head, look), width),
        *plot(series, Field(axis, axis), look),
        *legend([(plain, "rows", color), (diagonal, "perfect", GREY)], look),
        *(line for text in (*residual_words(seen), *notes) for line in wrapped(text, width)),
    ]


def thinned_points(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """Return one point of each cell of a fine raster, with the extremes; all where they are few."""
    if len(x) <= most:
        return x, y
    side = max(2, int(most**0.5))
    cells = np.zeros(len(x), np.int64)
    for values in (x, y):
        low, span = values.min(), np.ptp(values)
        place = (values - low) / span * (side - 1) if span > 0 else np.zeros(len(values))
        cells = cells * side + place.astype(np.int64)
    _, first = np.unique(cells, return_index=True)
    residual = y - x
    extremes = [v.argmin() for v in (x, y, residual)] + [v.argmax() for v in (x, y, residual)]
    kept = np.unique(np.concatenate([first, np.array(extremes)]))
    return x[kept], y[kept]


def residual_words(seen: Predictions) -> list[str]:
    """Return what the residuals come to, in words."""
    found = seen.summary()
    if not found["count"]:
        return []
    r2 = "" if found["r2"] is None else f", R2 {found['r2']:.4f}"
    return [
        f"{plural(found['count'], 'row')}: rmse {number(found['rmse'])}, mean absolute error "
        f"{number(found['mae'])}{r2}",
        f"residuals (predicted - true): mean {number(found['bias'])}, median "
        f"{number(found['median'])}, 90% from {number(found['low'])} to {number(found['high'])}",
    ]
