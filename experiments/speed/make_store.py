"""Write a large store to measure reports with: by default 100,000 runs with 5,000,000 curve rows.

    python experiments/speed/make_store.py big.db                       # about a minute, 1 GB
    python experiments/speed/make_store.py small.db --runs 1000 --rows 50000

Nothing is trained: curves are drawn by a simple law of optimizer, learning rate and seed. All else
is as nncli writes it, through its own store: sweeps with their trials, single runs with names, tags
and notes, specs with their true hashes, diverged, failed, pruned and interrupted runs, NaN and
infinities, statistics of layers for some, and readable models for a few. One seed gives one store,
but for its uuids and for its times, which end now.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from made_runs import Drawn, draw_curves, draw_layers, model_of

from nncli import planning, stored
from nncli.data import Dataset
from nncli.environment import Provenance
from nncli.model import Model
from nncli.resolving import resolve
from nncli.spec import Spec
from nncli.store import NewSweep, Settled, SweepStore, Wanted
from nncli.store.clock import utc_now
from nncli.sweeps.request import read_request

DATA = ("digits", "iris", "moons", "sine", "blobs")
HIDDEN = ("16", "16,16", "32", "32,16", "24")
ACTS = ("relu", "tanh", "gelu", "silu")
OPTS = ("sgd", "momentum", "rmsprop", "adam", "adamw")
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SEEDS = 5
TAGS = ("night", "baseline", "paper", "wide", "check", "student")
NOTES = ("a first look", "<script>alert(1)</script>", "Größe 2", "again, with a smaller rate")

#: Runs of one transaction, so that a store of any size is written in little memory.
BLOCK = 500

#: Every so many sweeps, single runs follow, so many of them.
SINGLE_EVERY, SINGLES = 3, 300

#: Seconds between two runs; the last ends now.
PACE = 60


@dataclass(frozen=True)
class Asked:
    """A run to be made; ``trial`` is its place in a sweep."""

    open: Spec  #: as it is asked for
    spec: Spec  #: with every open choice made
    labels: dict[str, Any]
    trial: Wanted | None = None


class Maker:
    """Makes runs and stores them; its clock goes on by ``PACE`` a run."""

    def __init__(self, path: Path, runs: int, rows: int, seed: int) -> None:
        self.runs, self.rows = runs, rows
        self.made = self.made_rows = self._planned = 0
        self._now = utc_now() - timedelta(seconds=PACE * runs)
        self._store = SweepStore(path, clock=self._clock)
        self._rng = np.random.default_rng(seed)
        self._planner = planning.Planner()
        self._data: dict[str, Dataset] = {}
        self._provenance = Provenance.now()

    def __enter__(self) -> Maker:
        return self

    def __exit__(self, *error: object) -> None:
        self._store.close()

    def _clock(self) -> datetime:
        return self._now

    def make(self) -> None:
        """Store all runs: sweeps, and single runs between them."""
        for number in itertools.count():
            if number % SINGLE_EVERY == SINGLE_EVERY - 1:
                self._store_runs(itertools.islice(self._singles(number), SINGLES))
            if self.made >= self.runs:
                return
            self._sweep(number)
            print(f"{self.made:,} runs, {self.made_rows:,} curve rows", file=sys.stderr)

    def _epochs(self) -> int:
        """The epochs of the next runs: by what the runs so far have done of theirs."""
        done = self.made_rows / self._planned if self._planned else 0.9
        return max(2, math.ceil((self.rows - self.made_rows) / (self.runs - self.made) / done))

    def _sweep(self, number: int) -> None:
        """Store a sweep over activations, optimizers, rates, widths and seeds."""
        data = DATA[number % len(DATA)]
        hidden = [HIDDEN[(number + each) % len(HIDDEN)] for each in (0, 1)]
        axes: dict[str, Any] = {"data": data, "hidden": hidden, "act": list(ACTS)}
        axes |= {"opt": list(OPTS), "lr": list(RATES), "epochs": self._epochs()}
        if number % 4 == 1:
            axes["dropout"] = 0.1
        tags = tuple(TAGS[(number + each) % len(TAGS)] for each in range(number % 3))
        definition = read_request(axes, {"seeds": SEEDS}).definition
        known = definition.to_json() | {"folder": str(Path.cwd()), "fresh": False}
        dataset = self._dataset(data)
        sweep, _ = self._store.open_sweep(
            NewSweep(
                data=data,
                definition=json.dumps(known),
                definition_hash=definition.hash({data: dataset.hash}),
                name=f"sweep {number}" if number % 2 else None,
                tags=tags,
            ),
            fresh=True,
        )
        process = self._store.join_sweep(sweep.id)
        labels = {"tags": tags, "sweep_id": sweep.id}
        fixed = {n: v for n, v in axes.items() if not isinstance(v, list)}
        varied = {n: v for n, v in axes.items() if isinstance(v, list)}

        def asked() -> Iterator[Asked]:
            for place, values in enumerate(itertools.product(*varied.values())):
                params = fixed | dict(zip(varied, values, strict=True))
                given = Spec.read(params)
                spec = resolve(given, dataset.task)
                text = json.dumps(params, sort_keys=True)
                for seed in definition.seeds:
                    one = replace(spec, seed=seed)
                    trial = Wanted(place, seed, text, one.hash(), dataset.hash)
                    yield Asked(given, one, labels, trial)

        self._store_runs(asked(), sweep.id, process)
        self._store.leave_sweep(process)

    def _singles(self, number: int) -> Iterator[Asked]:
        """Single runs, some with name, tag and note."""
        pick: Any = self._rng.choice
        for place in itertools.count():
            params: dict[str, Any] = {
                "data": str(pick(DATA)),
                "hidden": str(pick(HIDDEN)),
                "act": str(pick(ACTS)),
                "opt": str(pick(OPTS)),
                "lr": float(pick(RATES)),
                "epochs": self._epochs(),
                "batch_size": int(pick([16, 32, 64])),
            }
            if place % 5 == 0:
                params["weight_decay"] = 0.001
            labels: dict[str, Any] = {}
            if place % 3 == 0:
                labels["name"] = f"try-{number}-{place}"
            if place % 2 == 0:
                labels["tags"] = (str(pick(TAGS)),)
            if place % 10 == 0:
                labels["note"] = str(pick(NOTES))
            given = Spec.read(params | {"seed": int(self._rng.integers(1000))})
            yield Asked(given, resolve(given, self._dataset(given.data).task), labels)

    def _store_runs(
        self, asked: Iterator[Asked], sweep_id: int | None = None, process: int = 0
    ) -> None:
        while block := list(itertools.islice(asked, min(BLOCK, self.runs - self.made))):
            drawn = draw_curves(self._rng, [each.spec for each in block])
            with self._store.transaction():
                if sweep_id is not None:
                    wanted = [each.trial for each in block if each.trial]
                    self._store.claim(sweep_id, process, wanted, reuse=False)
                ids = [self._store_run(*each) for each in zip(block, drawn, strict=True)]
                if sweep_id is not None:
                    trials = [
                        Settled(each.trial.number, each.trial.seed, run_id)
                        for each, run_id in zip(block, ids, strict=True)
                        if each.trial
                    ]
                    self._store.settle(sweep_id, trials)

    def _store_run(self, asked: Asked, drawn: Drawn) -> int:
        watched = self.made % 25 == 7
        kept = self.made % 50 == 7 and drawn.curve is not None
        spec = replace(asked.spec, diagnose=watched, save="best" if kept else "none")
        dataset = self._dataset(spec.data)
        network = network_of(dataset.width, dataset.outputs, spec)
        plan = planning.Plan(asked.open, spec, dataset, network, 0.0)
        run = planning.new_run(plan, self._provenance, threads=1, **asked.labels)
        more: dict[str, Any] = {}
        if watched and drawn.curve is not None:
            more["layers"] = draw_layers(self._rng, drawn, len(network.layers))
        if kept:
            info = stored.description(spec, network, dataset)
            more["last"], more["best"] = model_of(self._rng, network, drawn, info)
        run_id, _ = self._store.add_run(
            run, drawn.status, drawn.curve, summary=drawn.summary, error=drawn.error, **more
        )
        self.made += 1
        self._planned += spec.epochs
        self.made_rows += 0 if drawn.curve is None else len(drawn.curve["epoch"])
        self._now += timedelta(seconds=PACE)
        return run_id

    def _dataset(self, name: str) -> Dataset:
        if name not in self._data:
            self._data[name] = self._planner.dataset(Spec.read({"data": name}))
        return self._data[name]


_networks: dict[tuple[Any, ...], Model] = {}


def network_of(inputs: int, outputs: int, spec: Spec) -> Model:
    """Return the network of a spec, made once of all that are alike."""
    key = inputs, outputs, spec.hidden, spec.act, spec.out_act
    if key not in _networks:
        _networks[key] = Model.of(spec, inputs, outputs)
    return _networks[key]


def main() -> int:
    """Read the command line and write the store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of curves, in all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.path.exists():
        sys.exit(f"{given.path} is there already: remove it, or name another file")
    began = time.perf_counter()
    with Maker(given.path, given.runs, given.rows, given.seed) as maker:
        maker.make()
    size = given.path.stat().st_size / 2**20
    print(f"{given.path}: {maker.made:,} runs, {maker.made_rows:,} curve rows, {size:,.0f} MiB, "
          f"{time.perf_counter() - began:.0f} s")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
