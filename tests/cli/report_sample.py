"""A database to report on: two activations, two rates, three seeds, and all that goes wrong."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from nncli.resolving import resolve
from nncli.spec import Spec
from nncli.store import NewRun, RunStore, Summary
from nncli.store.process import Process

#: Names that mean something to HTML, Markdown, LaTeX, a spreadsheet or a terminal.
EVIL = "<script>|\\_%&#${}~^`*[x]"
STEERING = "\x1b[2J=cmd\ttab"

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
EPOCHS = 5


def make_sample(path: Path) -> Path:
    """Store 12 whole runs (1-12) and five that went wrong (13-17), and return the database."""
    with RunStore(path, clock=lambda: NOW) as store:
        for act in ("relu", "tanh"):
            for rate in (0.01, 0.1):
                for seed in range(3):
                    level = 0.9 + 0.02 * (act == "relu") - 0.1 * rate + 0.005 * seed
                    add_run(store, level, act=act, lr=rate, seed=seed, tags=("night",))
        add_run(store, 0.5, status="diverged", losses=[1.0, math.inf, math.nan], name=EVIL)
        add_run(store, None, status="failed", epochs=0, error="no room", name=STEERING)
        add_run(store, 0.6, status="interrupted", epochs=3)
        add_run(store, 0.7, act="x*sigmoid(1.702*x)", opt="sgd", lr=0.5, note="mine")
    gone = Process("elsewhere", 1, "0", "0")
    with RunStore(path, clock=lambda: NOW, process=gone) as store:
        store.create_run(_new(resolve(Spec.read({"epochs": EPOCHS}), "multiclass"), ()))
    return path


def add_run(
    store: RunStore,
    level: float | None,
    *,
    status: str = "completed",
    epochs: int = EPOCHS,
    losses: list[float] | None = None,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    error: str | None = None,
    note: str | None = None,
    **options: Any,
) -> int:
    """Store a run that ended with the validation accuracy ``level``; None for no curve."""
    spec = resolve(Spec.read({"epochs": EPOCHS, **options}), "multiclass")
    new = _new(spec, tags, name=name, note=note)
    if level is None:
        return store.add_run(new, status, error=error)[0]
    train = np.array(losses) if losses is not None else 1.0 / np.arange(1, epochs + 1)
    epoch = np.arange(1, len(train) + 1)
    curve = {
        "epoch": epoch,
        "updates": 45 * epoch,
        "seconds": 0.01 * epoch,
        "train_loss": train,
        "val_loss": 1.5 * train,
        "val_accuracy": level * (1 - 0.5**epoch) / (1 - 0.5 ** len(train)),
        "lr": np.full(len(train), spec.lr),
    }
    best = Summary(
        best_epoch=len(train),
        best_val_accuracy=level,
        best_val_loss=1.5 * float(train[-1]),
        best_train_loss=float(train[-1]),
        seconds_train=0.25,
        seconds_total=0.5,
    )
    return store.add_run(new, status, curve, summary=best, error=error)[0]


def _new(spec: Spec, tags: tuple[str, ...], **more: Any) -> NewRun:
    return NewRun(
        data=spec.data,
        data_hash="d" * 64,
        task="multiclass",
        seed=spec.seed,
        spec=json.dumps(spec.to_json()),
        spec_hash=spec.hash(),
        epochs_planned=spec.epochs,
        parameters=19210,
        tags=tags,
        **more,
    )
