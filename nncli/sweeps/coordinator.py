"""The coordinator of a sweep: hands runs to an engine and writes what comes of them.

It alone writes to the database and asks the sampler, in one thread; engines only train. What
happened since the last look is stored in one transaction. Several coordinators may work on one
sweep: a run belongs to the one that has claimed it, and what a dead one leaves is claimed anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from nncli.environment import Provenance
from nncli.errors import DataError, NncliError, RunGone, UsageError
from nncli.events import Compiling, CurveRow, Event, Finished
from nncli.experiment import reopen
from nncli.planning import Planner, new_run, refused_run
from nncli.recorder import Before, Recorder
from nncli.spec import Spec
from nncli.store import NewRun, SweepStore
from nncli.sweeps.engines.work import Engine, Job, Message, result_columns
from nncli.sweeps.events import Done, Going, SweepEvent
from nncli.sweeps.pace import GATHER, MOST_AHEAD, PAUSE, can_wait, room
from nncli.sweeps.tally import Trial, Values, values_of
from nncli.sweeps.tasks import Task
from nncli.sweeps.trials import Trials

#: Seconds that a look for messages waits.
GLANCE = 0.25

#: Seconds between two signs of life, and between two looks at what other processes have done.
HEARTBEAT, LOOK_AROUND = 10.0, 1.0


class Coordinator:
    """Does what is missing of one sweep, until ``stop`` says so. Store and engine stay open."""

    def __init__(
        self,
        trials: Trials,
        *,
        store: SweepStore,
        engine: Engine,
        planner: Planner,
        labels: dict[str, Any],
        observe: Callable[[SweepEvent], None],
        stop: Callable[[], bool],
        fail_fast: bool = False,
    ) -> None:
        self.trials, self.store, self.engine, self.planner = trials, store, engine, planner
        self.observe, self.stop, self.fail_fast = observe, stop, fail_fast
        self._provenance = Provenance.now()
        self._labels = {**labels, "sweep_id": trials.sweep_id}
        self._recorders: dict[Job, Recorder] = {}
        self._begun: dict[Job, Trial] = {}
        self._deleted: set[Job] = set()  # whose run somebody has deleted meanwhile
        self._stopping = False
        self._stride = 1
        self._said = False  # that machine code is made
        self._beat = self._looked = time.monotonic()

    def run(self) -> Done:
        """Do what is missing of the sweep."""
        trials, tally = self.trials, self.trials.tally
        try:
            trials.restore()
            while not self._is_over():
                self._turn()
                self._look_around()
                self._show()
            self.store.check_in_place()
        except BaseException:
            self._abandon()
            raise
        finally:
            trials.leave()
        return Done(
            trials.sweep_id,
            tally.counts,
            tally.best,
            tally.seconds,
            stopped=self._stopping,
            whole=tally.whole,
        )

    def _abandon(self) -> None:
        """Leave the runs that go on as interrupted, as far as the database takes it."""
        self.engine.stop()
        for job in self._begun:
            recorder = self._recorders.get(job)
            with suppress(NncliError):
                if recorder is not None and recorder.run_id is not None:
                    recorder.fail(KeyboardInterrupt())
                elif recorder is None and isinstance(job.run, int):
                    self.store.finish_run(job.run, "interrupted")

    def _is_over(self) -> bool:
        if self._begun:
            return False
        if self._stopping:
            return True
        if not self.trials.is_exhausted:
            return False
        return not self.trials.shared or not self._wait_for_others()

    def _room(self, beginning: int = 0) -> int:
        """Return how many runs to claim besides those that go on and are ``beginning``.

        A sampler that learns is asked as late as can be.
        """
        slots, busy = self.engine.slots, len(self._begun) + beginning
        if self.trials.guide.learns or self.trials.guide.look_every is not None:
            return slots - busy
        return room(slots, busy, self.trials.tally.rate)

    def _begin(self, tasks: Sequence[Task]) -> None:
        """Plan runs and hand them to the engine; one that cannot be planned has failed."""
        left = list(tasks)
        while left and not self._stopping:
            task = left.pop(0)
            try:
                job = self._job(task)
            except (UsageError, DataError) as error:
                with self.store.transaction():
                    left += self._refuse(task, error)
                    self.trials.settle()
                continue
            self._begun[job] = task.trial
            self.engine.start(job)

    def _job(self, task: Task) -> Job:
        if isinstance(task.known.asked, UsageError):
            raise task.known.asked
        plan = self.planner.plan(task.known.asked, task.known.spec)
        checkpoint, before = None, Before()
        run: int | NewRun = new_run(plan, self._provenance, threads=1, **self._labels)
        if task.run_id is not None:
            checkpoint, before = reopen(self.store, task.run_id, plan)
            run = task.run_id
        every, first = self.trials.guide.look_every, self.trials.definition.seeds[0]
        judge = None
        if every is not None and task.seed == first:
            judge = partial(self._is_hopeless, task.trial.number, plan.spec.epochs, every)
        return Job(
            task.trial.number,
            task.seed,
            plan,
            run,
            checkpoint,
            before,
            judge,
            every if judge else None,
        )

    def _is_hopeless(self, number: int, epochs: int, every: int, rows: Sequence[CurveRow]) -> bool:
        """Ask the pruner about new rows of the curve of a trial's first seed."""
        for row in rows:
            if row.epoch % every == 0 and row.epoch < epochs:
                value = self.trials.objectives[0].value_on_curve(row)
                if value is not None and self.trials.guide.report(number, row.epoch, value):
                    return True
        return False

    def _refuse(self, task: Task, error: Exception) -> list[Task]:
        """Record a run that cannot be planned as failed."""
        run_id = task.run_id
        if run_id is None and isinstance(task.known.asked, Spec):
            row = refused_run(task.known.asked, self._provenance, threads=1, **self._labels)
            run_id, _ = self.store.add_run(row, "failed", error=str(error))
        return self._ended(task.trial, task.seed, run_id, "failed", message=str(error))

    def _turn(self) -> None:
        """Store what the engine tells and claim what fits, in one transaction; begin it then.

        A sampler that learns hears first what was stored, and may take its time.
        """
        messages = self._messages()
        has_room = not self._stopping and self._room() > 0
        begin: list[Task] = []
        if messages or has_room:
            with self.store.transaction():
                for job, told in messages:
                    begin += self._handle(job, told)
                if not self._is_slow():
                    begin += self._claimed(len(begin))
                self.trials.settle()
        if self._is_slow():
            begin += self._claimed(len(begin))
        self._begin(begin)
        if not self._stopping and self.stop():
            self._halt()

    def _messages(self) -> list[Message]:
        """Return what the engine tells; wait for it, and gather some while work is at hand."""
        if not self._begun:
            return []
        found, until = self.engine.messages(0.0), time.monotonic() + GATHER
        while self._can_wait(found) and time.monotonic() < until:
            time.sleep(PAUSE)
            found += self.engine.messages(0.0)
        return found or self.engine.messages(GLANCE)

    def _can_wait(self, found: Sequence[Message]) -> bool:
        if self._stopping:
            return False
        ended = sum(isinstance(told, Exception | Finished) for _, told in found)
        slots, rate = self.engine.slots, self.trials.tally.rate
        return can_wait(slots, len(self._begun), ended, rate, claims=not self.trials.is_exhausted)

    def _claimed(self, beginning: int) -> list[Task]:
        """Claim runs for the slots that are free besides those ``beginning``, and some ahead.

        Where all that was asked for is done already, more is asked for the next time.
        """
        runs = self._room(beginning)
        if runs <= 0 or self._stopping:
            return []
        found = self.trials.claim(runs * self._stride)
        self._stride = 1 if found or self._is_slow() else min(2 * self._stride, MOST_AHEAD)
        return found

    def _is_slow(self) -> bool:
        return self.trials.guide.learns

    def _handle(self, job: Job, told: Event | Exception) -> list[Task]:
        """Record what happened to a run; return the runs that can begin now.

        One that somebody has deleted is waited for, and nothing of it is recorded any more.
        """
        if job not in self._deleted:
            try:
                return self._record(job, told)
            except RunGone:
                self._deleted.add(job)
        if not isinstance(told, Exception | Finished):
            return []
        self._deleted.remove(job)
        run_id, trial = self._recorders.pop(job).run_id, self._begun.pop(job)
        message = f"run {run_id} was deleted while it was trained"
        return self._ended(trial, job.seed, run_id, "failed", message=message)

    def _record(self, job: Job, told: Event | Exception) -> list[Task]:
        """Record what happened to a run that is there; return the runs that can begin now."""
        recorder = self._recorders.get(job)
        if recorder is None:
            recorder = self._recorders[job] = Recorder(job.plan, self.store, job.run, job.before)
        is_new = recorder.run_id is None
        status, values, seconds = "failed", self.trials.nothing(), None
        if isinstance(told, Exception):
            recorder.fail(told)
            message: str | None = str(told)
        else:
            recorder.take(told)
            if isinstance(told, Compiling) and not self._said:
                self._said = True
                self.observe(told)
            goes_on = not isinstance(told, Finished) or told.status == "interrupted"
            if is_new and recorder.run_id is not None and goes_on:
                self.trials.link(job.trial, job.seed, recorder.run_id)
            if not isinstance(told, Finished):
                return []
            status, seconds, message = told.status, told.train_seconds, told.message
            if status in ("completed", "early_stopped", "pruned"):
                assert recorder.result is not None
                columns = result_columns(recorder.result, told.checkpoint, job.plan)
                values = values_of(self.trials.objectives, columns)
        del self._recorders[job]
        trial = self._begun.pop(job)
        if status == "interrupted":
            self.trials.tally.count(status)
            return []
        return self._ended(trial, job.seed, recorder.run_id, status, values, seconds, message)

    def _ended(
        self,
        trial: Trial,
        seed: int,
        run_id: int | None,
        status: str,
        values: Values | None = None,
        seconds: float | None = None,
        message: str | None = None,
    ) -> list[Task]:
        values = self.trials.nothing() if values is None else values
        if status in ("failed", "diverged") and self.fail_fast:
            self._halt()
        return self.trials.ended(trial, seed, run_id, status, values, seconds, message)

    def _halt(self) -> None:
        """Ask the runs to end; those that have not begun are given back."""
        self._stopping = True
        for job in self.engine.stop():
            del self._begun[job]
            if isinstance(job.run, int):  # taken up again, and left as it was
                self.store.finish_run(job.run, "interrupted")

    def _look_around(self) -> None:
        """Give a sign of life, and hear what other processes have done if a sampler learns."""
        now = time.monotonic()
        if now - self._beat >= HEARTBEAT:
            self.store.check_in_place()
            self.trials.beat()
            self._beat = now
        learns = self.trials.shared and self.trials.guide.learns
        if learns and now - self._looked >= LOOK_AROUND:
            self.trials.enter_others()
            self._looked = time.monotonic()

    def _wait_for_others(self) -> bool:
        """Return whether other processes have runs yet to end; what dead ones left is missing."""
        others = self.trials.enter_others()
        if others and self.trials.is_exhausted:
            if self.stop():
                self._stopping = True
                return False
            self._look_around()
            self._show(others)
            time.sleep(LOOK_AROUND)
        return others > 0 or not self.trials.is_exhausted

    def _show(self, waiting: int = 0) -> None:
        tally, total = self.trials.tally, self.trials.total
        running = min(len(self._begun), self.engine.slots)
        left = None
        if total is not None and tally.rate > 0:
            left = max(0, total - tally.counts.ended) / tally.rate
        self.observe(
            Going(
                tally.counts, running, total, tally.best, tally.rate, tally.seconds, left, waiting
            )
        )
