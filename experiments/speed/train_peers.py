"""Times nncli's training against PyTorch, JAX and scikit-learn on the same work, in turn.

    python experiments/speed/train_peers.py --peer-python PATH     # all cases, about four minutes
    python experiments/speed/train_peers.py --quick                # under a minute
    python experiments/speed/train_peers.py --memory               # peak memory on MNIST's shape

Every contestant is a process of its own (peers/worker.py), so that their thread pools and BLAS
libraries never meet; all wait while one trains. One that is not installed, or fails, is left out
and named. All train with Adam, lr 0.001, in float32, on the same number of processors: the worker
binds itself to them, and the usual variables (OMP_NUM_THREADS and its like) say the same number.
JAX has no such setting of its own: XLA counts the processors that its process is bound to.
Imports, compilation and one whole warm-up job are not timed. Every job starts from initial
weights, so that all jobs are the same work. A round is the mean of one job, or of as many as fill
0.2 s, and a result is the median of the rounds. Other programs on the machine falsify it: above
all OpenBLAS and OpenMP, whose threads spin while they wait for one that does not get a processor.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peers.cases import CASES, MEMORY_CASE, write_idx_folder
from peers.report import environment_lines, memory_table, speed_tables
from peers.worker import CONTESTANTS, OWN, PEAK, Worker, WorkerError

NAMES = [name for name in CONTESTANTS if name != PEAK]
SLOW_OR_TWIN = ("torch.compile", "JAX, one call")  # what --quick leaves out
SETTLE_SECONDS = 0.15  # idle thread pools spin for a while before they leave the processor


def main() -> int:
    options = _options()
    results: dict[str, Any] = {
        "threads": options.threads,
        "coretype": options.blas_coretype,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "contestants": {},
        "left_out": {},
    }
    if options.memory:
        results["memory"] = _measure_memory(options, results)
        table = memory_table(results["memory"])
    else:
        results["cases"] = {case: _measure_case(case, options, results) for case in options.case}
        table = speed_tables(results["cases"])
    print("\n".join([*environment_lines(results), "", *table]))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", default=sys.executable, help="Python of the peers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--case", action="append", choices=CASES, help="may be repeated")
    parser.add_argument("--only", action="append", choices=NAMES, help="may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="2 rounds, three cases, fewer contestants"
    )
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument(
        "--blas-coretype",
        metavar="NAME",
        help="OPENBLAS_CORETYPE for all; `auto` unsets it; default: as the environment has it",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    options = parser.parse_args()
    options.case = options.case or list(CASES)[: 3 if options.quick else None]
    if options.quick:
        options.rounds = 2
        options.only = options.only or [name for name in NAMES if name not in SLOW_OR_TWIN]
    options.only = options.only or NAMES
    if options.blas_coretype is None:
        options.blas_coretype = os.environ.get("OPENBLAS_CORETYPE", "")
    elif options.blas_coretype == "auto":
        options.blas_coretype = ""
    return options


def _start(
    name: str, case: str, options: argparse.Namespace, results: dict[str, Any], *more: str
) -> Worker | None:
    """A worker that is ready to train, or None and the reason in `results`."""
    python = sys.executable if name in (OWN, PEAK) else options.peer_python
    print(f"{case}: preparing {name}", file=sys.stderr)
    try:
        worker = Worker(python, name, case, options.threads, options.blas_coretype, *more)
    except WorkerError as error:
        results["left_out"].setdefault(name, {})[case] = str(error)
        return None
    results["contestants"][name] = worker.facts
    return worker


def _measure_case(
    case: str, options: argparse.Namespace, results: dict[str, Any]
) -> dict[str, Any]:
    """Seconds of a job, by contestant and round, the contestants in turn within a round."""
    names = options.only + ([PEAK] if CASES[case].share_of_peak else [])
    workers = {name: _start(name, case, options, results) for name in names}
    running = {name: worker for name, worker in workers.items() if worker}
    measured: dict[str, Any] = {
        name: {"note": worker.note, "warm_up_seconds": worker.warm_up_seconds, "rounds": []}
        for name, worker in running.items()
    }
    for number in range(options.rounds):
        for name, worker in list(running.items()):
            time.sleep(SETTLE_SECONDS)
            try:
                answer = worker.train()
            except WorkerError as error:
                results["left_out"].setdefault(name, {})[case] = str(error)
                del running[name], measured[name]
                continue
            measured[name]["rounds"].append(answer)
            print(json.dumps({"case": case, "contestant": name, "round": number} | answer),
                  file=sys.stderr)  # fmt: skip
    for worker in running.values():
        worker.close()
    return measured


def _measure_memory(options: argparse.Namespace, results: dict[str, Any]) -> dict[str, Any]:
    """Peak resident bytes of a fresh process that reads MNIST-like files and trains an epoch."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        write_idx_folder(MEMORY_CASE, Path(folder))
        for name in options.only:
            worker = _start(name, MEMORY_CASE.name, options, results, "--folder", folder)
            if worker:
                measured[name] = worker.train()
                worker.close()
    return measured


if __name__ == "__main__":
    sys.exit(main())
