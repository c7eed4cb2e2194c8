"""Student's t against SciPy, and verdicts by p-values against those by intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from nncli.statistics.means import (
    equivalence_test,
    student_interval,
    student_test,
)
from nncli.statistics.paired import rounded_differences

SAMPLES = st.lists(st.floats(-100, 100), min_size=3, max_size=12).map(np.array)

#: Two ways through the same few sums in float64, and two implementations of the same function.
ROUNDING = 1e-9


@given(SAMPLES)
def test_interval_and_test_are_scipy_s(values: np.ndarray) -> None:
    assume(values.std() > 1e-6)
    wanted = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert student_interval(values) == pytest.approx(wanted, rel=ROUNDING, abs=1e-7)
    assert student_test(values) == pytest.approx(
        stats.ttest_1samp(values, 0).pvalue, rel=1e-6, abs=1e-12
    )


def test_gosset_s_own_example() -> None:
    """Hours of sleep gained by two drugs (Student 1908): t = 4.06, p = 0.0028 as in textbooks."""
    gained = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert student_test(gained) == pytest.approx(0.00283, abs=5e-6)


@given(SAMPLES, st.floats(0.01, 50))
def test_equivalence_says_what_the_interval_says(values: np.ndarray, within: float) -> None:
    assume(values.std() > 1e-3)
    low, high = student_interval(values)
    ends = np.array([low, high])
    assume(np.abs(np.abs(ends) - within).min() > 1e-6)  # on the edge rounding decides
    inside = -within < low and high < within
    outside = low > within or high < -within
    assert (equivalence_test(values, within) <= 0.05) == (inside or outside)


def test_equal_values_are_tested_by_their_sign() -> None:
    assert student_test(np.full(6, 0.1)) == 2.0**-5
    assert student_test(np.zeros(6)) == 1.0
    assert equivalence_test(np.full(6, 0.1), 0.2) == 2.0**-5
    assert all(math.isnan(end) for end in student_interval(np.full(6, 0.1)))


def test_one_value_shows_nothing() -> None:
    assert student_test(np.array([3.0])) == 1.0
    assert equivalence_test(np.array([0.0]), 1.0) == 1.0


def test_differences_without_the_digits_of_rounding() -> None:
    ours = np.array([0.9, 0.8, math.inf, math.inf, 1.0, math.nan, 5e-324])
    theirs = np.array([0.8, 0.7, math.inf, 1.0, -math.inf, 1.0, 0.0])
    found = rounded_differences(ours, theirs)
    assert found[:2].tolist() == [0.1, 0.1]
    assert found[2:5].tolist() == [0.0, math.inf, math.inf]
    assert math.isnan(found[5])
    assert found[6] == 5e-324
