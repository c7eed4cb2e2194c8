"""Numeric derivatives of a computation graph by the value of any of its nodes.

Central differences, extrapolated, with the step that shows the smallest error, and a complex step
(Squire & Trapp 1998) as a second opinion that knows no cancellation. Where the derivatives from the
left and from the right differ, the node is at a kink, and any value between them is a derivative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.gradcheck.graph_reading import Reading, Step
from nncli.gradcheck.graph_rules import RULES, Scalar

EPSILON = float(np.finfo(np.float64).eps)

CENTRAL_TOLERANCE = 1e-6
"""Of central differences: extrapolated ones reach about eps^(4/5) = 3e-13 where the graph is tame;
the rest is room for those that are not. A wrong rule is wrong in its first digit."""

COMPLEX_TOLERANCE = 1e-10
"""Of the complex step: it has no truncation to speak of, so this is rounding, of up to some hundred
operations whose condition numbers multiply."""

CANCELLED = 1024 * EPSILON
"""By this times the terms' absolute sum a sum over paths may be off when its terms cancel."""

COARSE = 1e-8
"""Where neighbouring numbers are further apart, no difference resolves a function such as sin: the
complex step alone decides, and is shown."""

KINKED = ("relu", "abs", "max", "min")
"""Operations with a kink."""

_STEPS = tuple(2.0**-k for k in range(2, 27, 3))
"""Steps relative to the scale. From the coarsest to sqrt(eps), below which rounding rules."""


@dataclass(frozen=True)
class Comparison:
    """What the numeric derivatives of a node are. ``kink``: from the left, from the right."""

    numeric: float
    complex_step: float
    passed: bool
    kink: tuple[float, float] | None = None


def operands_of(step: Step, values: list[Scalar]) -> tuple[Scalar, ...]:
    """Return the operands of a step as numbers."""
    return tuple(
        values[each] if isinstance(each, int) else np.float64(each) for each in step.operands
    )


def evaluate(
    reading: Reading,
    at: Mapping[str, Scalar],
    former: list[Scalar] | None = None,
    moved: int = -1,
    value: Scalar = None,
) -> list[Scalar]:
    """Return the values of all nodes, or those that follow if node ``moved`` had ``value``."""
    values = [] if former is None else [*former[:moved], value]
    for step in reading.steps[len(values) :]:
        if step.operation is None:
            # An input that comes later does not depend on the node that was moved.
            values.append(at[step.text] if former is None else former[len(values)])
        else:
            values.append(RULES[step.operation].value(*operands_of(step, values)))
    return values


def compare(
    reading: Reading, values: list[Scalar], place: int, adjoint: float, weight: float
) -> Comparison:
    """Compare an adjoint with the numeric derivatives of the sum of the outputs by a node.

    ``weight`` is the sum over paths of the absolute values of what ``adjoint`` is the sum of.
    """
    here = values[place]

    def output(value: Any) -> Any:
        found = evaluate(reading, {}, values, place, value)
        return sum(found[each] for each in reading.outputs)

    numeric, error = _central(output, here)
    tiny = 1e-20 * (abs(here) or 1.0)
    complex_step = float(np.imag(output(np.complex128(complex(here, tiny)))) / tiny)
    floor = CANCELLED * weight
    if kink := _has_kinks(reading) and _kink(output, here):
        # One-sided differences are of the first order: off by about their step, 2^-22 = 2e-7.
        room = floor + CENTRAL_TOLERANCE * max(map(abs, kink))
        inside = min(kink) - room <= adjoint <= max(kink) + room
        return Comparison(numeric, complex_step, inside, kink)
    size = max(abs(adjoint), abs(numeric))
    close = abs(adjoint - numeric) <= CENTRAL_TOLERANCE * size + floor + 4 * error
    same = abs(adjoint - complex_step) <= COMPLEX_TOLERANCE * size + floor
    if np.spacing(abs(float(here))) > COARSE and np.isfinite(numeric):
        numeric, close = complex_step, True
    return Comparison(numeric, complex_step, bool(close and same))


def _has_kinks(reading: Reading) -> bool:
    return any(step.operation in KINKED for step in reading.steps)


def _central(output: Any, x: float) -> tuple[float, float]:
    """Return ``(f(x+h) - f(x-h)) / 2h``, extrapolated, for the best h, and its likely error.

    With ``D(h) = f' + c h^2 + ...`` the term of the second order cancels in
    ``(4 D(h/2) - D(h)) / 3`` (Richardson), and what that changes tells the error. Steps follow the
    scale of x, and 1 for an x that is small beside what is added to it.
    """
    size = abs(float(output(x)))
    best = (np.inf, np.nan, np.inf)
    for scale in {abs(float(x)) or 1.0, 1.0}:
        for h in (scale * step for step in _STEPS):
            coarse, fine = (
                float((output(x + step) - output(x - step)) / (2 * step)) for step in (h, h / 2)
            )
            found = (4 * fine - coarse) / 3
            error = abs(found - fine) + 2 * EPSILON * size / h
            # Relative to the derivative: beside a pole a step too long looks flat, and so precise.
            quality = error / (abs(found) + np.sqrt(EPSILON) * size / scale + 1e-300)
            if quality < best[0]:  # False for NaN, outside a function's domain
                best = (quality, found, error)
    return best[1], best[2]


def _kink(output: Any, x: float) -> tuple[float, float] | None:
    """Return the one-sided derivatives where they differ.

    Their difference falls with the step where there is a second derivative, and stays at a kink.
    """
    scale = abs(float(x)) or 1.0
    here = output(x)
    sides = []
    for h in (scale * 2.0**-18, scale * 2.0**-22):
        left, right = float((here - output(x - h)) / h), float((output(x + h) - here) / h)
        sides.append((left, right, right - left))
    noise = 64 * EPSILON * abs(float(here)) / (scale * 2.0**-22)
    (_, _, coarse), (left, right, fine) = sides
    significant = abs(fine) > noise + CENTRAL_TOLERANCE * max(abs(left), abs(right))
    return (left, right) if significant and abs(fine) > abs(coarse) / 2 else None
