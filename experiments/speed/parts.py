"""What each part costs: microseconds an update, and elements a second.

    python experiments/speed/parts.py
    python experiments/speed/parts.py --rounds 9

The network is 784-256-128-10 in batches of 64, float32, on random data; a part takes its turn in
every round, and the median of the rounds is printed beside the ratio to relu with adam. The second
table times every activation's kernels by themselves on 4,096 numbers, beside NumPy's ``exp`` and
``tanh``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nncli import experiment
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.assemble import assemble
from nncli.kernels.jit import native
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.spec import Spec
from nncli.trainer import Trainer, parts_of

ROWS, INPUTS, CLASSES = 6400, 784, 10
NETWORK = {"hidden": "256,128", "batch_size": 64, "epochs": 2, "val": "0", "scale": "none"}
EXTRAS: dict[str, dict[str, Any]] = {
    "--bn before": {"bn": "before"},
    "--bn after": {"bn": "after"},
    "--bn-input": {"bn_input": True},
    "--dropout 0.2": {"dropout": 0.2},
    "--diagnose": {"diagnose": True},
}

NUMBERS = 4096
CALLS = 2000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="a second shares its core's luck")
    given = parser.parse_args()
    rounds = given.rounds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.npz"
        rng = np.random.default_rng(0)
        x = rng.standard_normal((ROWS, INPUTS)).astype(np.float32)
        np.savez(path, X=x, y=rng.integers(0, CLASSES, ROWS))
        print_updates(str(path), rounds, given.threads)
    print_elements(rounds)


def print_updates(data: str, rounds: int, threads: int) -> None:
    """Print microseconds an update of each activation, optimizer and extra."""
    jobs: dict[str, dict[str, Any]] = {"relu, adam": {}}
    jobs |= {name: {"act": name} for name, part in ACTIVATIONS.parts.items() if part.hidden}
    jobs |= {n: {"opt": n} for n, part in OPTIMIZERS.parts.items() if part.update is not None}
    jobs |= EXTRAS
    steps = {name: _update(data, options, threads) for name, options in jobs.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(step())
    base = statistics.median(times["relu, adam"])
    print("| part | us an update | ratio to relu, adam |\n| --- | ---: | ---: |")
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"| {name} | {middle:.0f} | {middle / base:.2f} |")


def _update(data: str, options: dict[str, Any], threads: int) -> Callable[[], float]:
    """Return a function that trains once and returns the microseconds of an update."""
    plan = experiment.plan(Spec.read({"data": data, **NETWORK, **options}))
    assembly = assemble(parts_of(plan.spec, plan.model, plan.dataset))

    def step() -> float:
        trainer = Trainer(plan.spec, plan.model, plan.dataset, assembly, threads)
        began = time.perf_counter()
        while trainer.status == "running":
            trainer.advance(trainer.batches)
        return 1e6 * (time.perf_counter() - began) / trainer.updates

    step()
    return step


def print_elements(rounds: int) -> None:
    """Print billions of elements a second of every activation in float32, on one core."""
    rng = np.random.default_rng(1)
    z = rng.standard_normal(NUMBERS).astype(np.float32)
    a, d = np.empty_like(z), np.ones_like(z)
    one = np.zeros(1, np.float32)
    each = np.zeros(NUMBERS, np.float32)
    print("\n| in 10^9 elements a second, float32 | forward | backward |\n| --- | ---: | ---: |")
    for name, function in (("NumPy exp", np.exp), ("NumPy tanh", np.tanh)):
        print(f"| {name} | {_rate(lambda f=function: f(z, out=a), rounds):.2f} | |")
    for name, part in ACTIVATIONS.parts.items():
        forward, backward = native(part.forward), native(part.backward)
        width = CLASSES if not part.hidden else NUMBERS
        size = NUMBERS - NUMBERS % width
        zs, outs, ds = z[:size], a[:size], d[:size]
        parameters = np.full(1, part.value or 0.0, np.float32) if part.value else one
        there = _rate(lambda: forward(zs, outs, parameters, width), rounds)  # noqa: B023
        back = _rate(lambda: backward(zs, outs, ds, parameters, each, width), rounds)  # noqa: B023
        print(f"| {name} | {there:.2f} | {back:.2f} |")


def _rate(call: Callable[[], object], rounds: int) -> float:
    """Return 10^9 numbers a second: the best of some rounds, calls from Python included."""
    call()
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, time.perf_counter() - began)
    return NUMBERS * CALLS / best / 1e9


if __name__ == "__main__":
    main()
