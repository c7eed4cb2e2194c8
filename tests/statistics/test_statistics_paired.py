"""Paired tests against published examples, against SciPy, and counted out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from nncli.statistics import paired
from nncli.statistics.paired import (
    FEW,
    PERMUTATION,
    RANK_PERMUTATION,
    WILCOXON,
    paired_test,
    rank_biserial,
    signed_ranks,
)

#: Heights of cross- minus self-fertilized maize, in eighths of an inch (Darwin 1876, in Fisher
#: 1935, "The Design of Experiments", 3).
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)

#: Depression scale at two visits (Hollander & Wolfe 1973, table 1, p. 29).
FIRST = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
SECOND = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


def counted_out(differences: list[float]) -> float:
    sums = [
        abs(math.fsum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    real = abs(math.fsum(differences))
    return sum(each >= real * (1 - 1e-12) for each in sums) / len(sums)


def test_fisher_s_count_of_darwin_s_maize(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fisher counts 863 of 2^15 sums at least as large, 1726 on both sides."""
    monkeypatch.setattr(paired, "FEW", 15)
    found = paired_test(DARWIN)
    assert found.test == PERMUTATION
    assert found.p == pytest.approx(1726 / 2**15, abs=1e-12)


def test_wilcoxon_of_darwin_s_maize() -> None:
    """Rank sums 96 and 24 by hand; p as SciPy's documentation prints it."""
    found = paired_test(DARWIN)
    assert found.test == WILCOXON
    assert found.p == pytest.approx(0.041259765625, abs=1e-12)
    assert found.effect == pytest.approx((96 - 24) / 120)


def test_hollander_and_wolfe_s_ranks() -> None:
    """V = 40 and 5; the exact one-sided p-value is 0.01953 (also in R's help of wilcox.test)."""
    ranks = signed_ranks(FIRST - SECOND)
    assert ranks[ranks > 0].sum() == 40
    assert ranks[ranks < 0].sum() == -5
    assert rank_biserial(ranks) == pytest.approx(35 / 45)
    assert stats.wilcoxon(FIRST - SECOND).pvalue == pytest.approx(2 * 0.01953, abs=1e-5)
    assert paired_test(FIRST - SECOND).effect == pytest.approx(35 / 45)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, FEW])
def test_few_pairs_are_counted_out(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.5, size=n)
    found = paired_test(differences)
    assert found.test == PERMUTATION
    if n <= 8:
        assert found.p == pytest.approx(counted_out(differences.tolist()), abs=1e-12)
    assert found.p * 2**n == pytest.approx(round(found.p * 2**n), abs=1e-9)  # a count of ways


def test_by_hand() -> None:
    """Of +-1 +-2 +-3, |sum| is 6 twice, 4 twice, 2 twice, 0 twice."""
    assert paired_test(np.array([1.0, 2.0, 3.0])).p == pytest.approx(2 / 8)
    assert paired_test(np.array([-1.0, 2.0, 3.0])).p == pytest.approx(4 / 8)
    assert paired_test(np.array([1.0, 2.0, -3.0])).p == 1
    assert paired_test(np.array([-1.0, 2.0, 3.0])).effect == pytest.approx((5 - 1) / 6)
    assert paired_test(np.array([1.0, -2.0, -3.0])).effect == pytest.approx((1 - 5) / 6)


def test_all_of_one_sign_is_the_least_there_is() -> None:
    for n in (2, 5, 9):
        found = paired_test(-np.arange(1.0, n + 1))
        assert found.p == pytest.approx(2 ** (1 - n))
        assert found.effect == -1


def test_more_pairs_are_ranked() -> None:
    differences = np.random.default_rng(4).normal(0.3, size=FEW + 1)
    found = paired_test(differences)
    assert found.test == WILCOXON
    assert found.p == pytest.approx(stats.wilcoxon(differences).pvalue, abs=1e-12)


def test_ties_between_pairs_and_pairs_that_are_tied() -> None:
    few = np.array([0.0, 0.0, 1.0, 1.0, -1.0, 2.0])
    # each zero doubles ways and hits alike
    assert paired_test(few).p == pytest.approx(counted_out([1, 1, -1, 2]))
    assert signed_ranks(few).tolist() == [0, 0, 2, 2, -2, 4]
    many = np.concatenate([few, few, few])
    assert paired_test(many).p == pytest.approx(stats.wilcoxon(many[many != 0]).pvalue)


@pytest.mark.parametrize("n", [1, 4, 30])
def test_no_difference_at_all(n: int) -> None:
    found = paired_test(np.zeros(n))
    assert (found.p, found.effect) == (1, 0)


def test_a_diverged_run_ranks_above_all_others() -> None:
    differences = np.array([0.1, 0.2, -0.3, math.inf, 0.05])
    found = paired_test(differences)
    assert found.test == RANK_PERMUTATION
    assert signed_ranks(differences).tolist() == [2, 3, -4, 5, 1]
    assert found.p == pytest.approx(counted_out([2, 3, -4, 5, 1]))
    assert found.effect == pytest.approx((11 - 4) / 15)


def test_several_diverged_runs_share_the_highest_ranks() -> None:
    differences = np.array([1.0, -math.inf, math.inf, -math.inf, 2.0, 3.0, 0.0])
    assert signed_ranks(differences).tolist() == [1, -5, 5, -5, 2, 3, 0]
    many = np.concatenate([differences, differences])
    assert 0 < paired_test(many).p <= 1


def test_how_ranks_are_made_by_someone_else() -> None:
    many = np.random.default_rng(8).integers(-6, 7, size=40).astype(float)
    nonzero = many[many != 0]
    expected = stats.rankdata(np.abs(nonzero))
    positive, negative = expected[nonzero > 0].sum(), expected[nonzero < 0].sum()
    assert rank_biserial(signed_ranks(many)) == pytest.approx(
        (positive - negative) / (positive + negative)
    )
    assert paired_test(many).p == pytest.approx(stats.wilcoxon(nonzero).pvalue, abs=1e-12)
