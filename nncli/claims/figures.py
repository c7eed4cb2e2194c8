"""What a sample shows of one claim: the figures, the names of the tests, and what both go by."""

from __future__ import annotations

from dataclasses import dataclass

from nncli.claims.declaration import Claim

STUDENT, BINOMIAL = "Student's t", "exact binomial"
EQUIVALENCE, EQUIVALENCE_OF_SHARES = "two one-sided t", "two one-sided binomial"
SIGN = "sign"
NO_CHANCE = "none: no chance"


@dataclass(frozen=True)
class Figures:
    """What a sample shows of a claim, before others are known.

    ``estimate`` is the mean of the values (of trends, of their correlations; of values of which
    some are infinite the median, and of such differences nothing), from ``low`` to ``high`` its
    95% interval. ``p`` is two-sided; None is no test. ``least`` is the smallest that so many units
    could have. ``side`` is 1 where the sample lies on the claimed side, -1 where on the other;
    ``holds`` counts the units there, ``unknown`` those without a value.
    """

    n: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    least: float = 0.0
    side: int = 0
    holds: int = 0
    unknown: int = 0
    test: str = ""
    notes: tuple[str, ...] = ()


def bound_of(claim: Claim) -> float:
    """Return the number that is claimed to lie on one side of the values: margin included."""
    number = float(claim.other) if is_number(claim) else 0.0
    return number + claim.sign * claim.by


def is_number(claim: Claim) -> bool:
    """Say whether the values are compared with a number."""
    return not isinstance(claim.other, str)


def sign(value: float) -> int:
    """Return 1, 0 or -1."""
    return (value > 0) - (value < 0)
