"""Shares: how often something holds, ``successes`` of ``n``, and what that says; all exact."""

from __future__ import annotations

import math

from nncli.statistics.intervals import LEVEL
from nncli.statistics.multiplicity import ALPHA


def exact_interval(successes: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the ends of the exact interval of a share.

    Those shares of which neither ``successes`` or more nor as many or fewer would be rarer than
    ``(1 - level) / 2``, by quantiles of the beta distribution (Clopper & Pearson 1934, "The use of
    confidence or fiducial limits"). It holds the share at least as often as it says, for every n.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high


def share_test(successes: int, n: int, share: float) -> float:
    """Return the two-sided p-value of a share: twice the smaller tail, at most 1.

    So it is at most 1 - level where the exact interval of that level leaves the share out.
    """
    return min(1.0, 2 * min(at_least(successes, n, share), at_most(successes, n, share)))


def equivalence_of_shares(successes: int, n: int, low: float, high: float) -> float:
    """Return the p-value that a share is not on the side of ``low`` to ``high`` where it is seen.

    Twice the larger tail of both bounds where ``successes / n`` lies between them, twice that of
    the bound it is beyond where not. A bound outside 0 to 1 cannot be passed.
    """
    seen = successes / n
    if low <= seen <= high:
        below = 0.0 if low < 0 else at_least(successes, n, low)
        above = 0.0 if high > 1 else at_most(successes, n, high)
        return min(1.0, 2 * max(below, above))
    if low > 1 or high < 0:
        return 0.0  # where no share is
    tail = at_most(successes, n, low) if seen < low else at_least(successes, n, high)
    return min(1.0, 2 * tail)


def equals_test(value: float, n: int, bound: float, end: float) -> float:
    """Return the two-sided p-value that a mean lies beyond ``bound``, if ``n`` draws are ``value``.

    Of draws that lie between ``value`` and ``end``, which is beyond the bound: their mean can only
    be there if less than ``share`` of them are ``value``.
    """
    share = (bound - end) / (value - end)
    return min(1.0, 2 * float(max(share, 0.0)) ** n)


def at_least(successes: int, n: int, share: float) -> float:
    """Return the probability of ``successes`` or more of ``n``."""
    from scipy.special import betainc

    if successes <= 0:
        return 1.0
    return float(betainc(successes, n - successes + 1, min(max(share, 0.0), 1.0)))


def at_most(successes: int, n: int, share: float) -> float:
    """Return the probability of ``successes`` or fewer of ``n``."""
    return at_least(n - successes, n, 1 - share)


def needed(share: float) -> int:
    """Return how many of as many must hold so that a share above ``share`` is shown.

    The least n with ``2 share^n <= ALPHA``.
    """
    if share <= 0:
        return 1
    return max(1, math.ceil(math.log(ALPHA / 2) / math.log(share) - 1e-9))
