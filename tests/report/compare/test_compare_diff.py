"""What differs between two runs, and only that."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from nncli.report.compare.diff import diff_runs
from nncli.report.summaries import RunDetail, RunSummary

SUMMARY = RunSummary(
    run=1,
    uuid="5f0c",
    name="first",
    tags=(),
    status="completed",
    data="digits",
    task="multiclass",
    seed=0,
    spec={"data": "digits", "act": "relu", "opt": "adam", "lr": 0.001, "seed": 0, "rho": None},
    left_open=("lr",),
    epochs=30,
    epochs_planned=30,
    parameters=4810,
    last={"val_loss": 0.2, "val_accuracy": 0.97},
    best={"val_loss": 0.1},
    best_epoch=20,
    test={},
    seconds={"train": 0.5},
    samples_per_second=1000.0,
    created="2026-03-01T09:30:00.000Z",
    finished=None,
)
ENVIRONMENT = {
    **{"host": "a", "data_hash": "d1", "spec_hash": "s1", "started": "1", "numpy version": "2.0"},
}
FIRST = RunDetail(SUMMARY, ENVIRONMENT, note=None, error=None)


def changed(environment: dict[str, Any] | None = None, **summary: Any) -> RunDetail:
    return RunDetail(
        replace(SUMMARY, run=2, uuid="77", name="second", **summary),
        {**ENVIRONMENT, "spec_hash": "s2", "started": "2", **(environment or {})},
        note=None,
        error=None,
    )


def rows(a: RunDetail, b: RunDetail) -> dict[str, tuple[Any, ...]]:
    return {field: (part, x, y, d) for part, field, x, y, d in diff_runs(a, b).table.rows()}


def test_equal_runs_differ_in_nothing() -> None:
    compared = diff_runs(FIRST, changed())
    assert len(compared.table) == 0
    assert compared.table.names == ("part", "field", "a", "b", "change")
    assert compared.notes == (
        "the specs are the same",
        "the rows of data are the same",
        "the results are equal to the last digit, apart from times",
    )


def test_only_what_differs_is_shown() -> None:
    spec = {**SUMMARY.spec, "act": "tanh", "momentum": 0.9}
    b = changed({"host": "b"}, spec=spec, last={"val_loss": 0.15, "val_accuracy": 0.97}, best={})
    found = rows(FIRST, b)
    change = found.pop("val_loss:last")
    assert change[:3] == ("results", 0.2, 0.15)
    assert abs(change[3] + 0.05) < 1e-12  # the difference of two rounded numbers
    assert found == {
        "act": ("spec", "relu", "tanh", None),
        "momentum": ("spec", None, 0.9, None),
        "host": ("environment", "a", "b", None),
        "val_loss:best": ("results", 0.1, None, None),
    }


def test_nan_equals_nan_and_nothing_else() -> None:
    a = changed(last={"val_loss": math.nan})
    b = changed(last={"val_loss": float("nan")})
    assert not rows(a, b)
    assert set(rows(a, changed(last={"val_loss": 1.0}))) == {"val_loss:last"}


def test_other_data_and_other_times() -> None:
    compared = diff_runs(FIRST, changed({"data_hash": "d2"}, seconds={"train": 0.7}))
    assert compared.table["field"] == ["data_hash", "seconds_train"]
    assert "the rows of data are not the same" in compared.notes
    assert "the results are equal to the last digit, apart from times" in compared.notes


def test_what_nncli_chose_is_told() -> None:
    b = changed(spec={**SUMMARY.spec, "opt": "sgd", "lr": 0.01})
    assert diff_runs(FIRST, b).notes[-1] == "not asked for, but chosen by nncli in both runs: lr"


def test_a_run_and_itself() -> None:
    assert diff_runs(FIRST, FIRST).notes[0] == "run 1 is compared with itself"
