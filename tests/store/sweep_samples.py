"""Sweeps and trials to store."""

from __future__ import annotations

import json
from typing import Any

from store_samples import a_run

from nncli.store import NewRun, NewSweep, Settled, Sweep, SweepStore, Wanted


def a_sweep(**changes: Any) -> NewSweep:
    fields: dict[str, Any] = {
        "data": "digits",
        "definition": '{"lr":"log:1e-4:1e-1:7"}',
        "definition_hash": "definition-1",
    }
    return NewSweep(**{**fields, **changes})


def params_of(number: int) -> str:
    return json.dumps({"lr": number})


def wanted(number: int, seed: int = 0, **changes: Any) -> Wanted:
    fields: dict[str, Any] = {
        "params": params_of(number),
        "spec_hash": f"spec-{number}-{seed}",
        "data_hash": "data-1",
    }
    return Wanted(number, seed, **{**fields, **changes})


def run_of(each: Wanted, sweep: Sweep | None = None) -> NewRun:
    return a_run(
        seed=each.seed,
        spec_hash=each.spec_hash,
        data_hash=each.data_hash,
        sweep_id=sweep.id if sweep else None,
    )


def do(store: SweepStore, sweep: Sweep, each: Wanted, status: str = "completed", **of: Any) -> int:
    """Run a claimed trial and settle it, as a sweep does."""
    with store.transaction():
        run_id, _ = store.add_run(run_of(each, sweep), status, **of)
        store.settle(sweep.id, [Settled(each.number, each.seed, run_id)])
    return run_id
