"""The metric against the learning rate."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.metrics import read_metric
from nncli.report.compare.groups import group_runs
from nncli.report.compare.sensitivity import rate_sensitivity
from nncli.tables import Table

LOSS = read_metric("val_loss")
ACCURACY = read_metric("val_accuracy")


def runs(means: dict[float | None, float], spread: float = 0.1, label: str = LOSS.label) -> Table:
    """Three runs a rate, the outer ones ``spread`` from the middle; a NaN has diverged."""
    rows: list[tuple[Any, ...]] = [
        ("sgd", lr, seed, mean + spread * (seed - 1), "diverged" if mean != mean else "completed")
        for lr, mean in means.items()
        for seed in range(3)
    ]
    return Table.of_rows(("opt", "lr", "seed", label, "status"), rows)


MEANS = {1.0: math.nan, 0.1: 0.55, 0.01: 0.5, 0.001: 0.58, 1e-4: 0.9}


def test_the_curve_is_that_of_the_groups_by_rate() -> None:
    found = rate_sensitivity(runs(MEANS), ["opt"], LOSS)
    assert found.curve.table == group_runs(runs(MEANS), ["opt", "lr"], LOSS).table
    assert found.curve.table["lr"] == [1e-4, 0.001, 0.01, 0.1, 1.0]
    assert found.curve.table["mean"][-1] is None


def test_the_stretch_of_rates_as_good_as_the_best() -> None:
    """The interval of three values ends at most at the largest, 0.6: 0.55 and 0.58 are within."""
    (row,) = rate_sensitivity(runs(MEANS), ["opt", "lr"], LOSS).summary.table.records()
    assert (row["opt"], row["rates"], row["failed_rates"]) == ("sgd", 5, 1)
    assert (row["best_rate"], row["mean"]) == (0.01, pytest.approx(0.5))
    assert (row["low_rate"], row["high_rate"]) == (0.001, 0.1)
    assert row["decades"] == pytest.approx(2)


def test_a_best_rate_at_the_end_of_those_tried_is_noted() -> None:
    notes = rate_sensitivity(runs(MEANS), ["opt"], LOSS).summary.notes
    assert notes == ("the best rate is that of the best mean of val_loss:best",)
    falling = rate_sensitivity(runs({0.1: 0.5, 0.01: 0.6, 0.001: 0.7}), ["opt"], LOSS)
    assert "the best rate of sgd is the highest that was tried: try higher" in falling.summary.notes
    rising = rate_sensitivity(runs({0.1: 0.7, 0.01: 0.6, 0.001: 0.5}), ["lr"], LOSS)
    assert "the best rate is the lowest that was tried: try lower" in rising.summary.notes


def test_more_is_better_of_an_accuracy() -> None:
    means = {lr: 1 - mean for lr, mean in MEANS.items()}
    table = runs(means, label=ACCURACY.label)
    (row,) = rate_sensitivity(table, ["opt"], ACCURACY).summary.table.records()
    assert (row["best_rate"], row["low_rate"], row["high_rate"]) == (0.01, 0.001, 0.1)


def test_a_rate_that_fails_ends_the_stretch() -> None:
    means = {0.001: 0.5, 0.01: math.nan, 0.1: 0.5}
    (row,) = rate_sensitivity(runs(means), ["opt"], LOSS).summary.table.records()
    assert row["low_rate"] == row["high_rate"] == row["best_rate"]
    assert row["decades"] == 0


def test_without_an_interval_there_is_no_stretch() -> None:
    (row,) = rate_sensitivity(runs({0.1: 0.5, 0.2: 0.6}, 0), ["opt"], LOSS).summary.table.records()
    assert (row["best_rate"], row["low_rate"], row["decades"]) == (0.1, None, None)


def test_all_rates_fail() -> None:
    (row,) = rate_sensitivity(runs({0.1: math.nan}), ["opt"], LOSS).summary.table.records()
    assert (row["rates"], row["failed_rates"], row["best_rate"]) == (1, 1, None)


def test_runs_without_a_rate_are_left_out_and_noted() -> None:
    found = rate_sensitivity(runs({0.1: 0.5, None: 0.1}), ["opt"], LOSS)
    assert found.curve.table["lr"] == [0.1]
    assert any("3 of 6 runs have no lr" in note for note in found.curve.notes)
    with pytest.raises(UsageError, match="expected a positive number"):
        rate_sensitivity(runs({-0.1: 0.5}), ["opt"], LOSS)
