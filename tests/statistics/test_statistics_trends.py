"""Kendall's tau against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from nncli.statistics.trends import kendall_tau, steadiness

SERIES = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), min_size=2, max_size=10)


@given(SERIES)
def test_tau_is_scipy_s(pairs: list[tuple[int, int]]) -> None:
    levels, values = (np.array(each, dtype=float) for each in zip(*pairs, strict=True))
    assume(len(set(levels)) > 1 and len(set(values)) > 1)
    # whole counts under one root: a few units of the last place
    wanted = stats.kendalltau(levels, values).statistic
    assert kendall_tau(levels, values) == pytest.approx(wanted, abs=1e-12)


def test_only_the_order_counts() -> None:
    levels = np.array([1.0, 2, 3])
    assert kendall_tau(levels, np.array([0.1, 5, math.inf])) == 1
    assert kendall_tau(levels, np.array([math.inf, math.inf, math.inf])) == 0
    assert math.isnan(kendall_tau(levels, np.array([1, math.nan, 3])))


def test_steadiness_is_one_where_no_step_falls() -> None:
    levels = np.array([1.0, 2, 3, 4])
    assert steadiness(levels, np.array([1.0, 1, 2, 2])) == 1
    assert steadiness(levels, np.array([1.0, 1, 2, 1.5])) < 1
    assert steadiness(levels, np.array([1.0, 1, 1, 1])) == 0
    assert math.isnan(steadiness(levels, np.array([1, math.nan, 3, 4])))
