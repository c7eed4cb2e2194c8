"""Watched layers in a report: figures and complaints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_runs import store_run

from nncli.diagnosis import Finding
from nncli.report.detail import detail_lines
from nncli.report.layers import diagnosis_lines
from nncli.report.read import one_run
from nncli.report.records import detail_record
from nncli.store import NewRun, RunStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "results.db") as opened:
        yield opened


def watched_run(store: RunStore, dead: float = 0.9, gradient: float = math.inf) -> int:
    """Store a run of two epochs whose first layer has dead units."""
    spec = '{"lr": 0.05, "init": "he", "hidden": "32"}'
    new = NewRun(
        data="digits", data_hash="d", task="multiclass", seed=0, spec=spec, spec_hash="s",
        epochs_planned=2,
    )  # fmt: skip
    run = store.create_run(new)
    unmeasured = np.array([False, True] * 2)
    layers: dict[str, Any] = {
        "epoch": [1, 1, 2, 2],
        "layer": [1, 2, 1, 2],
        "grad_norm": [0.1, 0.2, 0.3, gradient],
        "update_ratio": 1e-3 * np.ones(4),
        "act_mean": np.zeros(4),
        "act_std": np.ones(4),
        "dead_frac": np.ma.array([0.1, 0, dead, 0], mask=unmeasured),
        "similarity": 0.5 * np.ones(4),
    }
    curve: dict[str, Any] = {
        "epoch": [1, 2],
        "updates": [1, 2],
        "seconds": [0.1, 0.2],
        "train_loss": [1.0, 0.9],
    }
    store.finish_run(run, "completed", curve, layers=layers)
    return run


def test_figures_and_complaints_are_shown(store: RunStore) -> None:
    watched_run(store)
    lines = detail_lines(one_run(store, "last"), 60, colored=False)
    start = lines.index("layers in epoch 2:")
    assert lines[start + 1].split() == [
        *("layer", "gradient", "update/weight", "mean", "deviation"),
        *("saturated", "dead", "similarity"),
    ]
    assert lines[start + 2].split() == ["1", "0.3", "0.001", "0", "1", "-", "90.0%", "0.5"]
    assert lines[start + 3].split() == ["2", "inf", "0.001", "0", "1", "-", "-", "0.5"]
    assert lines[start + 5 : start + 8] == [
        "diagnosis:",
        "  layer 1: 90% of units dead since epoch 2; try leaky_relu",
        "    or a learning rate under 0.01",
    ]


def test_the_record_has_all_rows(store: RunStore) -> None:
    watched_run(store)
    record = detail_record(one_run(store, "last"))
    assert [(each["epoch"], each["layer"]) for each in record["layer_stats"]] == [
        (1, 1), (1, 2), (2, 1), (2, 2),
    ]  # fmt: skip
    assert record["layer_stats"][3]["dead_frac"] is None
    assert record["layer_stats"][3]["grad_norm"] == math.inf
    assert [(each["kind"], each["layer"]) for each in record["diagnosis"]] == [("dead units", 1)]


def test_silence_is_said_in_one_line(store: RunStore) -> None:
    watched_run(store, dead=0.1, gradient=0.4)
    detail = one_run(store, "last")
    assert detail.diagnosis == ()
    assert "diagnosis: no complaint" in detail_lines(detail, 80, colored=False)
    assert diagnosis_lines((), "diverged") == [
        "diagnosis: no complaint before the loss ceased to be a number"
    ]


def test_a_run_that_was_not_watched_says_nothing(store: RunStore) -> None:
    store_run(store)
    detail = one_run(store, "last")
    assert detail.diagnosis is None
    assert not any("diagnosis" in line for line in detail_lines(detail, 80, colored=False))
    assert not {"layer_stats", "diagnosis"} & set(detail_record(detail))


def test_a_complaint_is_one_line_where_there_is_no_width() -> None:
    found = [Finding("symmetry", 1, "layer 1 " + "x " * 100)]
    assert len(diagnosis_lines(found, "completed")) == 2
