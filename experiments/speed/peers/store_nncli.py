"""nncli's store: a run in one piece, as a short one is written, or an epoch at a time.

    python -m peers.store_nncli STORE.db --task write --how whole --runs 20
    python -m peers.store_nncli STORE.db --task list --runs 10000

A run that takes longer than a second is written a second at a time, between the two.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from nncli.store import NewRun, RunStore, Summary
from nncli.store.finding import Query, ReportStore
from peers.store_work import PARAMS, accuracy, curve, options, report, sum_of_best


def main() -> None:
    given = options(("whole", "epochs"))
    if given.task == "write":
        with RunStore(given.database) as store:
            write = whole if given.how == "whole" else by_epoch
            report(lambda number: write(store, number, given.epochs), given.runs)
        return
    if not Path(given.database).exists():
        fill(given.database, given.runs)
    report(lambda _: best_of(given.database, given.best), given.times)


def new_run(number: int) -> NewRun:
    spec = json.dumps(PARAMS | {"seed": number}, sort_keys=True)
    spec_hash = hashlib.sha256(spec.encode()).hexdigest()
    return NewRun(data="digits", data_hash="0" * 64, task="multiclass", seed=number, spec=spec,
                  spec_hash=spec_hash, epochs_planned=100, versions={"nncli": "0"})  # fmt: skip


def columns(epochs: int, number: int) -> dict[str, Any]:
    epoch = np.arange(1, epochs + 1)
    arrays = {name: np.array(values) for name, values in curve(epochs, number).items()}
    return {"epoch": epoch, "updates": 45 * epoch, "seconds": 0.01 * epoch, **arrays}


def whole(store: RunStore, number: int, epochs: int) -> int:
    """A run with all its rows, in one transaction."""
    summary = Summary(best_epoch=epochs, best_val_loss=0.1, best_val_accuracy=0.9)
    run_id, _ = store.add_run(
        new_run(number), "completed", columns(epochs, number), summary=summary
    )
    return epochs if run_id else 0


def by_epoch(store: RunStore, number: int, epochs: int) -> int:
    """A run with a transaction an epoch."""
    rows = columns(epochs, number)
    run_id = store.create_run(new_run(number))
    for place in range(epochs):
        row = {name: values[place : place + 1] for name, values in rows.items()}
        store.write_epochs(run_id, row)
    store.finish_run(run_id, "completed", summary=Summary(best_epoch=epochs))
    return epochs


def fill(database: str, runs: int) -> None:
    """Store runs of one epoch each."""
    with RunStore(database) as store, store.transaction():
        for number in range(runs):
            rows = columns(1, number) | {"val_accuracy": np.array([accuracy(number, runs)])}
            best = Summary(best_epoch=1, best_val_accuracy=accuracy(number, runs))
            store.add_run(new_run(number), "completed", rows, summary=best)


def best_of(database: str, best: int) -> float:
    """List the best runs with all their options and metrics."""
    fields = ("run", "uuid", "status", "created", "finished", "seed", *PARAMS)
    fields += ("train_loss:last", "val_loss:last", "train_accuracy:last", "val_accuracy")
    with ReportStore(database) as store:
        query = Query(tuple(dict.fromkeys(fields)), sort="-val_accuracy", limit=best)
        table = store.find(query).table
    return sum_of_best(table["val_accuracy"])


if __name__ == "__main__":
    main()
