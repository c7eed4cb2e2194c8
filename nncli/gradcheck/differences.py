"""Numeric derivatives that a gradient is held against, and how far apart the two are.

Central differences ``(L(t + h) - L(t - h)) / 2h`` in float64, with ``h = cbrt(eps) max(1, |t|)``,
where truncation and rounding are about equally small. A kink between the two points would spoil
them: which smooth piece of the loss a point lies on is asked at every point, the step is made
smaller until all lie on one, and where the parameter stands at the kink itself, the derivative
is taken one-sided on the piece that the kernels' convention belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

EPS = float(np.finfo(np.float64).eps)
STEP = EPS ** (1 / 3)

#: How often the step is divided by ten to get clear of a kink. Rounding grows as the step shrinks:
#: at STEP / 1000 it is some 1e-7 of the loss, still below the tolerance.
SHRINKS = 3

#: Largest relative error that passes. Differences agree to about 1e-9 where nothing is wrong; the
#: smallest mistake worth the name, a factor or a term, changes a gradient by more than 1e-3.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Numeric:
    """A numeric derivative: its value, the error that rounding may have made, how it came about."""

    value: float
    noise: float
    kind: str  #: ``central``, ``one-sided`` or ``kink``


def derivative(
    loss: Callable[[Array], float],
    piece: Callable[[], bytes],
    theta: Array,
    direction: Array,
    scale: float,
    *,
    finer: bool = False,
) -> Numeric:
    """Return the derivative of ``loss`` at ``theta`` along ``direction``, both (size,).

    ``piece`` tells on which smooth piece the last point lay; ``scale`` is that of the numbers that
    move. ``finer`` extrapolates from two steps, ``(4 D(h / 2) - D(h)) / 3``, for a loss that bends
    so strongly that truncation shows: Batch Normalization of a few rows can.
    """
    middle = loss(theta)
    home = piece()
    step = STEP * max(1.0, scale)
    for _ in range(SHRINKS + 1):
        above = loss(theta + step * direction)
        clear_above = piece() == home
        below = loss(theta - step * direction)
        clear_below = piece() == home
        noise = EPS * max(1.0, abs(middle)) / step
        if clear_above and clear_below:
            value = (above - below) / (2 * step)
            if finer:
                half = step / 2
                nearer = loss(theta + half * direction) - loss(theta - half * direction)
                value = (4 * nearer / (2 * half) - value) / 3
                noise *= 3
            return Numeric(value, noise, "central")
        step /= 10
    step *= 10
    for sign, clear in ((1.0, clear_above), (-1.0, clear_below)):
        if clear:
            near = loss(theta + sign * step / 2 * direction)
            far = above if sign > 0 else below
            # of second order, like the central difference
            value = sign * (4 * near - far - 3 * middle) / step
            return Numeric(value, 8 * noise, "one-sided")
    return Numeric(float("nan"), noise, "kink")


def relative_error(analytic: float, numeric: Numeric, size: float) -> float:
    """Return how far apart two derivatives are, relative to the larger one.

    ``size`` is the largest derivative of the same array: an entry a thousand times smaller is
    measured against that, and none so finely that rounding alone would fail it.
    """
    difference = abs(analytic - numeric.value)
    if not np.isfinite(difference):
        return float("inf")
    # a loss is a sum of hundreds of terms, each with a rounding of its own
    finest = 16 * numeric.noise / TOLERANCE
    return float(difference / max(abs(analytic), abs(numeric.value), 1e-3 * size, finest))
