"""The engine of a Dask cluster: runs are trained by its workers, a leg at a time.

The coordinator's process keeps the queue and gives the cluster two legs a thread, so that no
worker waits for the next and little is lost with one. A leg whose worker is lost is done again; a
run that loses too many is the likely cause and has failed. When the sweep is to stop, legs that
are under way end within a glance of the native loop and give back their checkpoint.

Orders and reports travel by Dask's own serialization, which is pickle among the members of a
cluster that trust each other: use no scheduler that strangers can reach.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import queue
import uuid
from collections import deque
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nncli.errors import NncliError
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.sweeps.engines.course import Course
from nncli.sweeps.engines.dask_cluster import Cluster
from nncli.sweeps.engines.dask_worker import Order, Report
from nncli.sweeps.engines.work import Job, Message

#: Seconds of a leg: what is lost at most with a worker. L-BFGS, which begins each again, has one.
LEG = 30.0

#: Legs that a thread has at hand, the one that is trained included.
AT_HAND = 2

#: Workers that a run may cost.
MOST_LOST = 5

#: Seconds between two looks at the workers, and that legs have to end in when asked to.
LOOK, LAST_WORDS = 1.0, 3.0

#: Seconds before a leg that was lost is tried again.
PAUSE = 0.1


class DaskEngine:
    """Trains runs on the cluster at ``address``, or on one of its own (``local``).

    ``jobs`` limits how many go on at a time. Raises UsageError for a cluster that cannot be used.
    """

    def __init__(self, address: str, jobs: int | None = None) -> None:
        self._cluster = Cluster(address, jobs)
        self._most = jobs or math.inf
        self._sweep = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._fault: Exception | None = None
        self._stopped = False
        # These belong to the cluster's thread.
        self._waiting: deque[_Run] = deque()
        self._going: set[_Run] = set()
        self._look = self._cluster.begin(self._keep_looking())

    @property
    def slots(self) -> int:
        """Return how many runs go on at a time: the threads of the workers that there are now."""
        return int(max(1, min(self._most, self._cluster.threads)))

    def start(self, job: Job) -> None:
        """Take a job; it begins as soon as a thread is free."""
        self._cluster.call_soon(self._enter, _Run(Course(job)))

    def messages(self, timeout: float) -> list[Message]:
        """Return what has happened, waiting up to ``timeout`` seconds for the first.

        Raises NncliError once the cluster can no longer be used.
        """
        found: list[Message] = []
        try:
            found.append(self._told.get(timeout=timeout))
            while True:
                found.append(self._told.get_nowait())
        except queue.Empty:
            pass
        if self._fault is not None and not found:
            raise self._fault
        return found

    def stop(self) -> list[Job]:
        """Ask all runs to end as interrupted, and return those that have not begun.

        It waits for the others up to ``LAST_WORDS`` seconds. One whose worker does not answer ends
        where its last leg did; in its first leg it counts as not begun.
        """
        self._stopped = True
        return self._cluster.wait_for(self._stop(), LOOK + 2 * LAST_WORDS)

    def close(self) -> None:
        """Let go of everything; what is under way is lost."""
        with suppress(Exception):
            if not self._stopped:
                self.stop()
        self._look.cancel()
        self._cluster.close()

    # In the cluster's thread

    def _enter(self, run: _Run) -> None:
        self._waiting.append(run)
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        """Have runs go on until the threads have enough at hand."""
        loop = asyncio.get_running_loop()
        at_hand = sum(run.weight for run in self._going)
        while self._waiting and self._fault is None and not self._stopped:
            at_hand += self._waiting[0].weight
            if at_hand > AT_HAND * self.slots:
                break
            run = self._waiting.popleft()
            self._going.add(run)
            run.task = loop.create_task(self._see_through(run))

    async def _keep_looking(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK)
                await self._cluster.look()
                self._begin_waiting()
        except Exception as error:
            self._fault = error

    async def _see_through(self, run: _Run) -> None:
        """Train a run to its end, and tell what happens; where a leg is lost, it waits again."""
        course = run.course
        try:
            while not course.is_over:
                report = await self._leg(run)
                if report is None:
                    await asyncio.sleep(PAUSE)
                    self._waiting.append(run)
                    break
                if report.error is not None:
                    raise report.error
                for event in course.take(report.events, is_last=self._stopped):
                    self._told.put((course.job, event))
        except Exception as error:
            self._told.put((course.job, error))
        self._going.remove(run)
        self._begin_waiting()

    async def _leg(self, run: _Run) -> Report | None:
        """Have the next leg of a run done; None if it was lost, or is not to be begun."""
        dataset = run.course.job.plan.dataset
        try:
            run.leg = await self._cluster.submit(self._order(run.course), dataset)
            report: Report = await run.leg
            self._cluster.check(report.worker, report.versions)
            return report if report.events or report.error else None
        except NncliError as error:
            self._fault = error
        except (CancelledError, OSError) as error:
            if not self._cluster.is_reachable:
                self._fault = self._cluster.gone()
            elif isinstance(error, CancelledError):  # its data are lost with their last worker
                run.lost += 1
        except Exception as error:
            if not hasattr(error, "allowed_failures"):
                return await self._explained(error)
            run.lost += error.allowed_failures + 1  # Dask has tried that often
        return Report("", {}, error=run.given_up()) if run.lost >= MOST_LOST else None

    async def _explained(self, error: Exception) -> Report | None:
        """Return a leg that Dask could not bring to a worker, or not back, as failed.

        Unless the worker is one that should not be there.
        """
        try:
            await self._cluster.look()
        except NncliError as reason:
            self._fault = reason
            return None
        return Report("", {}, error=error)

    def _order(self, course: Course) -> Order:
        job = course.job
        is_resumable = OPTIMIZERS[job.plan.spec.opt].update is not None
        return Order(
            key=f"nncli-{self._sweep}-{next(self._numbers)}",
            sweep=self._sweep,
            spec=job.plan.spec,
            checkpoint=course.checkpoint,
            seconds_before=course.seconds_before,
            look_every=job.look_every if job.judge is not None else None,
            seconds=LEG if is_resumable else math.inf,
        )

    async def _stop(self) -> list[Job]:
        told_of: set[str] = set()
        with suppress(Exception):  # whoever does not answer is not waited for
            told_of = await asyncio.wait_for(self._cluster.end_legs(self._sweep), LOOK)
        runs = [*self._going, *self._waiting]
        tasks = [run.task for run in self._going if run.task is not None]
        for run in self._going:
            if run.task is not None and not run.is_under_way(told_of):
                run.task.cancel()
        if tasks:
            _, silent = await asyncio.wait(tasks, timeout=LAST_WORDS)
            for task in silent:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        left = []
        for course in (run.course for run in runs if run in self._going or run in self._waiting):
            if course.finished is None:
                left.append(course.job)
            else:
                self._told.put((course.job, course.finished))
        self._going.clear()
        self._waiting.clear()
        return left


@dataclass(eq=False)
class _Run:
    """A job on its way."""

    course: Course
    task: asyncio.Task[None] | None = None
    leg: Any = None  #: the future of its latest leg
    lost: int = 0  #: workers that it has cost, or that were with it when they went

    @property
    def weight(self) -> int:
        """Return how many legs it counts as: one that lost a worker is to be there alone."""
        return AT_HAND if self.lost else 1

    def is_under_way(self, keys: set[str]) -> bool:
        """Return whether its leg is one of those on a worker, or done and on its way here."""
        return self.leg is not None and (self.leg.key in keys or self.leg.status == "finished")

    def given_up(self) -> NncliError:
        """Return the error of a run that has cost too many workers."""
        return NncliError(
            f"{self.lost} Dask workers were lost while they had this run: perhaps it needs more "
            "memory than they have; see their logs"
        )
