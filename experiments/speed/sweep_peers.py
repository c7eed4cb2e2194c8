"""Times a sweep by nncli against scikit-learn's GridSearchCV and Optuna with PyTorch.

    python experiments/speed/sweep_peers.py --peer-python PATH     # about five minutes
    python experiments/speed/sweep_peers.py --quick                # one round, fewer contestants

All try the same learning rates for 64-64-10 on the digits, in batches of 32 with Adam in float32,
on the same validation split, two trials at a time. A contestant is a whole process from its start
to its end, imports and all; they take turns, and a result is the median of the rounds. The machine
code of nncli and the files of all are warm: each has done a small sweep before. nncli validates
after every epoch and records every run with its curve and weights in a new database; Optuna
validates after every epoch and keeps the last loss; GridSearchCV validates once. The best loss of
all trials, after the last epoch, shows that all have done the same work; initial weights differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from peers.sweep_work import CASE, HIGHEST, LOWEST, write_split
from whole_process import Measured, ProcessError, measure, sweep_command

OWN = "nncli sweep"
PEERS = {  # name: arguments of the peers' Python, and how many times faster nncli is to be
    "GridSearchCV": (["-m", "peers.sweep_grid_search"], 10),
    "Optuna, SQLite": (["-m", "peers.sweep_optuna_torch", "--storage=sqlite"], 15),
    "Optuna, journal": (["-m", "peers.sweep_optuna_torch", "--storage=journal"], 15),
}
QUICK = [OWN, "GridSearchCV", "Optuna, SQLite"]
WARM_UP_TRIALS = 2
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> int:
    """Measure and print."""
    given = _options()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rounds: dict[str, list[Measured]] = {name: [] for name in given.only}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_split(Path(folder) / "split.npz")
        for number in range(-1, given.rounds):  # the first is the warm-up
            trials = WARM_UP_TRIALS if number < 0 else given.trials
            for name in [each for each in given.only if each not in left_out]:
                try:
                    found = _contest(name, trials, number, Path(folder), given)
                except ProcessError as error:
                    left_out[name] = str(error)
                    continue
                print(f"{name}, round {number}: {found.seconds:.2f} s, loss {_loss(found):.4f}",
                      file=sys.stderr)  # fmt: skip
                if number >= 0:
                    rounds[name].append(found)
    measured = {name: all_rounds for name, all_rounds in rounds.items() if name not in left_out}
    print("\n".join(_report(measured, left_out, given, load)))
    if given.json:
        results = {
            name: [vars(each) | {"first_run": None} for each in all_rounds]
            for name, all_rounds in measured.items()
        }
        results_and_load = {"load": load, "rounds": results, "left_out": left_out}
        given.json.write_text(json.dumps(results_and_load, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", default=sys.executable, help="Python of the peers")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[OWN, *PEERS], help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="one round, without the journal")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    given = parser.parse_args()
    given.only = given.only or (QUICK if given.quick else [OWN, *PEERS])
    if given.quick:
        given.rounds = 1
    return given


def _contest(
    name: str, trials: int, number: int, folder: Path, given: argparse.Namespace
) -> Measured:
    """One contestant's turn. Raises ProcessError unless it has done all trials."""
    if name == OWN:
        database = folder / f"{number}.db"
        found = measure(sweep_command(_own_options(trials, given.epochs), database, given.jobs))
        done = found.answer["completed"]
    else:
        arguments, _ = PEERS[name]
        command = [given.peer_python, *arguments, str(folder / "split.npz"), f"--trials={trials}"]
        command += [f"--epochs={given.epochs}", f"--jobs={given.jobs}"]
        found = measure(command, folder=Path(__file__).parent, environment=ONE_THREAD)
        done = found.answer["trials"]
    if done != trials:
        raise ProcessError(f"{done} of {trials} trials were done")
    return found


def _own_options(trials: int, epochs: int) -> list[str]:
    """The options of nncli sweep."""
    hidden = ",".join(map(str, CASE.sizes[1:-1]))
    rates = f"log:{LOWEST}:{HIGHEST}:{trials}"
    return ["digits", "--hidden", hidden, "--lr", rates, "--batch-size", str(CASE.batch),
            "--opt", "adam", "--epochs", str(epochs), "--objective", "val_loss:last"]  # fmt: skip


def _loss(found: Measured) -> float:
    """The best validation loss of all trials."""
    best: Any = found.answer["best"]
    return float(best["value"] if isinstance(best, dict) else best)


def _report(
    measured: dict[str, list[Measured]],
    left_out: dict[str, str],
    given: argparse.Namespace,
    load: float | None,
) -> list[str]:
    """The medians as Markdown, with nncli's advantage and what it is to be."""
    seconds = {name: median(each.seconds for each in all_) for name, all_ in measured.items()}
    sizes = "-".join(map(str, CASE.sizes))
    lines = [
        f"{given.trials} trials of {sizes} on digits, {given.epochs} epochs, {given.jobs} at a "
        f"time; medians of {given.rounds} rounds",
        f"Load average at the start (should be near 0): {load}",
        *(f"Left out: {name}: {reason}" for name, reason in left_out.items()),
        "",
        "| contestant | seconds | slowest round | best loss | time / time of nncli | target |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, all_rounds in measured.items():
        ratio, target = "", ""
        if name != OWN and OWN in seconds:
            ratio, target = f"{seconds[name] / seconds[OWN]:.1f}", f">= {PEERS[name][1]}"
        slowest = max(each.seconds for each in all_rounds)
        cells = [f"{seconds[name]:.2f}", f"{slowest:.2f}", f"{_loss(all_rounds[-1]):.4f}"]
        lines.append(f"| {' | '.join([name, *cells, ratio, target])} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
