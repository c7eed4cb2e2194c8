"""Where the derivative of a formula may jump: the zeros of the expressions that decide on a piece.

The zero of a linear expression is exact. Those of others are looked for on a grid from -50 to 50
and refined by bisection; what lies beyond, or two zeros between neighbours of the grid, is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import sympy

LOWEST, HIGHEST, POINTS = -50.0, 50.0, 2001

#: At most so many are kept, those nearest to 0: abs(sin(x)) has one every 3.
MOST = 32

#: Halvings of an interval of the grid, 0.05 wide: down to one rounding.
_HALVINGS = 60


def kinks(
    switches: Sequence[sympy.Expr], variable: sympy.Symbol, evaluate: Callable[..., None]
) -> tuple[float, ...]:
    """Return the places, in order, at which one of ``switches`` changes its sign.

    ``evaluate(values, found)`` writes what all of them are at ``values[0]``.
    """
    places: set[float] = set()
    for place, switch in enumerate(switches):
        if switch.is_polynomial(variable) and sympy.degree(switch, variable) == 1:
            slope = switch.diff(variable)
            places.add(float(-switch.subs(variable, 0) / slope))
        else:
            places |= _sign_changes(place, len(switches), evaluate)
    nearest = sorted((each + 0.0 for each in places), key=abs)[:MOST]
    return tuple(sorted(nearest))


def _sign_changes(place: int, count: int, evaluate: Callable[..., None]) -> set[float]:
    def sign(x: float) -> float:
        found = np.empty(count)
        with np.errstate(all="ignore"):
            try:
                evaluate(np.array([x]), found)
            except (ArithmeticError, ValueError):
                return np.nan
        return float(np.sign(found[place]))

    known = [(x, s) for x in np.linspace(LOWEST, HIGHEST, POINTS).tolist() if (s := sign(x))]
    found = set()
    for (low, before), (high, after) in pairwise(known):
        if before * after < 0:
            found.add(_bisect(sign, low, high, before))
    return found


def _bisect(sign: Callable[[float], float], low: float, high: float, before: float) -> float:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = sign(middle)
        if found == 0:
            return middle
        low, high = (middle, high) if found == before else (low, middle)
    return high
