"""Exact intervals and tests of shares against SciPy's binomial distribution."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from nncli.statistics.multiplicity import ALPHA
from nncli.statistics.shares import (
    at_least,
    at_most,
    equivalence_of_shares,
    exact_interval,
    needed,
    share_test,
)

COUNTS = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))

#: Two implementations of the incomplete beta function.
ROUNDING = 1e-9


@given(COUNTS)
def test_the_interval_is_clopper_and_pearson_s(counts: tuple[int, int]) -> None:
    wanted = stats.binomtest(*counts).proportion_ci(method="exact")
    assert exact_interval(*counts) == pytest.approx((wanted.low, wanted.high), abs=ROUNDING)


@given(COUNTS, st.floats(0.01, 0.99))
def test_tails_are_the_binomial_distribution_s(counts: tuple[int, int], share: float) -> None:
    k, n = counts
    assert at_least(k, n, share) == pytest.approx(stats.binom.sf(k - 1, n, share), abs=ROUNDING)
    assert at_most(k, n, share) == pytest.approx(stats.binom.cdf(k, n, share), abs=ROUNDING)


@given(COUNTS, st.floats(0.01, 0.99))
def test_the_test_says_what_the_interval_says(counts: tuple[int, int], share: float) -> None:
    low, high = exact_interval(*counts)
    assume(min(abs(low - share), abs(high - share)) > 1e-9)
    assert (share_test(*counts, share) <= 0.05) == (not low < share < high)


@given(COUNTS, st.floats(-0.2, 1.2), st.floats(0.05, 0.5))
@example((0, 1), -0.1875, 0.125)  # a tolerance that lies wholly where no share is
def test_equivalence_says_what_the_interval_says(
    counts: tuple[int, int], low: float, width: float
) -> None:
    high = low + width
    ends = exact_interval(*counts)
    assume(min(abs(end - bound) for end in ends for bound in (low, high)) > 1e-9)
    inside = (low < ends[0] or low < 0) and (ends[1] < high or high > 1)
    outside = ends[1] < low or ends[0] > high
    assert (equivalence_of_shares(*counts, low, high) <= 0.05) == (inside or outside)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.95, 0.99])
def test_as_many_are_needed_as_show_it(share: float) -> None:
    n = needed(share)
    assert share_test(n, n, share) <= ALPHA
    assert n == 1 or share_test(n - 1, n - 1, share) > ALPHA
