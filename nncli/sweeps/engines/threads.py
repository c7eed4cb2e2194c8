"""The engine of one machine: a thread a run, in one process.

The native loop releases the GIL, so that runs share the data and the machine code, and no core
waits for another. BLAS, which a few initializers and L-BFGS use, is kept at one thread: its own
threads would fight for the cores that the runs have.
"""

from __future__ import annotations

import os
import queue
import sys
import threading

from nncli.errors import UsageError
from nncli.sweeps.engines.work import Job, Message, train

#: Seconds after which a thread gives the interpreter to the next that wants it. Python's 5 ms are
#: longer than many a run, which would wait them out several times.
SWITCH_INTERVAL = 0.0005


class ThreadEngine:
    """Trains ``jobs`` runs at a time in threads of this process.

    A thread is started with each job until there are so many, or as many as the system has.
    """

    def __init__(self, jobs: int) -> None:
        from threadpoolctl import threadpool_limits

        self.slots = jobs
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._stopping = False
        self._limits = threadpool_limits(1)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for one that is loaded later
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._threads: list[threading.Thread] = []

    def start(self, job: Job) -> None:
        """Take a job; it begins as soon as a thread is free.

        Raises UsageError where the system starts no thread at all.
        """
        if len(self._threads) < self.slots:
            self._start_thread()
        self._jobs.put(job)

    def _start_thread(self) -> None:
        name = f"run-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more processes of this user, or no memory
            if not self._threads:
                raise UsageError(
                    "the system starts no thread to train in: end other programs, or raise the "
                    "limit of processes (ulimit -u)"
                ) from None
            self.slots = len(self._threads)
        else:
            self._threads.append(thread)

    def messages(self, timeout: float) -> list[Message]:
        """Return what has happened, waiting up to ``timeout`` seconds for the first."""
        found: list[Message] = []
        try:
            found.append(self._told.get(timeout=timeout))
            while True:
                found.append(self._told.get_nowait())
        except queue.Empty:
            return found

    def stop(self) -> list[Job]:
        """Ask all runs to end as interrupted, and return those that have not begun."""
        self._stopping = True
        left: list[Job] = []
        try:
            while (job := self._jobs.get_nowait()) is not None:
                left.append(job)
        except queue.Empty:
            pass
        return left

    def close(self) -> None:
        """End the threads."""
        self.stop()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        sys.setswitchinterval(self._interval)
        self._limits.restore_original_limits()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                for event in train(job, lambda: self._stopping):
                    self._told.put((job, event))
            except Exception as error:
                self._told.put((job, error))
