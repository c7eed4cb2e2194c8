"""Objectives: how they are written, what value they take of a run, and who beats whom."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.errors import UsageError
from nncli.sweeps.search.objectives import (
    METRICS,
    Objective,
    check_objectives,
    default_objective,
    dominates,
    front,
    read_objective,
)


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("val_loss", Objective("val_loss", "min", "best")),
        ("val-loss:last", Objective("val_loss", "min", "last")),
        ("val_accuracy", Objective("val_accuracy", "max", "best")),
        ("val_error", Objective("val_error", "min", "best")),
        ("train_rmse:last:max", Objective("train_rmse", "max", "last")),
        ("test_accuracy", Objective("test_accuracy", "max", "last")),
        ("parameters", Objective("parameters", "min", "last")),
        ("seconds_train:max", Objective("seconds_train", "max", "last")),
    ],
)
def test_an_objective_is_read(text: str, objective: Objective) -> None:
    assert read_objective(text) == objective


@pytest.mark.parametrize("metric", METRICS)
def test_the_name_of_an_objective_is_read_as_that_objective(metric: str) -> None:
    statistics = ["", ":last", ":best"] if metric.startswith(("val_", "train_")) else [""]
    for more in itertools.product(["", ":min", ":max"], statistics):
        text = metric + "".join(more)
        objective = read_objective(text)
        assert read_objective(objective.name) == objective
        assert len(objective.name) <= len(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("val_los", "did you mean 'val_loss'"),
        ("accuracy", "did you mean 'val_accuracy'"),
        ("val_loss:least", "expected METRIC"),
        ("val_loss:min:max", "expected METRIC"),
        ("val_loss:", "expected METRIC"),
        ("test_loss:best", "has one value a run"),
        ("", "unknown objective"),
    ],
)
def test_nonsense_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_objective(text)


RESULTS: dict[str, float | None] = {
    "val_loss": 0.9,
    "best_val_loss": 0.5,
    "val_accuracy": 0.75,
    "best_val_accuracy": 0.875,
    "test_accuracy": 0.625,
    "train_loss": math.nan,
    "best_train_loss": math.inf,
    "val_rmse": None,
    "parameters": 4810,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("val_loss", 0.5),
        ("val_loss:last", 0.9),
        ("val_accuracy", 0.875),
        ("val_error", 0.125),
        ("val_error:last", 0.25),
        ("test_error", 0.375),
        ("parameters", 4810),
        ("train_loss", None),
        ("train_loss:last", None),
        ("val_rmse:last", None),
        ("updates", None),
    ],
)
def test_the_value_of_a_run(text: str, value: float | None) -> None:
    assert read_objective(text).value_of(RESULTS) == value


def test_the_value_after_an_epoch() -> None:
    row = cast(Any, SimpleNamespace(val_loss=math.nan, val_accuracy=0.75, val_rmse=None))
    assert math.isnan(cast(float, read_objective("val_loss").value_on_curve(row)))
    assert read_objective("val_error").value_on_curve(row) == 0.25
    assert read_objective("val_rmse").value_on_curve(row) is None
    assert read_objective("parameters").value_on_curve(row) is None


def test_what_is_sought_where_nothing_is_said() -> None:
    assert default_objective(True).name == "val_loss"
    assert default_objective(False).name == "train_loss"


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_every_task_has_what_is_sought_by_default(task: str) -> None:
    for has_validation in (True, False):
        check_objectives([default_objective(has_validation)], task, has_validation, False)


@pytest.mark.parametrize(
    ("texts", "task", "says"),
    [
        (["val_accuracy"], "regression", "regression task has no accuracy: .* val_rmse"),
        (["val_error"], "regression", "has no error"),
        (["val_rmse"], "binary", "binary task has no rmse: .* val_accuracy"),
        (["test_loss"], "binary", "no test split: add --test 0.2"),
        (["val_loss", "val_loss:last"], "binary", "named twice"),
    ],
)
def test_what_runs_do_not_have_is_refused(texts: list[str], task: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_objectives([read_objective(text) for text in texts], task, True, False)


def test_without_a_validation_split_there_is_neither_its_loss_nor_pruning() -> None:
    with pytest.raises(UsageError, match=r"no val split: add --val 0.2, .* train_loss") as caught:
        check_objectives([read_objective("val_loss")], "binary", False, True)
    assert "val_loss," not in str(caught.value)
    with pytest.raises(UsageError, match="--pruner median judges"):
        check_objectives([read_objective("train_loss")], "binary", False, True, "median")
    check_objectives([read_objective("test_loss")], "binary", False, True)


TWO = (read_objective("val_accuracy"), read_objective("parameters"))


def test_who_beats_whom() -> None:
    assert TWO[0].better(0.9, 0.8)
    assert TWO[1].better(10, 20)
    assert not TWO[1].better(10, 10)
    assert dominates((0.9, 10), (0.8, 10), TWO)
    assert not dominates((0.9, 10), (0.9, 10), TWO)
    assert not dominates((0.9, 11), (0.8, 10), TWO)


POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=30)


@given(POINTS)
def test_the_front_is_what_nothing_dominates(points: list[tuple[int, int, int]]) -> None:
    three = (*TWO, read_objective("seconds_train"))
    alone = [
        place
        for place, point in enumerate(points)
        if not any(dominates(other, point, three) for other in points)
    ]
    assert front(points, three) == alone
