"""Performance profiles on a small case by hand, and their score by another quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.statistics.profiles import performance_ratios, profile_scores, share_within, steps

INF = math.inf

#: Four problems, three solvers; the second solves all, the third the last one least.
COSTS = np.array([[10.0, 20.0, 30.0], [8.0, 4.0, 4.0], [5.0, 15.0, INF], [INF, 6.0, 24.0]])
RATIOS = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 1.0], [1.0, 3.0, INF], [INF, 1.0, 4.0]])


def test_ratios_by_hand() -> None:
    assert np.array_equal(performance_ratios(COSTS), RATIOS)


def test_shares_by_hand() -> None:
    expected = {1: [0.5, 0.5, 0.25], 2: [0.75, 0.75, 0.25], 3: [0.75, 1, 0.5], 4: [0.75, 1, 0.75]}
    for tau, shares in expected.items():
        assert share_within(RATIOS, tau).tolist() == shares
    assert share_within(RATIOS, 1.999).tolist() == expected[1]


def test_a_problem_that_none_solves_counts_against_all() -> None:
    ratios = performance_ratios(np.array([[1.0, 2.0], [INF, INF]]))
    assert np.array_equal(ratios, [[1.0, 2.0], [INF, INF]])
    assert share_within(ratios, 100).tolist() == [0.5, 0.5]


def test_scores_by_hand() -> None:
    """Between 1 and 4 the first has 0.5 up to 2 and 0.75 from there: (0.5 + 2 * 0.75) / 3."""
    expected = [(0.5 + 0.75 * 2) / 3, (0.5 + 0.75 + 1) / 3, (0.25 * 2 + 0.5) / 3]
    assert profile_scores(RATIOS) == pytest.approx(expected)


def test_the_score_is_the_integral() -> None:
    rng = np.random.default_rng(2)
    ratios = performance_ratios(rng.lognormal(size=(23, 4)))
    taus = np.linspace(1, 4, 30_001)
    heights = np.stack([share_within(ratios, tau) for tau in taus])
    # each of 23 steps moves the trapezoid rule by at most half a spacing of 1e-4, a 23rd high
    assert profile_scores(ratios) == pytest.approx(
        np.trapezoid(heights, taus, axis=0) / 3, abs=5e-5
    )


def test_the_best_and_the_worst_score() -> None:
    ratios = performance_ratios(np.array([[1.0, 9.0, INF], [2.0, 8.0, INF]]))
    assert profile_scores(ratios).tolist() == [1, 0, 0]


def test_steps_are_where_a_share_changes() -> None:
    places, heights = steps(RATIOS)
    assert places.tolist() == [1, 2, 3, 4]
    assert heights[:, 0].tolist() == [0.5, 0.75, 0.75, 0.75]
    assert steps(np.array([[1.0, INF]]))[0].tolist() == [1, 4]


@pytest.mark.parametrize("tau_max", [1.0, 0.5, math.inf, math.nan])
def test_a_range_without_width_is_refused(tau_max: float) -> None:
    with pytest.raises(ValueError, match="above 1"):
        profile_scores(RATIOS, tau_max)
