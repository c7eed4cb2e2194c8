"""Is a formula fit to train with: finite where the data are, and its derivative the right one.

Both ask the kernels themselves, one point at a time and without the compiler. A loss is asked at
pairs of a prediction and a target.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from nncli.errors import UsageError
from nncli.kernels.parts import Activation, Loss

#: Points on the grid of an activation, and along each side of that of a loss; odd: with the middle.
_POINTS, _SIDE_POINTS = 401, 41

#: The largest relative error of a derivative that passes.
TOLERANCE = 1e-6

#: Steps of the central differences. The error of each is the sum of h^2 / 6 times the third
#: derivative and of a rounding of f, 2e-16, over h; a formula may wave a thousand times faster than
#: another, so each point is judged by the step that does best there. No step suits a wrong
#: derivative.
_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)

#: Slopes below this share of 1 + |f| are not resolved to TOLERANCE: 2e-16 / 1e-5 / 1e-4 is 2e-7.
_FLOOR = 1e-4


def check_finite(
    part: Activation | Loss, low: float, high: float, *, dtype: str = "float32"
) -> None:
    """Raise UsageError with the first place in [low, high] at which a formula is not finite.

    That may be its value or its derivative, in the type that is trained in.
    """
    for x, *y in _grid(part, low, high):
        with np.errstate(all="ignore"):
            values = _value_and_slope(part, x, y, dtype)
        for what, value in zip(("", "the derivative of "), values, strict=True):
            if not math.isfinite(value):
                option = "--act" if isinstance(part, Activation) else "--loss"
                names = f"p = {x:g}, y = {y[0]:g}" if y else f"x = {x:g}"
                raise UsageError(
                    f"{option} {part.name}: {what}the formula is {value} at {names} in {dtype}, "
                    f"and values from {low:g} to {high:g} occur: expected one that is finite "
                    "there, such as log(1+x**2) in place of log(x)"
                )


def check_derivative(part: Activation | Loss, low: float, high: float) -> float:
    """Return the largest relative error of the derivative on [low, high] against differences.

    In float64, away from kinks and from what is not finite, which :func:`check_finite` refuses.
    Raises UsageError for more than TOLERANCE.
    """
    worst, where = 0.0, low
    # between the points of the grid: formulas bend where numbers are round
    inside = (low + 0.377 * (high - low) / _POINTS, high - 0.213 * (high - low) / _POINTS)
    for x, *y in _grid(part, *inside):
        with np.errstate(all="ignore"):
            error = _error(part, x, y)
        if error > worst:
            worst, where = error, x
    if worst > TOLERANCE:
        option = "--act" if isinstance(part, Activation) else "--loss"
        raise UsageError(
            f"{option} {part.name}: the derivative at {where:g} is off by {worst:.2g} of its size "
            f"against finite differences, expected at most {TOLERANCE:g}: the formula changes too "
            "fast there to be trained, write it more smoothly"
        )
    return worst


def _grid(part: Activation | Loss, low: float, high: float) -> Iterator[tuple[float, ...]]:
    if isinstance(part, Activation):
        places = [each for each in (0.0, *part.kinks) if low <= each <= high]
        return iter((x,) for x in sorted({*np.linspace(low, high, _POINTS).tolist(), *places}))
    side = np.linspace(low, high, _SIDE_POINTS).tolist()
    return itertools.product(side, side)


def _value_and_slope(
    part: Activation | Loss, x: float, y: list[float], dtype: str
) -> tuple[float, float]:
    """Return f and its derivative by x as the kernels have them; NaN where they cannot be had."""
    try:
        if isinstance(part, Activation):
            z, a, d = np.array([x], dtype), np.zeros(1, dtype), np.ones(1, dtype)
            nothing = np.zeros(1, dtype)
            part.forward(z, a, nothing, 1)
            part.backward(z, a, d, nothing, nothing, 1)
            return float(a[0]), float(d[0])
        p, target, slope = np.array([[x]], dtype), np.array([y], dtype), np.zeros((1, 1), dtype)
        total = part.kernel(p, p, target, slope, 1.0, np.array([0, 0, 1, 1], dtype))
        return float(total), float(slope[0, 0])
    except (ArithmeticError, ValueError):  # what Python raises where machine code has inf or NaN
        return math.nan, math.nan


def _error(part: Activation | Loss, x: float, y: list[float]) -> float:
    """Return the relative error of the derivative at a point, or 0 where it cannot be asked."""
    value, slope = _value_and_slope(part, x, y, "float64")
    errors = []
    for step in (h * max(1.0, abs(x)) for h in _STEPS):
        above = _value_and_slope(part, x + step, y, "float64")[0]
        below = _value_and_slope(part, x - step, y, "float64")[0]
        numeric = (above - below) / ((x + step) - (x - step))
        size = max(abs(slope), abs(numeric), _FLOOR * (1 + abs(value)))
        error = abs(slope - numeric) / size
        if math.isfinite(error) and not _bends(part, x - step, x + step, y):
            errors.append(error)
    return min(errors, default=0.0)


def _bends(part: Activation | Loss, low: float, high: float, y: list[float]) -> bool:
    if isinstance(part, Activation):
        return any(low <= each <= high for each in part.kinks)
    if part.side is None:
        return False
    pieces = part.side(np.array([low, high]), np.array(y * 2), np.array([0.0, 0.0, 1.0, 1.0]))
    return bool(pieces[0] != pieces[1])
