"""Runs and curves to store, and processes to store them from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.store import Checkpoint, NewRun, RunStore
from nncli.store.process import Process

ELSEWHERE = Process(host="elsewhere", pid=7, started="1", space="elsewhere, another boot")


def a_run(**changes: Any) -> NewRun:
    spec = {"act": "relu", "hidden": [64, 32], "opt": "adam", "lr": 0.01, "batch_size": 32}
    fields: dict[str, Any] = {
        "data": "digits",
        "data_hash": "data-1",
        "task": "multiclass",
        "seed": 3,
        "spec": json.dumps(spec),
        "spec_hash": "spec-1",
    }
    return NewRun(**{**fields, **changes})


def a_curve(first: int, last: int) -> dict[str, Any]:
    """Rows for the epochs from first to last, both included."""
    epoch = np.arange(first, last + 1)
    return {
        "epoch": epoch,
        "updates": 45 * epoch,
        "seconds": 0.01 * epoch,
        "train_loss": 1.0 / epoch,
        "val_loss": 1.5 / epoch,
        "train_accuracy": 1 - 0.5 / epoch,
        "val_accuracy": 1 - 0.7 / epoch,
        "lr": np.full(len(epoch), 0.01),
        "grad_norm": 2.0 / epoch,
    }


def a_model(epoch: int, size: int = 100) -> Checkpoint:
    """A model whose bytes say which epoch it is of."""
    return Checkpoint(
        epoch=epoch,
        weights=epoch.to_bytes(4, "big") * size,
        info='{"layout":[]}',
        state=epoch.to_bytes(4, "big") * 2 * size,
        state_info='{"rng":1}',
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


@pytest.fixture
def store(path: Path) -> Iterator[RunStore]:
    with RunStore(path, timeout=5) as opened:
        yield opened


@pytest.fixture
def elsewhere(path: Path) -> Iterator[Callable[[Process], RunStore]]:
    """Stores on the same database that write as some other process."""
    opened: list[RunStore] = []

    def open_as(process: Process = ELSEWHERE) -> RunStore:
        opened.append(RunStore(path, process=process))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()
