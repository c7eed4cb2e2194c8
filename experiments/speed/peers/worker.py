"""The process of one contestant on one case, and its handle in the process that compares them.

The process prepares, then trains once for every line it is sent. It answers in JSON lines on
standard output: a first one with the warm-up time, versions and BLAS, then one a round with
seconds, loss and peak memory. It ends at the end of standard input.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TextIO

from peers.cases import CASES, MEMORY_CASE, make_data, read_idx_folder

OWN, PEAK = "nncli", "sgemm"
CONTESTANTS = {
    OWN: ("peers.native", "nncli_worker"),
    "PyTorch eager": ("peers.pytorch", "eager"),
    "torch.compile": ("peers.pytorch", "compiled"),
    "JAX": ("peers.jax_scan", "by_epoch"),
    "JAX, one call": ("peers.jax_scan", "whole"),
    "scikit-learn": ("peers.sklearn_mlp", "classifier"),
    PEAK: ("peers.native", "sgemm_peak"),
}
PACKAGES = {  # distribution: import name
    "nncli": "nncli",
    "numba": "numba",
    "numpy": "numpy",
    "scipy": "scipy",
    "torch": "torch",
    "jax": "jax",
    "scikit-learn": "sklearn",
}
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
LEAST_SECONDS = 0.2


class WorkerError(Exception):
    """A contestant that could not start or finish; the text is its last line of error output."""


class Worker:
    """A contestant's process: started and warmed up by the constructor, trained by `train`."""

    def __init__(
        self, python: str, name: str, case: str, threads: int, coretype: str | None, *more: str
    ) -> None:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
        environment.pop("OPENBLAS_CORETYPE", None)
        if coretype:
            environment["OPENBLAS_CORETYPE"] = coretype
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            [python, "-m", "peers.worker", name, case, f"--threads={threads}", *more],
            env=environment,
            cwd=Path(__file__).parent.parent,  # where `-m` finds the package
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.facts = self._answer()
        self.note: str = self.facts.pop("note")
        self.warm_up_seconds: float = self.facts.pop("warm_up_seconds")

    def train(self) -> dict[str, Any]:
        """One round: its `seconds` a job, `jobs`, last `loss` and `peak_bytes`."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if line:
            return dict(json.loads(line))
        self._process.communicate()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        raise WorkerError(lines[-1] if lines else f"exit code {self._process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("case", choices=[*CASES, MEMORY_CASE.name])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the IDX files of the memory case are")
    options = parser.parse_args()

    # The protocol owns standard output; whatever a library prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])

    start = time.perf_counter()
    module, function = CONTESTANTS[options.contestant]
    prepare = getattr(importlib.import_module(module), function)
    memory = options.case == MEMORY_CASE.name
    case = MEMORY_CASE if memory else CASES[options.case]
    data = read_idx_folder(case, options.folder) if memory else make_data(case)
    job = prepare(case, data, options.threads)
    if not memory:
        job.run()
    _send(answers, note=job.note, warm_up_seconds=time.perf_counter() - start, **_facts())
    for _ in sys.stdin:
        jobs, start = 0, time.perf_counter()
        while True:  # a short job is repeated, so that the first wake-up of threads does not count
            loss, jobs = job.run(), jobs + 1
            seconds = time.perf_counter() - start
            if memory or seconds >= LEAST_SECONDS:
                break
        _send(answers, seconds=seconds / jobs, jobs=jobs, loss=loss, peak_bytes=_peak_bytes())


def _send(answers: TextIO, **fields: Any) -> None:
    print(json.dumps(fields), file=answers, flush=True)


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _facts() -> dict[str, Any]:
    """Versions of what is loaded in this process, and the core that each OpenBLAS chose."""
    loaded = [name for name, module in PACKAGES.items() if module in sys.modules]
    versions = {"Python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in loaded}
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {"versions": versions, "blas": ["unknown: threadpoolctl is not installed"]}
    blas = [
        f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {"versions": versions, "blas": blas}


if __name__ == "__main__":
    main()
