"""Real `dask scheduler` and `dask worker` processes, which end with the test in all cases."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

#: Of Linux's prctl.
PR_SET_PDEATHSIG = 1

DASK = [sys.executable, "-m", "dask"]


class Processes:
    """A scheduler, and the workers that are started for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "dask.log").open("wb")
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        options += ["--scheduler-file", str(file)]
        self.scheduler = start([*DASK, "scheduler", *options], self._log)
        wait_until(lambda: file.exists() and file.read_text().endswith("}"), self.scheduler)
        self.address: str = json.loads(file.read_text())["address"]

    def add_worker(self, threads: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker; it may take a second to be there."""
        options = [
            "--nthreads",
            str(threads),
            "--no-nanny",
            "--no-dashboard",
            "--death-timeout",
            "10",
        ]
        options += ["--host", "127.0.0.1", "--local-directory", str(self._folder)]
        command = [*DASK, "worker", self.address, *options]
        self.workers.append(start(command, self._log, **environment))
        return self.workers[-1]

    def wait_for_workers(self, count: int) -> None:
        """Wait until the scheduler knows so many workers."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=30)

    def end(self) -> None:
        processes = [*self.workers, self.scheduler]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
        self._log.close()


def start(command: list[str], log: IO[bytes], **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )


def _end_with_parent() -> None:
    """Have the kernel end this process with the one that tests, should that be killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition: object, process: subprocess.Popen[bytes] | None = None) -> None:
    assert callable(condition)
    for _ in range(1500):
        if condition():
            return
        assert process is None or process.poll() is None, "the process has ended"
        time.sleep(0.02)
    raise AssertionError("waited in vain")


@contextmanager
def dask_processes(folder: Path, workers: int = 0) -> Iterator[Processes]:
    """Start a scheduler and workers, and end them."""
    processes = Processes(folder)
    try:
        for _ in range(workers):
            processes.add_worker()
        if workers:
            processes.wait_for_workers(workers)
        yield processes
    finally:
        processes.end()
