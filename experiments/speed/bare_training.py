"""Trains the runs of a sweep over learning rates one after another, with nothing around them.

    python experiments/speed/bare_training.py xor --hidden 4 --epochs 10 --trials 100

One process, one thread, no database and no coordinator: what `sweep_cost.py` holds a sweep against.
All is planned and compiled first; then the process says that it is ready, waits for a line on
standard input, trains, and prints the seconds and the processor's seconds as a JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from nncli.planning import Plan, Planner
from nncli.runner import run
from nncli.spec import Spec


def main() -> None:
    """Plan, wait and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--hidden", default="64")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--rates", default="1e-3:1", help="lowest and highest, log-spaced")
    given = parser.parse_args()
    low, high = map(float, given.rates.split(":"))
    planner = Planner()
    options = {"data": given.data, "hidden": given.hidden, "epochs": given.epochs}
    plans = [
        planner.plan(Spec.read({**options, "lr": float(rate)}))
        for rate in np.geomspace(low, high, given.trials)
    ]
    train(plans[0])
    print("ready", flush=True)
    sys.stdin.readline()
    began, used = time.perf_counter(), time.process_time()
    for plan in plans:
        train(plan)
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"seconds": seconds, "processor_seconds": processor}), flush=True)


def train(plan: Plan) -> None:
    """Train a run on one thread, as the threads of a sweep do."""
    for _event in run(plan.spec, plan.dataset, threads=1):
        pass


if __name__ == "__main__":
    main()
