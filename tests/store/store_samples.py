"""Runs, curves and models to store."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nncli.store import Checkpoint, NewGradcheck, NewRun
from nncli.store.process import Process

ELSEWHERE = Process(host="elsewhere", pid=7, started="1", space="elsewhere, another boot")


def a_run(**changes: Any) -> NewRun:
    spec = {"act": "relu", "hidden": "64,32", "opt": "adam", "lr": 0.01, "batch_size": 32}
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


def layers_of(first: int, last: int, layers: int = 2) -> dict[str, Any]:
    """Layer statistics for the epochs from first to last and every layer."""
    epoch = np.repeat(np.arange(first, last + 1), layers)
    layer = np.tile(np.arange(1, layers + 1), last + 1 - first)
    return {
        "epoch": epoch,
        "layer": layer,
        "grad_norm": 1.0 / (epoch + layer),
        "update_ratio": 0.001 * layer,
        "act_mean": 0.1 * epoch,
        "act_std": np.sqrt(epoch),
        "saturated_frac": np.zeros(len(epoch)),
        "dead_frac": 1 - 1.0 / epoch,
        "similarity": np.full(len(epoch), 0.25),
    }


def a_gradcheck(**changes: Any) -> NewGradcheck:
    fields: dict[str, Any] = {
        "passed": True,
        "checks": 12,
        "failed": 0,
        "max_relative_error": 3e-9,
        "seconds": 1.5,
    }
    return NewGradcheck(**{**fields, **changes})


def a_model(epoch: int, size: int = 100) -> Checkpoint:
    """A model whose bytes say which epoch it is of."""
    return Checkpoint(
        epoch=epoch,
        weights=epoch.to_bytes(4, "big") * size,
        info='{"layout":[]}',
        state=epoch.to_bytes(4, "big") * 2 * size,
        state_info='{"rng":1}',
    )
