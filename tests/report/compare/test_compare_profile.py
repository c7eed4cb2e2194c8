"""Performance profiles of groups of runs over data sets."""

from __future__ import annotations

from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.report.compare.profile import performance_profiles
from nncli.tables import Table


def timed(*rows: tuple[Any, ...]) -> Table:
    """Rows of (data, opt, lr, updates or None)."""
    updates = [row[3] for row in rows]
    return Table(
        {
            "data": [row[0] for row in rows],
            "opt": [row[1] for row in rows],
            "lr": [row[2] for row in rows],
            "reached": [each is not None for each in updates],
            "epochs_to_target": [each and each // 10 for each in updates],
            "updates_to_target": updates,
            "seconds_to_target": [each and each / 100 for each in updates],
        }
    )


SMALL = timed(
    *(("iris", "sgd", 0.1, 100), ("iris", "adam", 0.1, 200)),
    *(("moons", "sgd", 0.1, 80), ("moons", "adam", 0.1, 40)),
    *(("xor", "sgd", 0.1, None), ("xor", "adam", 0.1, 60)),
)


def test_a_small_case_by_hand() -> None:
    """Ratios of sgd are 1, 2 and infinite, of adam 2, 1 and 1."""
    profiles = performance_profiles(SMALL, ["opt"])
    adam, sgd = profiles.scores.table.records()
    assert (adam["opt"], adam["problems"], adam["solved"], adam["fastest"]) == ("adam", 3, 3, 2)
    assert (sgd["opt"], sgd["problems"], sgd["solved"], sgd["fastest"]) == ("sgd", 3, 2, 1)
    assert adam["score"] == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert sgd["score"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert list(profiles.curve.rows()) == [
        *(("adam", 1, pytest.approx(2 / 3)), ("adam", 2, 1), ("adam", 4, 1)),
        *(("sgd", 1, pytest.approx(1 / 3)), ("sgd", 2, pytest.approx(2 / 3))),
        ("sgd", 4, pytest.approx(2 / 3)),
    ]
    costs = {(row["data"], row["opt"]): row["ratio"] for row in profiles.costs.records()}
    assert costs["iris", "adam"] == 2
    assert costs["xor", "sgd"] is None


def test_another_cost() -> None:
    slow = dict(SMALL.columns) | {"seconds_to_target": [9.0, 1.0, 9.0, 1.0, None, 1.0]}
    scores = performance_profiles(Table(slow), ["opt"], "seconds").scores.table
    assert scores["fastest"] == [3, 0]
    with pytest.raises(UsageError, match=r"unknown cost 'second'.*did you mean 'seconds'"):
        performance_profiles(SMALL, ["opt"], "second")


def test_the_best_setting_stands_for_a_solver_and_its_median_for_a_setting() -> None:
    """The lucky run of 10 updates is one of three of its rate, whose median is 300."""
    rows = [("iris", "sgd", 0.1, each) for each in (10, 300, 400)]
    rows += [("iris", "sgd", 0.2, each) for each in (90, 100, 110)]
    rows += [("iris", "adam", 0.1, 200)]
    profiles = performance_profiles(timed(*rows), ["opt"], settings=["lr"])
    assert profiles.costs["cost"] == [200, 100]
    assert "with the best lr of each" in profiles.scores.notes[0]
    untuned = performance_profiles(timed(*rows), ["opt"])
    assert untuned.costs["cost"] == [200, 105]


def test_problems_that_not_all_were_tried_on_are_left_out() -> None:
    table = timed(*SMALL_ROWS, ("digits", "sgd", 0.1, 10))
    profiles = performance_profiles(table, ["opt"])
    assert profiles.scores.table["problems"] == [2, 2]
    assert any("1 problem left out" in n and "data=digits" in n for n in profiles.scores.notes)


SMALL_ROWS = (
    *(("iris", "sgd", 0.1, 100), ("iris", "adam", 0.1, 200)),
    *(("moons", "sgd", 0.1, None), ("moons", "adam", 0.1, None)),
)


def test_a_problem_that_none_solved_counts_and_is_noted() -> None:
    profiles = performance_profiles(timed(*SMALL_ROWS), ["opt"])
    assert profiles.scores.table["solved"] == [1, 1]
    assert profiles.scores.table["score"] == pytest.approx([(2 / 3) / 2, 1 / 2])
    assert any("none solved: data=moons" in note for note in profiles.scores.notes)


def test_no_common_problem() -> None:
    table = timed(("iris", "sgd", 0.1, 10), ("xor", "adam", 0.1, 10))
    with pytest.raises(UsageError, match="no data has runs of all 2 groups"):
        performance_profiles(table, ["opt"])
    with pytest.raises(UsageError, match="cannot be a solver too"):
        performance_profiles(table, ["opt", "data"])
