"""What the thread that coordinates a sweep takes a run: its own processor time, training aside.

    python experiments/speed/coordinating.py xor --hidden 4 --epochs 500 --trials 1000

It proposes, claims and plans runs, hands them to the threads that train, and records what comes of
them: one transaction for many runs, with the networks and every row of their curves. With `--bare`
no network is stored and a curve has one row, which leaves what a run costs whatever it brings.
The sweep is carried out in this process with few trials and with many, into new databases, and the
difference counts, so that the start does not. Prints milliseconds a run as a JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import nncli

#: Trials of the short sweep; the long one has so many more as are asked for.
FEW = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--hidden", default="64")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--bare", action="store_true", help="no network, and one row of the curve")
    parser.add_argument("--rates", default="1e-3:1", help="lowest and highest, log-spaced")
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        coordinate(given, 2, Path(folder) / "warm.db")
        few = coordinate(given, FEW, Path(folder) / "few.db")
        many = coordinate(given, FEW + given.trials, Path(folder) / "many.db")
    print(json.dumps({"milliseconds": 1000 * (many - few) / given.trials}))


def coordinate(given: argparse.Namespace, trials: int, database: Path) -> float:
    """Carry out a sweep and return the seconds that this thread has used."""
    began = time.thread_time()
    found = nncli.sweep(
        given.data,
        hidden=given.hidden,
        epochs=given.epochs,
        log_every=given.epochs if given.bare else 1,
        save="none" if given.bare else "best",
        lr=f"log:{given.rates}:{trials}",
        jobs=given.jobs,
        db=str(database),
    )
    used = time.thread_time() - began
    assert sum(found.counts.values()) == trials, found.counts
    return used


if __name__ == "__main__":
    main()
