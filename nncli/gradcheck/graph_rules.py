"""The operations of a computation graph, each with its value and its derivative by every operand.

A value is computed from float64 or complex128 scalars. Functions with a kink choose their piece by
the real part, so that a complex step differentiates the piece that is taken. What stands outside a
function's domain is NaN, never an error: who asks for the value says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Scalar = Any
"""A float64 or complex128 scalar of NumPy."""


@dataclass(frozen=True)
class Rule:
    """One operation ``y = f(x0, x1, ...)``.

    ``value(*xs)`` is y. ``slopes[k](y, *xs)`` is dy/dxk, of real numbers. ``texts[k]`` writes that
    derivative, with ``{y}``, ``{0}``, ``{1}``, ... for the names. ``any_number`` marks functions of
    two to eight operands, whose one slope takes k in the place of y.
    """

    value: Callable[..., Scalar]
    slopes: tuple[Callable[..., Scalar], ...]
    texts: tuple[str, ...]
    any_number: bool = False

    def slope(self, place: int, y: Scalar, xs: tuple[Scalar, ...]) -> float:
        """Return the derivative by the operand at ``place``."""
        if self.any_number:
            return float(self.slopes[0](place, *xs))
        return float(self.slopes[place](y, *xs))

    def text(self, place: int, y: str, xs: tuple[str, ...]) -> str:
        """Return that derivative in words."""
        if self.any_number:
            return self.texts[0].format(xs[place])
        return self.texts[place].format(*xs, y=y)


def _power(x: Scalar, n: Scalar) -> Scalar:
    """``x**n``; by squaring for complex x and whole n, since ``exp(n ln x)`` loses a tiny step."""
    if not isinstance(x, np.complexfloating) or n.imag != 0 or n.real != np.floor(n.real):
        return x**n
    result, factor, left = x * 0 + 1, x, int(abs(n.real))
    while left:
        result = result * factor if left & 1 else result
        factor, left = factor * factor, left >> 1
    return result if n.real >= 0 else 1 / result


def _power_by_base(y: Scalar, x: Scalar, n: Scalar) -> Scalar:
    return n * x ** (n - 1) if n != 0 else 0.0


def _power_by_exponent(y: Scalar, x: Scalar, n: Scalar) -> Scalar:
    if x == 0 and n > 0:
        return 0.0  # 0**n is 0 all round n
    return y * np.log(x)


def _sigmoid(x: Scalar) -> Scalar:
    """``1 / (1 + exp(-x))``, without overflow on either side."""
    if x.real >= 0:
        return 1 / (1 + np.exp(-x))
    return np.exp(x) / (1 + np.exp(x))


def _sigmoid_slope(y: Scalar, x: Scalar) -> Scalar:
    """``y (1 - y)``, without the cancellation in ``1 - y``."""
    small = np.exp(-abs(x))
    return small / (1 + small) ** 2


def _largest(*xs: Scalar) -> int:
    return max(range(len(xs)), key=lambda k: xs[k].real)


def _smallest(*xs: Scalar) -> int:
    return min(range(len(xs)), key=lambda k: xs[k].real)


RULES: dict[str, Rule] = {
    "+": Rule(lambda a, b: a + b, (lambda y, a, b: 1.0, lambda y, a, b: 1.0), ("1", "1")),
    "-": Rule(lambda a, b: a - b, (lambda y, a, b: 1.0, lambda y, a, b: -1.0), ("1", "(-1)")),
    "*": Rule(lambda a, b: a * b, (lambda y, a, b: b, lambda y, a, b: a), ("{1}", "{0}")),
    "/": Rule(
        lambda a, b: a / b,
        (lambda y, a, b: 1 / b, lambda y, a, b: -y / b),
        ("1/{1}", "(-{y}/{1})"),
    ),
    "**": Rule(
        _power,
        (_power_by_base, _power_by_exponent),
        ("{1}*{0}**({1}-1)", "{y}*log({0})"),
    ),
    "negative": Rule(lambda x: -x, (lambda y, x: -1.0,), ("(-1)",)),
    "exp": Rule(np.exp, (lambda y, x: y,), ("{y}",)),
    "log": Rule(np.log, (lambda y, x: 1 / x,), ("1/{0}",)),
    "sqrt": Rule(np.sqrt, (lambda y, x: 1 / (2 * y),), ("1/(2*{y})",)),
    "sin": Rule(np.sin, (lambda y, x: np.cos(x),), ("cos({0})",)),
    "cos": Rule(np.cos, (lambda y, x: -np.sin(x),), ("(-sin({0}))",)),
    # 1 / cosh^2 is 1 - tanh^2 without the cancellation.
    "tanh": Rule(np.tanh, (lambda y, x: 1 / np.cosh(x) ** 2,), ("(1-{y}**2)",)),
    "sigmoid": Rule(_sigmoid, (_sigmoid_slope,), ("{y}*(1-{y})",)),
    "relu": Rule(
        lambda x: x if x.real > 0 else x * 0,
        (lambda y, x: 1.0 if x > 0 else 0.0,),
        ("[{0} > 0]",),
    ),
    "abs": Rule(lambda x: x if x.real >= 0 else -x, (lambda y, x: np.sign(x),), ("sign({0})",)),
    "max": Rule(
        lambda *xs: xs[_largest(*xs)],
        (lambda k, *xs: 1.0 if k == _largest(*xs) else 0.0,),
        ("[{0} is largest]",),
        any_number=True,
    ),
    "min": Rule(
        lambda *xs: xs[_smallest(*xs)],
        (lambda k, *xs: 1.0 if k == _smallest(*xs) else 0.0,),
        ("[{0} is smallest]",),
        any_number=True,
    ),
}
"""All operations: the operators by their sign, the functions by their name."""

FUNCTIONS = tuple(name for name in RULES if name.isalpha() and name != "negative")
