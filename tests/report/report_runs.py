"""Runs to report on, in a store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nncli.report.summaries import RunSummary
from nncli.resolving import resolve
from nncli.spec import Spec
from nncli.store import Checkpoint, NewRun, RunStore, Summary

LAYERS = [
    {"fan_in": 64, "fan_out": 32, "activation": "relu"},
    {"fan_in": 32, "fan_out": 10, "activation": "softmax"},
]


def store_run(
    store: RunStore,
    options: Mapping[str, Any] | None = None,
    *,
    epochs: int = 5,
    status: str = "completed",
    train_loss: Any = None,
    **changes: Any,
) -> int:
    """Store a finished run on digits, or on what ``options`` say, and return its id."""
    spec = resolve(Spec.read({"epochs": epochs, **(options or {})}), "multiclass")
    new: dict[str, Any] = {
        "data": spec.data,
        "data_hash": "d" * 64,
        "task": "multiclass",
        "seed": spec.seed,
        "spec": json.dumps(spec.to_json()),
        "spec_hash": spec.hash(),
        "epochs_planned": epochs,
        "parameters": 2410,
        "environment": {
            "left_open": [
                *("task", "loss", "out_act", "init", "beta1", "beta2", "eps"),
                *("batch_size", "weight_decay"),
            ]
        },
        "versions": {"numpy": "2.0"},
    }
    run = store.create_run(NewRun(**{**new, **changes}))
    epoch = np.arange(1, epochs + 1)
    curve = {
        "epoch": epoch,
        "updates": 45 * epoch,
        "seconds": 0.01 * epoch,
        "train_loss": 1.0 / epoch if train_loss is None else train_loss,
        "val_loss": 1.5 / epoch,
        "val_accuracy": 1 - 0.5 / epoch,
        "lr": np.full(epochs, 0.001),
    }
    summary = Summary(
        best_epoch=4,
        best_train_loss=0.25,
        best_val_loss=0.375,
        best_val_accuracy=0.9751,
        test_accuracy=0.96,
        seconds_train=0.5,
        seconds_total=0.75,
        samples_per_second=120000.0,
    )
    model = Checkpoint(epoch=epochs, weights=b"w", info=json.dumps({"layers": LAYERS}))
    store.finish_run(run, status, curve, last=model, summary=summary)
    return run


def a_summary(**changes: Any) -> RunSummary:
    """A summary without a store."""
    values: dict[str, Any] = {
        "run": 1,
        "uuid": "5f0c",
        "name": None,
        "tags": (),
        "status": "completed",
        "data": "digits",
        "task": "multiclass",
        "seed": 0,
        "spec": {"act": "relu", "opt": "adam", "lr": 0.001, "hidden": "64"},
        "left_open": (),
        "epochs": 30,
        "epochs_planned": 30,
        "parameters": 4810,
        "last": {"train_loss": 0.01, "val_loss": 0.2, "val_accuracy": 0.97},
        "best": {"train_loss": 0.02, "val_loss": 0.1, "val_accuracy": 0.98},
        "best_epoch": 20,
        "test": {},
        "seconds": {"train": 0.5},
        "samples_per_second": 1000.0,
        "created": "2026-03-01T09:30:00.000Z",
        "finished": None,
    }
    return RunSummary(**{**values, **changes})
