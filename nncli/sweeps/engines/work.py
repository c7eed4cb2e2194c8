"""One run of a sweep as an engine gets it, and how it is trained: nothing here knows a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from nncli.events import Checkpoint, CurveRow, Event, Finished, Progress
from nncli.kernels.control import UPDATE
from nncli.planning import Plan
from nncli.recorder import Before, Result
from nncli.runner import run
from nncli.store import NewRun

NOTHING_BEFORE = Before()

#: Asks, with new rows of the curve, whether to break a run off.
Judge = Callable[[Sequence[CurveRow]], bool]


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be done. ``run`` is one to go on with, or the row of one to be made."""

    trial: int
    seed: int
    plan: Plan
    run: int | NewRun
    checkpoint: Checkpoint | None = None
    before: Before = NOTHING_BEFORE
    judge: Judge | None = None
    look_every: int | None = None  #: epochs between two questions to the judge


#: What an engine tells: an event of a run's, or the error that ended it.
Message = tuple[Job, Event | Exception]


class Engine(Protocol):
    """Trains jobs, several at a time, wherever that is."""

    @property
    def slots(self) -> int:
        """Return how many runs go on at a time; it may change."""

    def start(self, job: Job) -> None:
        """Take a job; it begins as soon as a slot is free."""

    def messages(self, timeout: float) -> list[Message]:
        """Return what has happened, waiting up to ``timeout`` seconds for the first."""

    def stop(self) -> list[Job]:
        """Ask all runs to end as interrupted, and return those that have not begun.

        The last messages of the others still come.
        """

    def close(self) -> None:
        """Let go of everything."""


def train(job: Job, stop: Callable[[], bool]) -> Iterator[Event]:
    """Train a job on one thread, and yield its events; a judge can end it as ``pruned``."""
    pruned = False

    def ends() -> bool:
        return pruned or stop()

    for event in run(
        job.plan.spec,
        job.plan.dataset,
        checkpoint=job.checkpoint,
        seconds_before=job.before.train,
        stop=ends,
        threads=1,
        look_every=job.look_every,
    ):
        if isinstance(event, Progress) and job.judge is not None and len(event.rows):
            pruned = pruned or job.judge(event.rows)
        yield as_pruned(event) if pruned else event


def as_pruned(event: Event) -> Event:
    """Return the end of a run that a judge has broken off as what it is."""
    if isinstance(event, Finished) and event.status == "interrupted":
        return replace(event, status="pruned", message="a pruner gave it up")
    return event


def result_columns(result: Result, checkpoint: Checkpoint, plan: Plan) -> dict[str, Any]:
    """Return what a run came to, under the names of the database's columns."""
    return {
        **result.metrics,
        **{f"best_{name}": value for name, value in result.best.items()},
        "epochs": result.epochs,
        "updates": checkpoint.position["control"][UPDATE],
        "parameters": plan.parameters,
        "seconds_train": result.seconds["train"],
    }
