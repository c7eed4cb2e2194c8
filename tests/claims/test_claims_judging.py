"""Verdicts on samples whose truth is known: drawn, made by hand, and degenerate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.claims import Claim
from nncli.claims.declaration import REFUTED, SUPPORTED, UNDECIDED
from nncli.claims.figures import BINOMIAL, EQUIVALENCE, NO_CHANCE, SIGN, STUDENT
from nncli.claims.judging import Judged, judge_samples
from nncli.claims.samples import Sample, no_sample
from nncli.statistics.paired import PERMUTATION, RANK_PERMUTATION

INF, NAN = math.inf, math.nan


def a_claim(**of: Any) -> Claim:
    return Claim(**{"says": "so it is", "value": "train_loss", **of})


def judge(claim: Claim, values: Any) -> Judged:
    return judge_samples([claim], [Sample(np.array(values, dtype=float))])[0]


RUNS = a_claim(below="act=relu")
NUMBER = a_claim(below=1.0)
SHARE = a_claim(value="train_loss < 1", above=0.5)
SAME = a_claim(equals="act=relu", within=0.5)
NEAR = a_claim(equals=1.0, within=0.5)
TREND = a_claim(falls_with="width")

#: Claims with samples that support them, each as (claim, values); mirrored they refute it.
SHOWN = [
    (RUNS, [-1.0, -2, -3, -2, -1, -3, -2, -1]),
    (a_claim(above="act=relu", by=0.5), [1.0, 2, 3, 2, 1, 3, 2, 1]),
    (NUMBER, [0.1, 0.2, 0.3, 0.2]),
    (a_claim(above=1.0), [2.1, 2.2, 2.3, 2.2]),
    (TREND, [-1.0, -0.5, -1, -0.8, -1, -1, -0.9, -1]),
    (SHARE, [1.0] * 8),
]


@pytest.mark.parametrize(("claim", "values"), SHOWN)
def test_a_large_effect_is_supported_and_its_reverse_refuted(
    claim: Claim, values: list[float]
) -> None:
    assert judge(claim, values).verdict == SUPPORTED
    number = 0.0 if isinstance(claim.other, str) else float(claim.other)
    middle = number + claim.sign * claim.by
    reverse = [2 * middle - value for value in values]
    assert judge(claim, reverse).verdict == REFUTED


@pytest.mark.parametrize(("claim", "values"), SHOWN)
def test_one_seed_decides_nothing(claim: Claim, values: list[float]) -> None:
    found = judge(claim, values[:1])
    assert found.verdict == UNDECIDED
    assert "too few seeds: 1" in found.reason


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.1, -0.1, 0.05, 0.02], SUPPORTED),
        ([0.9, 1.1, 1.0, 1.05], REFUTED),
        ([-0.9, -1.1, -1.0, -1.05], REFUTED),
        ([0.2, 0.9, 0.5, 0.3], UNDECIDED),
    ],
)
def test_equal_within_a_tolerance(values: list[float], verdict: str) -> None:
    assert judge(SAME, values).verdict == verdict
    assert judge(NEAR, [1 + value for value in values]).verdict == verdict
    assert judge(SAME, values).figures.test == EQUIVALENCE


def test_each_sort_of_comparison_has_its_test() -> None:
    tests = [judge(claim, values).figures.test for claim, values in SHOWN]
    both = f"{PERMUTATION}, {STUDENT}"
    assert tests == [both, both, STUDENT, STUDENT, both, BINOMIAL]


# Under the null hypothesis. Of a two-sided test at 5% at most 2.5% of samples are on the claimed
# side, and as many on the other; 1000 draws have a standard error of 0.5% there, so 4% is three of
# them above. Seeds are fixed: what holds once holds always.
DRAWS, TOO_MANY = 1000, 0.04


@pytest.mark.parametrize(
    ("claim", "shift"), [(RUNS, 0.0), (a_claim(above="act=relu", by=2.0), 2.0), (NUMBER, 1.0)]
)
@pytest.mark.parametrize("seeds", [8, 20])
def test_chance_alone_supports_and_refutes_little(claim: Claim, shift: float, seeds: int) -> None:
    rng = np.random.default_rng(24)
    draws = shift + rng.standard_normal((DRAWS, seeds))
    verdicts = [judge(claim, each).verdict for each in draws]
    assert verdicts.count(SUPPORTED) / DRAWS <= TOO_MANY
    assert verdicts.count(REFUTED) / DRAWS <= TOO_MANY


def test_a_share_at_its_bound_is_seldom_supported() -> None:
    rng = np.random.default_rng(21)
    verdicts = [judge(SHARE, each).verdict for each in rng.integers(0, 2, (DRAWS, 12))]
    assert verdicts.count(SUPPORTED) / DRAWS <= TOO_MANY
    assert verdicts.count(REFUTED) / DRAWS <= TOO_MANY


def test_shares_that_differ_by_more_than_a_margin_are_not_refuted() -> None:
    """Most pairs of a condition are ties, and less a margin they all lie on one side of zero."""
    claim = a_claim(value="train_loss < 1", above="act=relu", by=0.1)
    differences = [1.0] * 20 + [0.0] * 80  # shares 0.2 apart
    found = judge(claim, differences)
    assert (found.verdict, found.figures.test) == (SUPPORTED, STUDENT)
    assert judge(claim, [0.0] * 100).verdict == REFUTED


@pytest.mark.parametrize(
    ("claim", "share"),
    [
        (a_claim(value="train_loss < 1", above="act=relu", by=0.9), 0.85),
        (a_claim(value="train_loss < 1", equals="act=relu", within=0.05), 0.1),
    ],
)
def test_conditions_that_differ_alike_in_all_pairs_show_no_margin(
    claim: Claim, share: float
) -> None:
    """Ten pairs that are all alike come by chance in 20 to 35% of draws with these shares.

    Of 400 families 5% are 20, and 37 are four deviations more.
    """
    draws = np.random.default_rng(23).random((400, 10)) < share
    assert sum(judge(claim, each).verdict == SUPPORTED for each in draws) <= 37


def test_conditions_that_differ_in_all_pairs_show_a_small_margin() -> None:
    claim = a_claim(value="train_loss < 1", above="act=relu", by=0.2)
    assert judge(claim, [1.0] * 10).verdict == SUPPORTED
    assert judge(claim, [-1.0] * 10).verdict == REFUTED
    assert judge(claim, [0.0] * 10).verdict == UNDECIDED  # a fifth of the pairs may differ


def test_a_condition_that_is_not_known_may_hold_or_not() -> None:
    few = a_claim(value="grad_norm@1 < 1", below=0.5)
    assert judge(few, [0.0] * 10).verdict == SUPPORTED
    assert judge(few, [0.0] * 10 + [NAN]).verdict == SUPPORTED
    assert judge(few, [0.0] * 10 + [NAN] * 4).verdict == UNDECIDED
    assert judge(few, [NAN] * 10).verdict == UNDECIDED
    found = judge(few, [1.0] * 20 + [NAN])
    assert (found.verdict, found.figures.estimate) == (REFUTED, 1.0)
    assert "1 of 21 have no value" in found.reason
    pairs = a_claim(value="grad_norm@1 < 1", above="act=relu")
    assert judge(pairs, [1.0] * 10 + [NAN]).verdict == SUPPORTED
    assert judge(pairs, [1.0] * 6 + [NAN] * 5).verdict == UNDECIDED


@pytest.mark.parametrize("seeds", [6, 10, 13, 20])
def test_skewed_differences_without_effect_are_seldom_taken_for_one(seeds: int) -> None:
    """Exponential differences around a mean of zero: signs, ranks or t alone err in 7 to 17%.

    Of 400 families 5% are 20, and 37 are four deviations more.
    """
    rng = np.random.default_rng(seeds)
    verdicts = [judge(RUNS, rng.exponential(1, seeds) - 1).verdict for _ in range(400)]
    assert sum(each != UNDECIDED for each in verdicts) <= 37


def test_without_chance_and_without_values_nothing_is_said_of_chance() -> None:
    found = judge(a_claim(above=1.0, chance=False), [math.nan] * 6)
    assert (found.verdict, found.reason) == (
        UNDECIDED,
        "6 of 6 seeds have no value; 6 of 6 have no value",
    )


def test_a_verdict_is_never_against_the_mean_that_is_shown() -> None:
    found = judge(RUNS, [-0.01] * 18 + [1.0, 1.0])
    assert found.verdict == UNDECIDED
    assert found.figures.estimate is not None
    assert found.figures.estimate > 0


def test_equal_values_tell_of_the_typical_run_alone() -> None:
    found = judge(a_claim(below=0.04), [0.0] * 10)
    assert (found.verdict, found.figures.test) == (SUPPORTED, SIGN)
    assert "typical run, up to 31% may differ" in found.reason
    assert judge(a_claim(below=0.04), [0.0] * 10 + [0.5]).verdict == UNDECIDED


def test_at_the_edge_of_the_tolerance_equality_is_seldom_decided() -> None:
    rng = np.random.default_rng(22)
    draws = 1.5 + 0.1 * rng.standard_normal((DRAWS, 10))  # the mean lies on the edge of NEAR
    verdicts = [judge(NEAR, each).verdict for each in draws]
    assert verdicts.count(SUPPORTED) / DRAWS <= TOO_MANY
    assert verdicts.count(REFUTED) / DRAWS <= TOO_MANY


@pytest.mark.slow
def test_of_ten_claims_without_truth_hardly_any_family_holds_a_verdict() -> None:
    """Holm bounds the chance of any by 5%; 100 families have a standard error of 2.2%."""
    rng = np.random.default_rng(23)
    claims = [a_claim(says=str(k), below="act=relu") for k in range(10)]
    families = 0
    for _ in range(100):
        samples = [Sample(rng.standard_normal(12)) for _ in claims]
        verdicts = [each.verdict for each in judge_samples(claims, samples)]
        families += verdicts != [UNDECIDED] * len(claims)
    assert families <= 11


def test_what_is_shown_alone_may_not_be_among_others() -> None:
    values = np.array([-1.0] * 6)
    claims = [a_claim(says=str(k), below="act=relu") for k in range(4)]
    assert judge(claims[0], values).verdict == SUPPORTED
    found = judge_samples(claims, [Sample(values)] * 4)
    assert {each.verdict for each in found} == {UNDECIDED}
    assert "at least 8 are needed among 4 claims" in found[0].reason
    noisy = np.array([-1.0, -2, -3, -4, -5, -6, 0.1, -8])
    mixed = judge_samples(claims, [Sample(noisy), *[Sample(np.zeros(8))] * 3])
    assert "not after Holm's correction among 4 claims" in mixed[0].reason


def test_claims_without_a_sample_are_no_part_of_the_family() -> None:
    claims = [a_claim(says=str(k), below="act=relu") for k in range(9)]
    samples = [Sample(np.array([-1.0] * 6)), *[no_sample("nothing there")] * 8]
    first, second, *_ = judge_samples(claims, samples)
    assert (first.verdict, first.p_holm) == (SUPPORTED, 2.0**-5)
    assert (second.verdict, second.reason, second.p_holm) == (UNDECIDED, "nothing there", None)


def test_ties_show_nothing() -> None:
    assert judge(RUNS, [0.0] * 10).verdict == UNDECIDED
    assert judge(NUMBER, [1.0] * 10).verdict == UNDECIDED
    assert judge(SAME, [0.0] * 10).verdict == SUPPORTED


def test_equal_differences_have_no_interval_and_a_sign() -> None:
    found = judge(RUNS, [-0.25] * 10)
    assert (found.verdict, found.figures.estimate, found.figures.low) == (SUPPORTED, -0.25, None)
    assert found.figures.p == 2.0**-9
    assert judge(NUMBER, [0.25] * 10).verdict == SUPPORTED
    assert judge(NUMBER, [0.25] * 3).verdict == UNDECIDED


def test_runs_that_diverged_rank_above_all() -> None:
    """All but one better, and that one infinitely worse: no mean, but signed ranks."""
    values = [-1.0, -2, -3, -4, -5, -6, -7, -8, -9, INF]
    found = judge(RUNS, values)
    assert found.figures.test == RANK_PERMUTATION
    assert "1 of 10 infinite" in found.reason
    figures = found.figures
    assert (figures.estimate, figures.low, figures.high) == (None, None, None)  # see both medians
    assert judge(RUNS, [-INF] * 8).verdict == SUPPORTED
    assert judge(RUNS, [INF] * 8).verdict == REFUTED


def test_against_a_number_the_infinite_make_it_a_median() -> None:
    found = judge(NUMBER, [0.5] * 9 + [INF])
    assert (found.figures.estimate, found.figures.low) == (0.5, None)
    assert judge(NUMBER, [INF] * 8).verdict == REFUTED
    assert judge(NEAR, [INF] * 8).verdict == REFUTED
    assert judge(NEAR, [1.0] * 7 + [INF]).verdict == UNDECIDED


def test_what_has_no_value_counts_against_what_is_to_be_shown() -> None:
    good = [-1.0, -2, -3, -4, -5, -6, -7, -8]
    assert judge(RUNS, good).verdict == SUPPORTED
    assert judge(RUNS, [*good, *good, NAN]).verdict == SUPPORTED
    assert judge(RUNS, [*good[:6], NAN, NAN]).verdict == UNDECIDED
    assert judge(RUNS, [-value for value in good[:6]] + [NAN, NAN]).verdict == UNDECIDED
    assert judge(RUNS, [NAN] * 8).verdict == UNDECIDED
    assert judge(NEAR, [NAN] * 8).verdict == UNDECIDED
    assert judge(TREND, [NAN] * 8).verdict == UNDECIDED


def test_a_share_that_not_even_all_can_show_says_how_many_could() -> None:
    found = judge(a_claim(value="train_loss < 1", above=0.9), [1.0] * 10)
    assert found.verdict == UNDECIDED
    assert "at least 36 are needed" in found.reason
    assert judge(a_claim(value="train_loss < 1", above=0.9), [1.0] * 36).verdict == SUPPORTED


def test_a_share_has_an_exact_interval() -> None:
    found = judge(SHARE, [1.0] * 7 + [0.0] * 3)
    assert (found.figures.low, found.figures.high) == pytest.approx((0.3475, 0.9333), abs=1e-4)
    assert judge(a_claim(value="train_loss<1", equals=0.5, within=0.45), [1.0, 0] * 20).verdict == (
        SUPPORTED
    )


@pytest.mark.parametrize(
    ("claim", "values", "verdict"),
    [
        (a_claim(below="act=relu", chance=False), [-0.1], SUPPORTED),
        (a_claim(below="act=relu", chance=False), [0.0], REFUTED),
        (a_claim(below="act=relu", chance=False, by=0.2), [-0.1], REFUTED),
        (a_claim(above=1, chance=False), [1.5, 2.0], SUPPORTED),
        (a_claim(above=1, chance=False), [1.5, 0.5], UNDECIDED),
        (a_claim(above=1, chance=False), [NAN], UNDECIDED),
        (a_claim(equals=1, within=0.1, chance=False), [1.1], SUPPORTED),
        (a_claim(equals=1, within=0.1, chance=False), [1.2], REFUTED),
        (a_claim(rises_with="width", chance=False), [1.0], SUPPORTED),
        (a_claim(rises_with="width", chance=False), [0.8], REFUTED),
    ],
)
def test_without_chance_one_run_decides(claim: Claim, values: list[float], verdict: str) -> None:
    found = judge(claim, values)
    assert (found.verdict, found.p_holm, found.figures.test) == (verdict, None, NO_CHANCE)


def test_what_is_missing_leaves_it_undecided_with_its_figures() -> None:
    sample = Sample(np.array([-1.0] * 10), missing="half of it is done")
    found = judge_samples([RUNS], [sample])[0]
    assert (found.verdict, found.reason) == (UNDECIDED, "half of it is done")
    assert found.figures.estimate == -1


@given(
    st.sampled_from([RUNS, NUMBER, NEAR, SAME, TREND, SHARE]),
    st.lists(st.one_of(st.floats(), st.sampled_from([0.0, 1.0])), max_size=14),
)
def test_whatever_is_measured_there_is_a_verdict_and_a_reason(
    claim: Claim, values: list[float]
) -> None:
    found = judge(claim, values)
    assert found.verdict in (SUPPORTED, REFUTED, UNDECIDED)
    assert found.reason
    assert found.p_holm is None or 0 <= found.p_holm <= 1
    if len(values) < 3:
        assert found.verdict == UNDECIDED


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=14))
def test_a_claim_and_its_opposite_mirror_each_other(values: list[float]) -> None:
    mirrored = {SUPPORTED: REFUTED, REFUTED: SUPPORTED, UNDECIDED: UNDECIDED}
    found = judge(RUNS, values).verdict
    assert judge(a_claim(above="act=relu"), values).verdict == mirrored[found]
    assert judge(RUNS, [-value for value in values]).verdict == mirrored[found]
