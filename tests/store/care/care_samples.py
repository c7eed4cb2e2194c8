"""Stores to look after: filled with runs, sweeps and models, and compared row by row."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from store_samples import a_curve, a_gradcheck, a_run, layers_of
from sweep_samples import a_sweep, params_of

from nncli.store import (
    Checkpoint,
    Curve,
    NewRun,
    Settled,
    Summary,
    SweepStore,
    Wanted,
    arrays_to_bytes,
)

UNCOUNTED = ("threads", "diagnose", "save")


def sound_run(**changes: Any) -> NewRun:
    """A run whose spec has its hash and its seed."""
    seed = changes.pop("seed", 3)
    spec = {"act": "relu", "hidden": "64", "lr": 0.01, "seed": seed}
    spec |= {"save": "best", "bn": None, "bn_input": False}  # none of these counts
    counted = {"act": "relu", "hidden": "64", "lr": 0.01, "seed": seed}
    text = json.dumps(counted, sort_keys=True, separators=(",", ":"))
    fields = {"spec": json.dumps(spec), "spec_hash": hashlib.sha256(text.encode()).hexdigest()}
    return a_run(seed=seed, **{**fields, **changes})


def sound_model(epoch: int) -> Checkpoint:
    weights = arrays_to_bytes({"layer 1 W": np.full((3, 4), epoch, np.float32)})
    return Checkpoint(
        epoch=epoch, weights=weights, info='{"layers":[]}', state=weights, state_info="{}"
    )


def best_of(curve: dict[str, Any], epoch: int) -> Summary:
    """The summary of a run that was best at an epoch of its curve, which begins at epoch 1."""
    best = {
        f"best_{n}": float(v[epoch - 1]) for n, v in curve.items() if n.startswith(("tr", "va"))
    }
    return Summary(best_epoch=epoch, seconds_train=0.25, **best)


def add_whole(store: SweepStore, epochs: int = 6, status: str = "completed", **of: Any) -> int:
    """A run with a curve, layer statistics and both models, best at its second epoch."""
    curve = a_curve(1, epochs)
    run_id, _ = store.add_run(
        sound_run(**of),
        status,
        curve,
        layers=layers_of(1, epochs),
        last=sound_model(epochs),
        best=sound_model(2),
        summary=best_of(curve, 2),
    )
    return run_id


def add_diverged(store: SweepStore, **of: Any) -> int:
    """A run whose last row is NaN and infinite, and which has no best epoch."""
    curve = a_curve(1, 3)
    curve["train_loss"] = np.array([1.0, 9.0, np.nan])
    curve["val_loss"] = np.array([2.0, 80.0, np.inf])
    run_id, _ = store.add_run(sound_run(**of), "diverged", Curve.of(curve), error="nan")
    return run_id


def fill(path: Path | str, sweeps: int = 1, singles: int = 4) -> None:
    """Make a store with all kinds of rows; of each sweep one trial is dropped and one claimed."""
    with SweepStore(path) as store:
        for number in range(sweeps):
            new = a_sweep(name=f"s{number}", tags=("night",), definition_hash=f"d{number}")
            sweep, _ = store.open_sweep(new)
            process = store.join_sweep(sweep.id)
            for trial in range(3):
                for seed in (0, 1):
                    run = sound_run(seed=seed, sweep_id=sweep.id, tags=("night",))
                    each = Wanted(trial, seed, params_of(trial), run.spec_hash, "data-1")
                    store.claim(sweep.id, process, [each], reuse=False)
                    run_id = add_whole(store, seed=seed, sweep_id=sweep.id, tags=("night",))
                    store.settle(sweep.id, [Settled(trial, seed, run_id)])
            rest = [Wanted(n, 0, params_of(n), "", "data-1") for n in (3, 4)]
            store.claim(sweep.id, process, rest, reuse=False)
            store.settle(sweep.id, [Settled(3, 0, state="dropped")])
            store.leave_sweep(process)
        for number in range(singles):
            add_whole(store, 4 + number, name=f"single {number}", seed=10 + number)
        diverged = add_diverged(store, tags=("odd", "night"), note="too fast", git_dirty=True)
        store.add_run(sound_run(seed=99), "failed", error="MemoryError")
        store.add_gradcheck(a_gradcheck(what="run", run_id=diverged, max_relative_error=np.nan))
        store.add_gradcheck(a_gradcheck(passed=False, failed=1, results=[{"error": np.inf}]))


def content(execute: Any) -> dict[str, Any]:
    """All that a store holds, told without any of its ids.

    ``execute`` runs SQL and returns the rows; see the fixture of that name.
    """
    found: dict[str, Any] = {}
    columns = (
        "uuid, name, status, data, seed, spec, spec_hash, created, finished, epochs, updates, "
        "flags, train_loss, val_loss, best_epoch, best_val_loss, note, error, git_dirty, versions, "
        "(SELECT uuid FROM sweeps WHERE sweeps.id = runs.sweep_id) AS sweep"
    )
    for row in execute(f"SELECT {columns} FROM runs"):
        found[row[0]] = [row]
    names = "SELECT runs.uuid, {0} FROM {1} JOIN runs ON runs.id = {1}.run_id ORDER BY {2}"
    for table, shown, order in (
        ("epochs", "epoch, updates, train_loss, val_loss, lr, epochs.flags", "1, 2"),
        ("layer_stats", "epoch, layer, dead_frac, layer_stats.flags", "1, 2, 3"),
        ("models", "kind, epoch, info, weights, state, state_info", "1, 2"),
        ("tags", "tag", "1, 2"),
    ):
        qualified = shown.replace("epoch,", f"{table}.epoch,", 1)
        qualified = ", ".join(
            f"{table}.{part.strip()}" if "." not in part else part for part in qualified.split(",")
        )
        for row in execute(names.format(qualified, table, order)):
            found[row[0]].append((table, *(_plain(cell) for cell in row[1:])))
    found["sweeps"] = sorted(
        execute("SELECT uuid, name, created, definition, tags FROM sweeps"), key=str
    )
    found["processes"] = sorted(
        execute(
            "SELECT s.uuid, p.host, p.pid, p.started FROM sweep_processes p "
            "JOIN sweeps s ON s.id = p.sweep_id"
        ),
        key=str,
    )
    found["trials"] = sorted(
        execute(
            "SELECT s.uuid, t.number, t.seed, t.state, t.params, r.uuid AS run, p.pid "
            "FROM trials t JOIN sweeps s ON s.id = t.sweep_id LEFT JOIN runs r ON r.id = t.run_id "
            "LEFT JOIN sweep_processes p ON p.id = t.process_id"
        ),
        key=str,
    )
    found["gradchecks"] = sorted(
        execute(
            "SELECT g.created, g.what, g.passed, g.flags, g.seconds, g.results, r.uuid "
            "FROM gradchecks g LEFT JOIN runs r ON r.id = g.run_id"
        ),
        key=str,
    )
    return found


def _plain(cell: Any) -> Any:
    return bytes(cell) if isinstance(cell, memoryview) else cell


def content_of(path: Path) -> dict[str, Any]:
    """What the store in a file holds, told without its ids."""
    connection = sqlite3.connect(path)
    try:
        return content(lambda statement: connection.execute(statement).fetchall())
    finally:
        connection.close()
