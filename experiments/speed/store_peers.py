"""Times nncli's store against MLflow's and Optuna's, each in an SQLite file of its own.

    python experiments/speed/store_peers.py --peer-python PATH      # about fifteen minutes
    python experiments/speed/store_peers.py --quick                 # fewer runs, one round

Writing: a run of 100 epochs with 6 measurements each, from its start to its end, with its options.
nncli writes a run in one piece if it takes less than a second, as a sweep's do, and is timed with a
transaction an epoch too. MLflow is timed by `log_metric`, and by `log_batch` an epoch and at once;
Optuna by one reported value an epoch, the other measurements as attributes. Listing: the 100 best
of 10,000 runs with all their options and metrics, the store opened anew each time.

A contestant is a process that times itself, imports and the making of its store left out; they take
turns, and a result is the median of the rounds. That all have done the same work is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from whole_process import ProcessError, measure


@dataclass(frozen=True)
class Contestant:
    """Who does what, and how many times faster nncli is to be; 0 for nncli itself."""

    module: str
    task: str
    how: str = ""
    target: int = 0

    @property
    def is_own(self) -> bool:
        return self.module == "peers.store_nncli"


WRITING = {
    "nncli, a run in one piece": Contestant("peers.store_nncli", "write", "whole"),
    "nncli, an epoch at a time": Contestant("peers.store_nncli", "write", "epochs"),
    "MLflow, log_metric": Contestant("peers.store_mlflow", "write", "log_metric", 20),
    "MLflow, log_batch an epoch": Contestant("peers.store_mlflow", "write", "epochs"),
    "MLflow, log_batch at once": Contestant("peers.store_mlflow", "write", "whole"),
    "Optuna, report and attributes": Contestant("peers.store_optuna", "write"),
}
LISTING = {
    "nncli": Contestant("peers.store_nncli", "list"),
    "mlflow.search_runs": Contestant("peers.store_mlflow", "list", target=10),
    "Optuna, get_trials": Contestant("peers.store_optuna", "list"),
}
PARTS = {"write": WRITING, "list": LISTING}

#: Runs that are written in a round: the slower, the fewer.
OWN_RUNS, PEER_RUNS = 50, 1


def main() -> int:
    """Measure and print."""
    given = _options()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    found: dict[str, dict[str, list[float]]] = {}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in given.only or PARTS:
            found[part] = {name: [] for name in PARTS[part]}
            for number in range(given.rounds):
                for name, contestant in PARTS[part].items():
                    if name in left_out:
                        continue
                    try:
                        seconds = _contest(contestant, Path(folder), given)
                    except ProcessError as error:
                        left_out[name] = str(error)
                        continue
                    found[part][name] += seconds
                    print(f"{name}, round {number}: {1000 * median(seconds):.2f} ms",
                          file=sys.stderr)  # fmt: skip
    print("\n".join(_report(found, left_out, given, load)))
    if given.json:
        values = {"load": load, "seconds": found, "left_out": left_out}
        given.json.write_text(json.dumps(values, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", default=sys.executable, help="Python of the peers")
    parser.add_argument("--runs", type=int, default=10_000, help="to list the best of")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, one round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.runs, given.epochs = 1, given.runs // 10, given.epochs // 10
    return given


def _contest(contestant: Contestant, folder: Path, given: argparse.Namespace) -> list[float]:
    """One contestant's turn: the seconds of each time that it did its work.

    Raises ProcessError unless it was done.
    """
    place = folder / f"{contestant.module}-{contestant.task}.db"
    runs = OWN_RUNS if contestant.is_own else PEER_RUNS
    best = min(100, given.runs)
    python = sys.executable if contestant.is_own else given.peer_python
    command = [python, "-m", contestant.module, str(place), f"--task={contestant.task}"]
    command += [f"--how={contestant.how}"] if contestant.how else []
    command += [f"--runs={runs if contestant.task == 'write' else given.runs}"]
    command += [f"--epochs={given.epochs}", f"--best={best}"]
    answer: dict[str, Any] = measure(command, folder=Path(__file__).parent).answer
    values = [1 - (number + 1) / given.runs for number in range(best)]
    expected = given.epochs if contestant.task == "write" else round(sum(values), 6)
    if abs(answer["check"] - expected) > 1e-6:  # it is rounded to so many digits
        raise ProcessError(f"the work was not done: {answer['check']}, expected {expected}")
    return [float(each) for each in answer["seconds"]]


def _report(
    found: dict[str, dict[str, list[float]]],
    left_out: dict[str, str],
    given: argparse.Namespace,
    load: float | None,
) -> list[str]:
    """The medians as Markdown, with nncli's advantage and what it is to be."""
    lines = [
        f"Load average at the start (should be near 0): {load}; medians of {given.rounds} rounds",
        *(f"Left out: {name}: {reason}" for name, reason in left_out.items()),
    ]
    titles = {
        "write": f"a run of {given.epochs} epochs and 6 measurements",
        "list": f"the 100 best of {given.runs:,} runs",
    }
    for part, measured in found.items():
        lines += ["", f"| {titles[part]} | ms | slowest, ms | time / time of nncli | target |"]
        lines += ["| --- | ---: | ---: | ---: | ---: |"]
        own = 0.0
        for name, seconds in measured.items():
            if not seconds:
                continue
            middle, target = median(seconds), PARTS[part][name].target
            own = own or middle
            ratio = f"{middle / own:,.1f}"
            cells = [f"{1000 * middle:,.2f}", f"{1000 * max(seconds):,.2f}", ratio]
            lines.append(f"| {' | '.join([name, *cells, f'>= {target}' if target else ''])} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
