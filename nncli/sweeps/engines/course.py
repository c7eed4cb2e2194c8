"""A run that is trained in legs, put together again: its events are those of one go."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nncli.events import Event, Finished, Progress, Saved, Started
from nncli.runner import SAVE_INTERVAL
from nncli.sweeps.engines.work import Job, as_pruned


class Course:
    """How far a job has come by the legs done so far."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.checkpoint = job.checkpoint
        self.finished: Finished | None = None  #: how the run stands after the last leg
        self.is_over = False
        self._pruned = False
        self._saved = time.monotonic()

    @property
    def seconds_before(self) -> float:
        """Return the seconds of training behind the next leg."""
        return self.job.before.train + (self.finished.train_seconds if self.finished else 0.0)

    def take(self, events: Sequence[Event], *, is_last: bool) -> Iterator[Event]:
        """Enter the events of a leg; yield what is to be told of them.

        A leg that ended as ``interrupted`` is followed by another unless it ``is_last``, or the
        judge of the job breaks the run off.
        """
        for event in events:
            match event:
                case Started():
                    if self.finished is None:
                        yield event
                case Progress(rows=rows):
                    if self.job.judge is not None and len(rows):
                        self._pruned = self._pruned or self.job.judge(rows)
                    yield event
                case Finished():
                    yield from self._end_leg(event, is_last)

    def _end_leg(self, event: Finished, is_last: bool) -> Iterator[Event]:
        self.finished = _together(self.finished, event)
        self.checkpoint = event.checkpoint
        self.is_over = event.status != "interrupted" or self._pruned or is_last
        if self.is_over:
            yield as_pruned(self.finished) if self._pruned else self.finished
        elif time.monotonic() - self._saved >= SAVE_INTERVAL:
            yield Saved(event.checkpoint)
            self._saved = time.monotonic()


def _together(before: Finished | None, leg: Finished) -> Finished:
    """Return the end of a leg as that of all legs up to it."""
    if before is None:
        return leg
    seconds = before.train_seconds + leg.train_seconds
    samples = sum(each.samples_per_second * each.train_seconds for each in (before, leg))
    return replace(
        leg,
        last=leg.last or before.last,
        best=leg.best or before.best,
        train_seconds=seconds,
        samples_per_second=samples / max(seconds, 1e-9),
    )
