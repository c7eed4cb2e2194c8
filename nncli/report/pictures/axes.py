"""Axes: where values lie between the ends of an axis, and round numbers to mark on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nncli.report.text import number

#: Larger numbers count as infinite: the difference of two of them may be.
LARGEST = 1e300

#: An axis that nobody decided on is logarithmic where its positive values span more than this.
LOG_SPAN = 20.0


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` to ``high``; of a logarithmic one these are exponents of ten.

    ``whole`` says that only whole numbers are marked.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def of(cls, values: Iterable[float], log: bool | None = False, *, whole: bool = False) -> Axis:
        """Return the axis that finite values need; one value gets some room around it.

        ``log`` None lets the values decide. Raises ValueError without any value.
        """
        listed = list(values)
        low, high = min(listed), max(listed)
        if log is None:
            log = spans(low, high)
        if log:
            low, high = math.log10(low), math.log10(high)
        if low == high:
            room = 0.5 if log else abs(low) / 2 or 1.0
            low, high = low - room, high + room
        return cls(low, high, log, whole)

    def place(self, value: float) -> float:
        """Return a value in the axis's own terms, between ``low`` and ``high``."""
        return math.log10(value) if self.log else value

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 at its low end and 1 at its high one."""
        return (self.place(value) - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return up to about ``most`` places with round numbers, and how they are written."""
        values = log_ticks(self.low, self.high, most) if self.log else ()
        if self.log and len(values) >= 2:
            return [(math.log10(value), number(value)) for value in values]
        if self.log:  # within a decade or less the numbers between are the round ones
            inner = linear_ticks(10**self.low, 10**self.high, most)
            return [(math.log10(value), number(value)) for value in inner if value > 0]
        found = linear_ticks(self.low, self.high, most)
        if self.whole:
            found = [value for value in found if value == round(value)] or [round(self.low)]
        return [(value, number(value, 6)) for value in found]


def is_drawable(value: float) -> bool:
    """Say whether a number has a place on an axis."""
    return abs(value) <= LARGEST  # not so of NaN


def spans(low: float, high: float) -> bool:
    """Say whether values from ``low`` to ``high`` are better seen on a logarithmic axis."""
    return low > 0 and high / low > LOG_SPAN


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return up to ``most`` multiples of 1, 2 or 5 powers of ten from ``low`` to ``high``."""
    span = (high - low) / max(1, most)
    if not (span > 0 and math.isfinite(span)):
        return [low]
    power = math.floor(math.log10(span))
    for factor, exponent in ((1, 0), (2, 0), (5, 0), (1, 1), (2, 1), (5, 1)):
        step = factor * 10.0 ** (power + exponent)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            # rounded, since 3 * 0.1 is not 0.3; 0.0 for -0.0
            return [round(p * step, max(0, -power) + 1) + 0.0 for p in range(first, last + 1)]
    return [low]


def log_ticks(low: float, high: float, most: int) -> Sequence[float]:
    """Return powers of ten between two exponents; with 2 and 5 times them where few fit."""
    decades = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(decades) > most:
        step = -(-len(decades) // most)
        return [10.0**each for each in decades if each % step == 0]
    inside = (low - 1e-9, high + 1e-9)
    for factors in ((1, 2, 5), (1, 3)):
        fine = [
            factor * 10.0**each
            for each in range(math.floor(low), math.ceil(high) + 1)
            for factor in factors
            if inside[0] <= math.log10(factor) + each <= inside[1] and 10.0**each > 0
        ]
        if len(fine) <= most:
            return fine
    return [10.0**each for each in decades]
