"""Which group the others are compared with, and references that are not there."""

from __future__ import annotations

from typing import Any

import pytest
from compared_arms import BASE, HIGHER, LOSS, arm, diverged, noted, runs, versus

from nncli.errors import UsageError


def test_the_best_group_is_the_reference() -> None:
    rows = arm("relu", BASE) + arm("tanh", HIGHER) + arm("gelu", [b - 0.1 for b in BASE])
    found, compared = versus(runs(rows, "act"), "best")
    assert [row["act"] for row in found] == ["gelu", "relu"]
    assert {row["verdict"] for row in found} == {"too few seeds"}
    assert noted(compared, "act=tanh was chosen as the best by these same runs")


def test_one_lucky_run_among_diverged_ones_is_not_the_best() -> None:
    rows = [*arm("relu", BASE), ("tanh", 0, 0.99), *(diverged("tanh", s) for s in range(1, 6))]
    found, _ = versus(runs(rows, "act"), "best")
    assert [row["act"] for row in found] == ["tanh"]
    losses = [*arm("relu", BASE), ("tanh", 0, 0.01), *(diverged("tanh", s) for s in range(1, 6))]
    found, _ = versus(runs(losses, "act", label=LOSS.label), "best", metric=LOSS)
    assert [row["act"] for row in found] == ["tanh"]


def test_the_best_median_of_an_even_number_of_runs_is_between_the_middle_ones() -> None:
    """The worse of the two middle runs would choose relu, the better gelu; the mean is the same."""
    arms = {"relu": [0.0, 0.5, 0.54, 0.96], "gelu": [0.1, 0.4, 0.66, 0.84]}
    rows = [(act, seed, value) for act, values in arms.items() for seed, value in enumerate(values)]
    for sign in (1, -1):
        signed = [(act, seed, sign * value) for act, seed, value in rows]
        found, _ = versus(runs(signed, "act"), "best")
        assert [row["act"] for row in found] == ["relu" if sign == 1 else "gelu"]


def test_numbers_are_named_as_people_write_them() -> None:
    rows = [(lr, seed, 0.9 + lr + seed / 100) for lr in (0.001, 0.01) for seed in range(3)]
    for text in ("1e-3", "0.001", ".001"):
        (row,), _ = versus(runs(rows, "lr"), {"lr": text}, ["lr"])
        assert row["lr"] == 0.01
    table = runs([(None, 0, 0.9), (True, 0, 0.8)], "bn_input")
    assert versus(table, {"bn_input": "none"}, ["bn_input"])[0][0]["bn_input"] is True
    assert versus(table, {"bn_input": "true"}, ["bn_input"])[0][0]["bn_input"] is None


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"act": "rleu"}, r"no group has it \(did you mean 'relu'\?\); expected one of relu, tanh"),
        ({"atc": "relu"}, r"not grouped by atc \(did you mean 'act'\?\)"),
        ({}, "names no group"),
        ("worst", "expected FIELD=VALUE or best"),
    ],
)
def test_a_reference_that_is_not_there(reference: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        versus(runs(arm("relu", BASE) + arm("tanh", BASE), "act"), reference)


def test_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="all runs are of act=relu"):
        versus(runs(arm("relu", BASE), "act"))
    with pytest.raises(UsageError, match="no run matches"):
        versus(runs([], "act"))
    rows = [diverged(act, 0) for act in ("relu", "tanh")]
    with pytest.raises(
        UsageError, match="none of the 2 runs ended with a finite val_accuracy:best"
    ):
        versus(runs(rows, "act"), "best")
