"""Sweeps in a store whose runs were never trained: their measurements are made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nncli.claims import Claim
from nncli.store import NewRun, NewSweep, Settled, Summary, SweepStore, Wanted
from nncli.sweeps.definition import Definition
from nncli.sweeps.space.about import About
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.space import Space


@dataclass(frozen=True)
class Made:
    """What a run is said to have measured; None for a trial that nobody has begun."""

    losses: Sequence[float] = (1.0, 0.5)
    status: str = "completed"
    layers: Mapping[str, Sequence[float]] = field(default_factory=dict)  #: two, at epochs 1, 2
    more: Mapping[str, Any] = field(default_factory=dict)  #: of the summary


Maker = Callable[[Mapping[str, Any], int], "Made | None"]


def a_claim(**of: Any) -> Claim:
    return Claim(**{"says": "so it is", "value": "train_loss:last", **of})


def definition_of(
    axes: Mapping[str, Any], seeds: int, claims: Sequence[Claim] = (), **about: Any
) -> Definition:
    space = Space({name: read_dimension(name, values) for name, values in axes.items()})
    known = About(title="A study", claims=tuple(claims), **about) if claims or about else None
    return Definition(space, seeds=tuple(range(seeds)), sampler="grid", about=known)


def store_sweep(
    store: SweepStore,
    definition: Definition,
    make: Maker,
    *,
    name: str = "study",
    folder: str = ".",
    **how: Any,
) -> int:
    """Store a sweep with the runs that ``make`` says there are, and return its id."""
    text = json.dumps({**definition.to_json(), "folder": folder, "fresh": False})
    new = NewSweep(data="moons", definition=text, definition_hash=definition.hash({}), name=name)
    with store.transaction():
        sweep, _ = store.open_sweep(new, **how)
        process = store.join_sweep(sweep.id)
        for number, params in enumerate(definition.space.grid()):
            for seed in definition.seeds:
                made = make(params, seed)
                if made is not None:
                    _store_run(store, sweep.id, process, number, seed, params, made)
        store.leave_sweep(process)
    return sweep.id


def _store_run(
    store: SweepStore,
    sweep_id: int,
    process: int,
    number: int,
    seed: int,
    params: Mapping[str, Any],
    made: Made,
) -> None:
    options = {"seed": seed, "data": "moons", **params}
    text = json.dumps(options)
    wanted = Wanted(number, seed, json.dumps(dict(params)), text, "data-1")
    (claim,) = store.claim(sweep_id, process, [wanted])
    if claim.outcome == "done":
        return
    run = NewRun(
        data=str(options["data"]),
        data_hash="data-1",
        task="binary",
        seed=seed,
        spec=text,
        spec_hash=text,
        sweep_id=sweep_id,
        parameters=10 * len(str(options.get("hidden", ""))),
    )
    epochs = np.arange(1, len(made.losses) + 1)
    curve = {
        "epoch": epochs,
        "updates": 10 * epochs,
        "seconds": 0.5 * epochs,
        "train_loss": np.array(made.losses, dtype=float),
    }
    layers = None
    if made.layers:
        layers = {"epoch": [1, 1, 2, 2], "layer": [1, 2, 1, 2], **made.layers}
    finite = [loss for loss in made.losses if np.isfinite(loss)]
    best = {"best_epoch": 1, "best_train_loss": min(finite)} if finite else {}
    run_id, _ = store.add_run(
        run,
        made.status,
        curve,
        layers={name: list(values) for name, values in layers.items()} if layers else None,
        summary=Summary(**{**best, **made.more}),
    )
    store.settle(sweep_id, [Settled(number, seed, run_id)])
