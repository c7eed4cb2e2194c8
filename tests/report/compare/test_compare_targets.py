"""Targets as they are written, how soon runs reach them, and runs that never do."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nncli.errors import UsageError
from nncli.report.compare.reaching import group_times, setting_shares
from nncli.report.compare.targets import Target, read_target, times_to_target
from nncli.tables import Table

TARGET = read_target("val_accuracy>=0.9")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("val_accuracy>=0.97", "val_accuracy>=0.97"),
        (" val_accuracy > 0.5 ", "val_accuracy>0.5"),
        ("val_loss<=0.1", "val_loss<=0.1"),
        ("train_rmse<2", "train_rmse<2"),
        ("val_error<=0.03", "val_error<=0.03"),
        ("val_accuracy>=1", "val_accuracy>=1"),
    ],
)
def test_a_target_reads_back(text: str, label: str) -> None:
    target = read_target(text)
    assert target.label == label
    assert read_target(target.label) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("val_accuracy<=0.97", "more is better; write val_accuracy>=0.97"),
        ("val_loss>=0.1", "less is better; write val_loss<=0.1"),
        ("val_accuracy>=97", r"a share from 0 to 1 \(did you mean 0.97\?\)"),
        ("val_accuracy>=-0.1", "a share from 0 to 1"),
        ("val_loss<=-1", "a number from 0 up"),
        ("val_loss<=1e999", "below 1.8e308"),
        ("val_accuracy:best>=0.9", "takes no statistic; write val_accuracy>=0.9"),
        ("val_acuracy>=0.9", "did you mean 'val_accuracy'"),
        ("test_accuracy>=0.9", "unknown metric of a target"),
        ("epochs<=5", "unknown metric of a target"),
        ("val_accuracy=0.9", "expected METRIC>=NUMBER"),
        ("val_accuracy", "METRIC>=NUMBER|cannot be read"),
        ("0.9<=val_accuracy", "expected METRIC>=NUMBER"),
        ("val_accuracy>=0.9 and val_loss<=1", "expected METRIC>=NUMBER"),
        ("", "cannot be read|expected"),
    ],
)
def test_a_target_that_makes_no_sense(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_target(text)


def test_what_holds() -> None:
    assert TARGET.holds(0.9)
    assert not TARGET.holds(0.8999)
    assert not any(TARGET.holds(value) for value in (None, math.nan, -math.inf))
    assert not read_target("val_accuracy>0.9").holds(0.9)
    assert read_target("val_loss<=0.1").holds(0.1)
    assert not read_target("val_loss<=0.1").holds(math.nan)


#: By run: accuracy in epochs 1, 2, ...; an epoch is 10 updates and half a second.
CURVES: dict[int, list[float | None]] = {
    1: [0.5, 0.91, 0.8, 0.95],
    2: [0.5, 0.6, 0.7, 0.9],
    3: [0.5, 0.6, 0.7, 0.8],
    4: [0.95, math.nan],
    5: [0.5, math.nan],
    6: [0.5],
    7: [None, None],
    8: [0.9],
}
STATUSES = {4: "diverged", 5: "diverged", 6: "interrupted", 8: "running", 9: "running"}


def the_runs(*ids: int, **fields: Any) -> Table:
    return Table({"run": list(ids), "status": [STATUSES.get(i, "completed") for i in ids]} | fields)


def the_curves(*ids: int) -> Table:
    rows = [
        (run, epoch, 10 * epoch, epoch / 2, value)
        for run in ids
        for epoch, value in enumerate(CURVES.get(run, []), 1)
    ]
    return Table.of_rows(("run", "epoch", "updates", "seconds", "val_accuracy"), rows)


def timed(*ids: int, **fields: Any) -> Table:
    return times_to_target(the_runs(*ids, **fields), the_curves(*ids), TARGET).table


def test_the_first_time_counts() -> None:
    table = timed(1, 2, 3)
    assert table["reached"] == [True, True, False]
    assert table["epochs_to_target"] == [2, 4, None]
    assert table["updates_to_target"] == [20, 40, None]
    assert table["seconds_to_target"] == [1.0, 2.0, None]


def test_runs_that_did_not_end_well() -> None:
    ids = (4, 5, 6, 7, 8, 9)
    compared = times_to_target(the_runs(*ids), the_curves(*ids), TARGET)
    assert compared.table["reached"] == [True, False, False, None, True, None]
    assert compared.table["epochs_to_target"] == [1, None, None, None, 1, None]
    assert "1 run without val_accuracy: not counted" in compared.notes
    assert any("1 run ended before all epochs without" in note for note in compared.notes)
    assert any("1 run under way" in note for note in compared.notes)


def test_the_order_of_runs_is_that_of_the_table() -> None:
    table = times_to_target(the_runs(2, 1), the_curves(1, 2), TARGET).table
    assert table["epochs_to_target"] == [4, 2]


def test_medians_count_runs_that_never_arrive() -> None:
    table = timed(1, 2, 3, 4, 5, act=["a", "a", "a", "b", "b"])
    compared = group_times(table, ["act"], TARGET)
    first, second = compared.table.records()
    assert first == {"act": "a", "n": 3, "reached": 2, "epochs": 4, "updates": 40, "seconds": 2}
    # of times 1 and "longer than all others" the middle is not known
    assert second["reached"] == 1
    assert second["epochs"] is second["updates"] is second["seconds"] is None
    assert "val_accuracy>=0.9 not reached in 2 of 5 runs" in compared.notes[0]
    assert "no median in 1 group" in compared.notes[0]


def test_all_arrive_and_nothing_needs_saying() -> None:
    compared = group_times(timed(1, 2, act=["a", "a"]), ["act"], TARGET)
    assert compared.table["epochs"] == [3]
    assert compared.notes == ()


def test_none_arrives() -> None:
    compared = group_times(timed(3, 5, act=["a", "a"]), ["act"], TARGET)
    assert compared.table["reached"] == [0]
    assert compared.table["epochs"] == [None]


def test_runs_under_way_are_not_counted() -> None:
    compared = group_times(timed(1, 9, act=["a", "b"]), ["act"], TARGET)
    assert compared.table["act"] == ["a"]


def test_the_share_of_settings_that_arrive() -> None:
    """lr 0.1 with two of three, 0.2 with one of two (not more than half), 0.3 with none."""
    ids = (1, 2, 3, 4, 5, 6)
    table = timed(*ids, opt=["sgd"] * 6, lr=[0.1, 0.1, 0.1, 0.2, 0.2, 0.3])
    compared = setting_shares(table, ["opt"], ["opt", "lr"], TARGET)
    (row,) = compared.table.records()
    assert (row["settings"], row["reached"], row["share"]) == (3, 1, pytest.approx(1 / 3))
    assert "more than half" in compared.notes[0]


def test_an_unknown_field() -> None:
    with pytest.raises(UsageError, match="unknown field 'akt'"):
        group_times(timed(1), ["akt"], TARGET)
    with pytest.raises(UsageError, match="unknown field 'val_accuracy'"):
        times_to_target(
            the_runs(1), Table({n: [] for n in ("run", "epoch", "updates", "seconds")}), TARGET
        )


def test_a_target_is_a_plain_value() -> None:
    assert isinstance(TARGET, Target)
    assert TARGET.value == 0.9
