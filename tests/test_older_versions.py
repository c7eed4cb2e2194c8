"""Databases that older versions wrote: their runs are resumed, repeated, reported and predict."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment
from nncli.store import RunStore, arrays_from_bytes


def weights(db: str, run: int, kind: str) -> dict[str, np.ndarray[Any, Any]]:
    with RunStore(db) as runs:
        return arrays_from_bytes(runs.load_model(run, kind).weights)


@pytest.fixture
def before(tmp_path: Path) -> str:
    """A database of version 0.1.0, before there was Batch Normalization.

    Two runs of one spec: ``part`` was interrupted in its fourth epoch, ``whole`` was not.
    """
    path = tmp_path / "before.db"
    with sqlite3.connect(path) as connection:
        text = (Path(__file__).parent / "fixtures" / "runs_v0001.sql").read_text()
        connection.executescript(text)
    connection.close()
    return str(path)


def test_runs_of_an_older_version_are_resumed(before: str) -> None:
    """To what that version came to, but for the roundings of this one's functions."""
    rest = experiment.resume("part", db=before)
    assert (rest.status, rest.epochs) == ("completed", 8)
    for kind in ("last", "best"):
        one, other = (weights(before, run, kind) for run in (2, rest.run))
        assert one.keys() == other.keys()
        for name in one:
            # five epochs of Adam at a rate of 1e-3, in float32: a few roundings of 6e-8 apart
            np.testing.assert_allclose(other[name], one[name], rtol=1e-5, atol=1e-6)
    with RunStore(before) as runs:
        whole, part = runs.curve(2), runs.curve(rest.run)
        assert runs.get_run(2).spec_hash == runs.get_run(rest.run).spec_hash
    assert whole["epoch"].tolist() == part["epoch"].tolist() == list(range(1, 9))
    np.testing.assert_allclose(part["val_loss"], whole["val_loss"], rtol=1e-5)
    np.testing.assert_array_equal(part["lr"], whole["lr"])


def test_runs_of_an_older_version_predict_and_are_repeated(before: str) -> None:
    predictor = experiment.predictor("whole", db=before)
    plan = experiment.plan(experiment.spec_of("whole", db=before)[0])
    rows, index = plan.dataset.rows, plan.dataset.val
    classes = predictor.predict(np.asarray(rows[index]))
    codes = np.asarray(plan.dataset.targets)[index, 0].astype(int)
    right = np.mean(classes == np.array(["setosa", "versicolor", "virginica"])[codes])
    with RunStore(before) as runs:
        kept = runs.find_run("whole")
    assert right == pytest.approx(kept.val_accuracy)
    assert plan.spec.hash() == kept.spec_hash
    again = experiment.train(plan, db=before)
    assert again.metrics["val_loss"] == pytest.approx(kept.val_loss, rel=1e-5)  # as above


@pytest.mark.parametrize("arguments", [[], ["whole"], ["part", "--json"]], ids=" ".join)
def test_runs_of_an_older_version_are_reported(before: str, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nncli.cli", "report", *arguments, "--db", before],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "iris" in done.stdout
