"""Groups against a reference: which runs are paired, what is tested, and the word for it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from compared_arms import (
    ACCURACY,
    BASE,
    BETTER_BY,
    HIGHER,
    LOSS,
    RELU,
    arm,
    diverged,
    noted,
    runs,
    versus,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nncli.report.compare.versus import VERDICTS, compare_groups
from nncli.store.records import STATUSES


def test_one_comparison_by_hand() -> None:
    (row,), compared = versus(runs(arm("relu", BASE) + arm("tanh", HIGHER), "act"))
    assert (row["act"], row["pairs"], row["test"]) == ("tanh", 6, "exact permutation")
    assert row["difference"] == pytest.approx(0.0135)
    assert row["p"] == row["p_holm"] == pytest.approx(2 / 64)
    assert row["effect"] == 1
    assert row["ci_low"] < row["difference"] < row["ci_high"]
    assert row["verdict"] == "better"
    assert compared.notes[0] == "val_accuracy:best minus that of act=relu, paired by seed"


def test_the_other_way_round_and_the_other_metric() -> None:
    table = runs(arm("relu", BASE) + arm("tanh", HIGHER), "act")
    assert versus(table, {"act": "tanh"})[0][0]["verdict"] == "worse"
    losses = runs(arm("relu", BASE) + arm("tanh", HIGHER), "act", label=LOSS.label)
    (row,), _ = versus(losses, metric=LOSS)
    assert row["difference"] > 0
    assert row["verdict"] == "worse"


def test_five_seeds_are_too_few_and_six_are_not() -> None:
    """2/32 exceeds 0.05 even where all five differences have one sign; 2/64 does not."""
    (row,), compared = versus(runs(arm("relu", BASE[:5]) + arm("tanh", HIGHER[:5]), "act"))
    assert (row["p"], row["verdict"]) == (0.0625, "too few seeds")
    assert noted(compared, "with 1 comparison a difference, whatever its size, can be shown from 6")
    mixed = [a + b for a, b in zip(BASE, [0.01, -0.02, 0.01, -0.03, 0.02, 0.01], strict=True)]
    (row,), compared = versus(runs(arm("relu", BASE) + arm("tanh", mixed), "act"))
    assert row["verdict"] == "no difference shown"
    assert not noted(compared, "can be shown from")


def test_holm_s_correction_makes_six_too_few_for_many() -> None:
    arms = [each for act in ("tanh", "gelu") for each in arm(act, HIGHER)]
    found, compared = versus(runs(arm("relu", BASE) + arms, "act"))
    assert [row["p_holm"] for row in found] == [0.0625, 0.0625]
    assert {row["verdict"] for row in found} == {"too few seeds"}
    assert noted(compared, "corrected for 2 comparisons")
    assert noted(
        compared, "with 2 comparisons a difference, whatever its size, can be shown from 7"
    )


def test_each_group_is_compared_with_the_same_other_fields() -> None:
    rows = [
        (act, opt, seed, base + (0.1 if act == "tanh" else 0) + (0.2 if opt == "adam" else 0))
        for act in ("relu", "tanh", "gelu")
        for opt in ("sgd", "adam")
        for seed, base in enumerate(BASE)
    ]
    found, compared = versus(runs(rows, "act", "opt"), RELU, ("act", "opt"))
    assert [(row["act"], row["opt"]) for row in found] == [
        *(("gelu", "adam"), ("gelu", "sgd"), ("tanh", "adam"), ("tanh", "sgd")),
    ]
    assert [row["difference"] for row in found] == pytest.approx([0, 0, 0.1, 0.1])
    found, _ = versus(runs(rows, "act", "opt"), {"act": "relu", "opt": "sgd"}, ("act", "opt"))
    assert [row["difference"] for row in found] == pytest.approx([0.2, 0, 0.2, 0.3, 0.1])
    assert noted(compared, "minus that of act=relu, paired by seed")


def test_runs_of_other_data_are_no_pair() -> None:
    rows = [
        (act, data, seed, value)
        for act, data, values in [
            ("relu", "iris", BASE[:3]),
            ("relu", "moons", [0.2, 0.3, 0.1]),
            ("tanh", "iris", HIGHER[:3]),
            ("tanh", "moons", [0.25, 0.35, 0.15]),
        ]
        for seed, value in enumerate(values)
    ]
    table = runs(rows, "act", "data")
    (row,), compared = versus(table)
    assert row["pairs"] == 6
    assert row["difference"] == pytest.approx((sum(BETTER_BY[:3]) + 0.15) / 6)
    assert noted(compared, "paired by data and seed")
    (row,) = compare_groups(table, ["act"], RELU, ACCURACY, paired_by=["seed"]).table.records()
    assert row["pairs"] == 3
    (row,), compared = versus(table, {"data": "iris"}, ["data"])
    assert (row["data"], row["pairs"]) == ("moons", 3)
    assert noted(compared, "minus that of data=iris, paired by seed")


def test_unequal_seeds_are_paired_where_they_can_be() -> None:
    table = runs(arm("relu", BASE) + arm("tanh", [*HIGHER[2:], 0.5, 0.6], start=2), "act")
    (row,), compared = versus(table)
    assert row["pairs"] == 4
    assert row["difference"] == pytest.approx(sum(BETTER_BY[2:]) / 4)
    assert noted(compared, "4 seeds on one side only, left out: act=tanh")


def test_arms_without_a_common_seed() -> None:
    (row,), compared = versus(runs(arm("relu", BASE) + arm("tanh", HIGHER, start=10), "act"))
    assert row["pairs"] == 0
    assert row["verdict"] == "too few seeds"
    assert [row[n] for n in ("difference", "ci_low", "p", "p_holm", "effect", "test")] == [None] * 6
    assert noted(compared, "no pair with the reference: act=tanh")


def test_a_group_whose_reference_was_never_run() -> None:
    rows = [("relu", "sgd", 0, 0.9), ("tanh", "sgd", 0, 0.9), ("tanh", "adam", 0, 0.9)]
    found, compared = versus(runs(rows, "act", "opt"), RELU, ("act", "opt"))
    assert [(row["opt"], row["pairs"]) for row in found] == [("adam", 0), ("sgd", 1)]
    assert noted(compared, "no pair with the reference: act=tanh, opt=adam")


def test_one_seed() -> None:
    (row,), _ = versus(runs(arm("relu", [0.9]) + arm("tanh", [0.95]), "act"))
    assert (row["pairs"], row["p"], row["verdict"]) == (1, 1, "too few seeds")
    assert (row["ci_low"], row["ci_high"]) == (None, None)


def test_equal_arms() -> None:
    (row,), _ = versus(runs(arm("relu", BASE) + arm("tanh", BASE), "act"))
    assert (row["difference"], row["p"], row["effect"]) == (0, 1, 0)
    assert row["verdict"] == "no difference shown"
    assert row["ci_low"] is None


def test_a_constant_difference_is_one_in_spite_of_rounding() -> None:
    """Steps of 0.01 are no exact binary numbers: their differences differ in the last digits."""
    low, high = [0.89, 0.95, 0.92, 0.83, 0.1, 0.3, 0.97], [0.91, 0.97, 0.94, 0.85, 0.12, 0.32, 0.99]
    assert len({b - a for a, b in zip(low, high, strict=True)}) > 2
    table = runs(arm("relu", low) + arm("tanh", high), "act")
    (row,), _ = versus(table)
    assert row["ci_low"] is None
    assert row["p"] == pytest.approx(2 / 128)
    assert row["verdict"] == "better"


def test_the_same_seed_twice_counts_with_its_mean() -> None:
    table = runs(arm("relu", BASE) + arm("tanh", HIGHER) + [("tanh", 0, 0.5)], "act")
    (row,), compared = versus(table)
    assert row["pairs"] == 6
    first = (HIGHER[0] + 0.5) / 2 - BASE[0]
    assert row["difference"] == pytest.approx((first + sum(BETTER_BY[1:])) / 6)
    assert noted(compared, "several runs of one seed in a group: a pair holds the mean of them")


@pytest.mark.parametrize(("metric", "sign"), [(ACCURACY, 1), (LOSS, -1)])
def test_a_diverged_run_is_the_worst_there_is(metric: Any, sign: int) -> None:
    """Its finite best value does not help it, and the mean is of the other pairs."""
    values = [sign * h for h in HIGHER]
    base = [sign * b for b in BASE]
    rows = [*arm("relu", base), *arm("tanh", values)[:5], diverged("tanh", 5, sign * 99.0)]
    (row,), compared = versus(runs(rows, "act", label=metric.label), metric=metric)
    assert row["pairs"] == 6
    assert row["difference"] == pytest.approx(sign * sum(BETTER_BY[:5]) / 5)
    assert row["test"] == "exact permutation of ranks"
    assert row["effect"] == pytest.approx(sign * (15 - 6) / 21)
    assert row["verdict"] == "no difference shown"
    assert noted(compared, "1 pair with a diverged run")


def test_a_reference_that_always_diverges_is_worse() -> None:
    rows = [*arm("tanh", HIGHER), *(diverged("relu", seed) for seed in range(6))]
    (row,), _ = versus(runs(rows, "act"))
    assert (row["difference"], row["ci_low"]) == (None, None)
    assert (row["p"], row["effect"], row["verdict"]) == (2 / 64, 1, "better")


def test_two_diverged_runs_are_a_tie() -> None:
    rows = [*arm("relu", BASE), *arm("tanh", HIGHER), diverged("relu", 9), diverged("tanh", 9)]
    (row,), compared = versus(runs(rows, "act"))
    assert row["pairs"] == 7
    assert row["p"] == 2 / 64
    assert row["difference"] == pytest.approx(0.0135)  # of six pairs, not of seven with a zero
    assert noted(compared, "1 pair with a diverged run")


def test_all_diverged() -> None:
    rows = [diverged(act, seed) for act in ("relu", "tanh") for seed in range(8)]
    (row,), _ = versus(runs(rows, "act"))
    assert (row["pairs"], row["difference"], row["p"]) == (8, None, 1)
    assert row["verdict"] == "no difference shown"


@pytest.mark.parametrize("status", ["failed", "interrupted", "pruned", "stale", "running"])
def test_runs_that_say_nothing_are_left_out_and_counted(status: str) -> None:
    rows = [*arm("relu", BASE), *arm("tanh", HIGHER)[:5], ("tanh", 5, 0.1, status)]
    (row,), compared = versus(runs(rows, "act"))
    assert row["pairs"] == 5
    assert row["difference"] == pytest.approx(sum(BETTER_BY[:5]) / 5)
    assert noted(compared, "1 pair left out")


def test_a_metric_that_some_runs_lack() -> None:
    rows = [*arm("relu", BASE), *arm("tanh", [*HIGHER[:4], None, None])]
    (row,), compared = versus(runs(rows, "act"))
    assert row["pairs"] == 4
    assert noted(compared, "2 pairs left out")


def test_many_pairs_are_tested_by_wilcoxon() -> None:
    rng = random.Random(3)
    base = [rng.gauss(0.9, 0.01) for _ in range(20)]
    values = [b + rng.gauss(0.004, 0.008) for b in base]
    (row,), _ = versus(runs(arm("relu", base) + arm("tanh", values), "act"))
    assert row["test"] == "Wilcoxon"
    expected = stats.wilcoxon(values, base).pvalue
    assert row["p"] == pytest.approx(expected, abs=1e-12)


def test_where_mean_and_ranks_disagree_it_is_said() -> None:
    rows = arm("relu", [0.5] * 14) + arm("tanh", [0.51 + i / 1000 for i in range(13)] + [0.0])
    (row,), compared = versus(runs(rows, "act"))
    assert row["difference"] < 0 < row["effect"]
    assert row["verdict"] == "better"
    assert noted(compared, "differ in sign: act=tanh")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["relu", "tanh", "gelu"]),
            st.integers(0, 4),
            st.one_of(st.none(), st.floats(), st.sampled_from([0.5, 0.25])),
            st.sampled_from(STATUSES),
        ),
        max_size=20,
    )
)
def test_whatever_the_runs_are_there_is_a_verdict(rows: list[tuple[Any, ...]]) -> None:
    table = runs([*rows, ("relu", 0, 0.5), ("tanh", 0, 0.5)], "act")
    found, _ = versus(table)
    shuffled = table.take(random.Random(1).sample(range(len(table)), len(table)))
    assert versus(shuffled)[0] == found
    for row in found:
        assert row["verdict"] in VERDICTS
        assert row["p"] is None or 0 < row["p"] <= row["p_holm"] <= 1
        figures = [row[n] for n in ("difference", "ci_low", "ci_high", "effect")]
        assert all(value is None or math.isfinite(value) for value in figures)
