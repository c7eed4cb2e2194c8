"""The tests of conditions, which hold of a unit or do not: of their share, and of differences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.claims.declaration import Claim
from nncli.claims.figures import BINOMIAL, EQUIVALENCE_OF_SHARES, Figures, bound_of, is_number, sign

if TYPE_CHECKING:
    from nncli.statistics.resampling import Floats


def is_binary(claim: Claim, values: Floats) -> bool:
    """Say whether a share is compared with a number, each unit being one trial of it."""
    import numpy as np

    binary = bool(((values == 0) | (values == 1) | np.isnan(values)).all())
    return claim.measured.is_share and is_number(claim) and binary


def share_figures(claim: Claim, values: Floats, figures: Figures) -> Figures:
    """Test how often a condition holds, against a number.

    Where it is not known of some units, they may hold or not: the largest p-value counts, and none
    where that would change sides.
    """
    import numpy as np

    n, successes, unknown = len(values), int(np.nansum(values)), int(np.isnan(values).sum())
    tested = _share_equals if claim.comparison == "equals" else _share_beyond
    ways = [tested(claim, successes + more, n) for more in range(unknown + 1)]
    found = max(ways, key=lambda way: way.p or 0.0)
    if len({way.side for way in ways}) > 1:
        found = replace(found, p=1.0, side=0)
    return replace(figures, p=found.p, least=found.least, side=found.side, test=found.test)


def _share_beyond(claim: Claim, successes: int, n: int) -> Figures:
    """Test whether a share lies on the claimed side of a number."""
    from nncli.statistics.shares import share_test

    bound = bound_of(claim)
    least = min(share_test(0, n, bound), share_test(n, n, bound))
    side = sign(successes / n - bound) * claim.sign
    return Figures(p=share_test(successes, n, bound), least=least, side=side, test=BINOMIAL)


def _share_equals(claim: Claim, successes: int, n: int) -> Figures:
    """Test whether a share lies within the tolerance, or outside it."""
    from nncli.statistics.shares import equivalence_of_shares

    low, high = bound_of(claim) - claim.within, bound_of(claim) + claim.within
    ways = [equivalence_of_shares(k, n, low, high) for k in range(n + 1)]
    side = 1 if low <= successes / n <= high else -1
    return Figures(p=ways[successes], least=min(ways), side=side, test=EQUIVALENCE_OF_SHARES)


def equal_shares(apart: float, n: int, within: float) -> float:
    """Return the p-value of ``n`` differences of conditions that are all ``apart`` from 0."""
    from nncli.statistics.shares import equals_test

    if apart > within:
        return equals_test(apart, n, within, -1.0)
    return max(equals_test(apart, n, end * within, end) for end in (-1.0, 1.0))
