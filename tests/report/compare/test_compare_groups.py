"""Runs summarized by group: every run counted once, and nothing claimed that is not there."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nncli.errors import UsageError
from nncli.metrics import read_metric
from nncli.report.compare.compared import HELD, narrowness
from nncli.report.compare.groups import COLUMNS, group_runs
from nncli.statistics.intervals import mean_intervals
from nncli.store.records import STATUSES
from nncli.tables import Table

ACCURACY = read_metric("val_accuracy")
LOSS = read_metric("val_loss:last")


def runs(*rows: tuple[Any, ...], label: str = "val_accuracy:best") -> Table:
    return Table.of_rows(("act", "seed", "status", label), rows)


def figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "act"}


def test_figures_by_hand_and_by_scipy() -> None:
    values = [0.90, 0.92, 0.95, 0.91, 0.97]
    table = runs(*(("relu", seed, "completed", v) for seed, v in enumerate(values)))
    (row,) = group_runs(table, ["act"], ACCURACY).table.records()
    expected = stats.bootstrap(
        (values,), statistics.fmean, vectorized=False, rng=1, n_resamples=20_000
    )
    assert row["n"] == 5
    assert row["mean"] == pytest.approx(0.93)
    assert row["std"] == pytest.approx(math.sqrt((9 + 1 + 4 + 4 + 16) / 4) / 100)
    assert row["median"] == 0.92
    assert row["best"] == 0.97
    assert row["failed"] == 0
    # few values have few resampled means: 20,000 draws find the same ones, to rounding
    interval = expected.confidence_interval
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(interval), abs=0.003)


def test_less_is_better_of_a_loss() -> None:
    table = runs(("a", 0, "completed", 0.5), ("a", 1, "completed", 0.2), label=LOSS.label)
    assert group_runs(table, ["act"], LOSS).table["best"] == [0.2]


def test_every_run_is_counted_once() -> None:
    statuses = [*STATUSES, "completed", "completed", "completed"]
    values = [0.5] * len(STATUSES) + [None, math.nan, math.inf]
    table = runs(*(("a", i, s, v) for i, (s, v) in enumerate(zip(statuses, values, strict=True))))
    compared = group_runs(table, ["act"], ACCURACY)
    (row,) = compared.table.records()
    assert (row["n"], row["failed"], row["unmeasured"], row["running"]) == (2, 7, 1, 1)
    assert row["n"] + row["failed"] + row["unmeasured"] + row["running"] == len(table)
    assert compared.notes[0].startswith(
        "7 of 11 runs count as failed (1 diverged, 1 failed, 1 interrupted, 2 not a finite number, "
        "1 pruned, 1 stale)"
    )
    assert "1 run has no val_accuracy: train with --val 0.2" in compared.notes
    assert "1 run not yet ended" in compared.notes


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 3),
            st.sampled_from(STATUSES),
            st.one_of(st.none(), st.floats(), st.integers(-5, 5)),
        ),
        max_size=25,
    )
)
def test_whatever_the_runs_are_they_are_counted(rows: list[tuple[Any, ...]]) -> None:
    table = group_runs(runs(*rows), ["act"], ACCURACY).table
    names = ("n", "failed", "unmeasured", "running")
    assert sum(sum(table.columns.get(name, ())) for name in names) == len(rows)
    for row in table.records():
        assert all(v is None or math.isfinite(v) for n, v in row.items() if n != "act")
        if row["ci_low"] is not None:
            assert row["ci_low"] <= row["ci_high"]
        if not row["n"]:
            assert row["mean"] is row["best"] is row["median"] is None


def test_groups_of_one_seed_have_no_interval() -> None:
    table = runs(("a", 0, "completed", 0.9), ("b", 0, "completed", 0.8), ("b", 1, "completed", 0.9))
    compared = group_runs(table, ["act"], ACCURACY)
    first, second = compared.table.records()
    assert (first["mean"], first["std"], first["ci_low"], first["ci_high"]) == (
        0.9,
        None,
        None,
        None,
    )
    assert second["ci_low"] == pytest.approx(0.8)
    assert any("1 group: act=a" in note for note in compared.notes)
    assert any("those of 2 normal values hold the mean in 50%" in n for n in compared.notes)


def test_runs_without_the_metric_have_not_failed() -> None:
    """They are of another task, or have no such split; what else goes wrong is a failure."""
    rows = [
        ("a", "multiclass", "completed", 0.9),
        ("a", "multiclass", "completed", None),
        ("a", "multiclass", "failed", None),
        ("a", "regression", "completed", None),
        ("b", "regression", "early_stopped", None),
    ]
    table = Table.of_rows(("act", "task", "status", "test_accuracy"), rows)
    compared = group_runs(table, ["act"], read_metric("test_accuracy"))
    assert compared.table["n"] == [1, 0]
    assert compared.table["failed"] == [1, 0]
    assert compared.table["unmeasured"] == [2, 1]
    assert "2 runs have no test_accuracy (another task)" in compared.notes
    assert "1 run has no test_accuracy: train with --test 0.2" in compared.notes
    assert not any("no run ended well" in note for note in compared.notes)
    assert (
        "unmeasured"
        not in group_runs(table.take([0]), ["act"], read_metric("test_accuracy")).table.names
    )
    rmse = group_runs(
        Table({"act": ["a"], "task": ["binary"], "val_rmse:best": [None]}),
        ["act"],
        read_metric("val_rmse"),
    )
    assert rmse.notes == ("1 run has no val_rmse (another task)",)


@pytest.mark.parametrize(("n", "percent"), HELD.items())
def test_how_narrow_intervals_are_is_measured(n: int, percent: int) -> None:
    low, high = mean_intervals(np.random.default_rng(5).normal(size=(3_000, n)))
    held = 100 * ((low <= 0) & (high >= 0)).mean()
    assert held == pytest.approx(percent, abs=3)  # 3 standard errors of a share of 3,000


def test_the_number_is_that_of_the_values_at_hand() -> None:
    assert narrowness([10, 30, 1, 0]) == []
    assert "those of 5 normal values hold the mean in 84% of cases" in narrowness([5, 12])[0]
    assert "those of 3 to 8 normal values hold the mean in 73% to 88%" in narrowness([8, 3, 5])[0]


def test_equal_runs_have_no_interval_either() -> None:
    """0.1 three times has a rounded mean that is not 0.1, and yet no spread."""
    table = runs(*(("a", seed, "completed", 0.1) for seed in range(3)))
    compared = group_runs(table, ["act"], ACCURACY)
    (row,) = compared.table.records()
    assert (row["std"], row["ci_low"], row["ci_high"]) == (0, None, None)
    assert any("equal value" in note for note in compared.notes)
    assert not any("too narrow" in note for note in compared.notes)


def test_a_group_of_which_all_runs_diverged_stays() -> None:
    table = runs(
        ("a", 0, "diverged", math.nan), ("a", 1, "diverged", 0.4), ("b", 0, "completed", 1.0)
    )
    compared = group_runs(table, ["act"], ACCURACY)
    first = next(compared.table.records())
    assert (first["act"], first["n"], first["failed"], first["mean"]) == ("a", 0, 2, None)
    assert any("no run ended well in 1 group: act=a" in note for note in compared.notes)
    assert group_runs(table.take([0, 1]), ["act"], ACCURACY).table["n"] == [0]


def test_no_runs_no_groups() -> None:
    compared = group_runs(runs(), ["act"], ACCURACY)
    assert len(compared.table) == 0
    assert compared.table.names == ("act", *COLUMNS)
    assert compared.notes == ()


def test_without_statuses_and_seeds() -> None:
    table = Table({"act": ["a", "a"], "val_accuracy:best": [0.5, math.nan]})
    assert group_runs(table, ["act"], ACCURACY).table["failed"] == [1]


def test_several_runs_of_a_seed_are_noted() -> None:
    table = runs(("a", 0, "completed", 0.9), ("a", 0, "completed", 0.8))
    assert any("several runs of one seed" in n for n in group_runs(table, ["act"], ACCURACY).notes)


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'act'"):
        group_runs(runs(), ["akt"], ACCURACY)


def test_groups_stand_in_the_order_people_expect() -> None:
    values = ["128", None, "64,32", "64", math.nan, 8, 0.5, True, "relu", float("nan")]
    table = Table({"x": values, "val_accuracy:best": [0.5] * len(values)})
    found = group_runs(table, ["x"], ACCURACY).table
    order = [0.5, True, 8, "nan", "64", "64,32", "128", "relu", None]
    assert ["nan" if v != v else v for v in found["x"]] == order
    assert found["n"][3] == 2


def test_the_order_of_runs_and_other_groups_change_nothing() -> None:
    rng = random.Random(4)
    rows = [
        (f"act{group}", seed, "completed", rng.gauss(0.9, 0.02))
        for group in range(40)
        for seed in range(4 + group % 6)
    ]
    whole = list(group_runs(runs(*rows), ["act"], ACCURACY).table.records())
    rng.shuffle(rows)
    again = list(group_runs(runs(*rows), ["act"], ACCURACY).table.records())
    for a, b in zip(whole, again, strict=True):
        assert figures(a) == pytest.approx(figures(b), rel=1e-12)  # sums in another order
    alone = [row for row in rows if row[0] == "act7"]
    (single,) = group_runs(runs(*alone), ["act"], ACCURACY).table.records()
    expected = next(row for row in whole if row["act"] == "act7")
    assert figures(single) == pytest.approx(figures(expected), rel=1e-12)


def test_groups_cost_no_import_of_scipy() -> None:
    """Its statistics take longer to import than 100,000 runs to group."""
    code = (
        "import sys\n"
        "from nncli.tables import Table\n"
        "from nncli.metrics import read_metric\n"
        "from nncli.report.compare.groups import group_runs\n"
        "t = Table({'act': ['a'] * 9, 'val_accuracy:best': [i / 10 for i in range(9)]})\n"
        "assert group_runs(t, ['act'], read_metric('val_accuracy')).table['ci_low'][0] > 0\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "pandas", "numba", "sqlalchemy"} & set(done.stdout.split())
