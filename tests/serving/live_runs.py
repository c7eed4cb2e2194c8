"""Runs that are written while others read."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from nncli.store import NewRun, RunStore, Summary


class Trained:
    """A store that is written to as training does."""

    def __init__(self, path: Path) -> None:
        self.store = RunStore(path)

    def __enter__(self) -> Trained:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.close()

    def begin(self, *, act: str = "relu", seed: int = 0, name: str | None = None) -> int:
        """Begin a run of ten epochs."""
        spec = {"act": act, "opt": "adam", "lr": 0.001, "seed": seed, "hidden": "64"}
        new: dict[str, Any] = {
            "data": "digits",
            "data_hash": "d" * 64,
            "task": "multiclass",
            "seed": seed,
            "spec": json.dumps(spec),
            "spec_hash": json.dumps(spec),
            "name": name,
            "epochs_planned": 10,
        }
        return self.store.create_run(NewRun(**new))

    def epochs(self, run: int, first: int, last: int) -> None:
        """Write the rows of some epochs."""
        epoch = np.arange(first, last + 1)
        curve = {
            "epoch": epoch,
            "updates": 45 * epoch,
            "seconds": 0.01 * epoch,
            "train_loss": 1.0 / epoch,
            "val_loss": 1.5 / epoch,
            "val_accuracy": 1 - 0.5 / epoch,
        }
        best = Summary(best_epoch=last, best_val_accuracy=1 - 0.5 / last, best_val_loss=1.5 / last)
        self.store.save(run, curve, summary=best)

    def end(self, run: int, status: str = "completed") -> None:
        """End a run."""
        self.store.finish_run(run, status)

    def run(self, **settings: Any) -> int:
        """Write a whole run, and return its id."""
        run = self.begin(**settings)
        self.epochs(run, 1, 10)
        self.end(run)
        return run
