"""What a sweep tells while it goes on: the coordinator hands these to whoever shows them.

In order: ``Opened``, ``Compiling`` if machine code has to be made, ``RunEnded`` for every run and
now and then a ``Going``, and ``Done``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from nncli.events import Compiling


@dataclass(frozen=True)
class Best:
    """The best trial so far, or one of those that no other beats in all objectives."""

    trial: int
    values: tuple[float, ...]  #: of the objectives, means over seeds
    params: Mapping[str, Any]  #: those that the sweep varies
    runs: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        value: dict[str, Any] = {"value": self.values[0]} if len(self.values) == 1 else {}
        if not value:
            value = {"values": list(self.values)}
        return {
            "trial": self.trial,
            **value,
            "params": dict(self.params),
            "runs": list(self.runs),
        }


@dataclass(frozen=True)
class Counts:
    """Runs by how they ended. ``failed`` counts those that diverged too."""

    completed: int = 0
    skipped: int = 0  #: were in the database already
    failed: int = 0
    diverged: int = 0
    pruned: int = 0
    interrupted: int = 0

    @property
    def ended(self) -> int:
        """Return how many runs are done with."""
        return self.completed + self.skipped + self.failed + self.pruned

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Opened:
    """The sweep is in the database and begins, or goes on."""

    sweep: int
    name: str | None
    is_new: bool
    runs: int | None  #: ``None`` where their number is not known before the end
    jobs: int
    objectives: tuple[str, ...]


@dataclass(frozen=True)
class RunEnded:
    """A run has ended. ``status`` is that of the store, or ``skipped`` or ``dropped``."""

    trial: int
    seed: int
    run: int | None
    status: str
    values: tuple[float | None, ...]  #: of the objectives
    params: Mapping[str, Any]  #: those that the sweep varies
    seconds: float | None = None
    message: str | None = None


@dataclass(frozen=True)
class Going:
    """How far the sweep is."""

    counts: Counts
    running: int
    runs: int | None
    best: tuple[Best, ...]
    rate: float  #: runs a second since this process began
    seconds: float
    seconds_left: float | None
    waiting: int = 0  #: runs of other processes that this one waits for


@dataclass(frozen=True)
class Done:
    """The sweep has ended, or was stopped."""

    sweep: int
    counts: Counts
    best: tuple[Best, ...]  #: the best trial; with several objectives their Pareto front
    seconds: float
    stopped: bool = False
    whole: int = 0  #: runs with a result, those that were skipped too

    def to_json(self) -> dict[str, Any]:
        """Return the last line that ``nncli sweep --json`` prints."""
        best: Any = [each.to_json() for each in self.best]
        if len(self.best) <= 1 and not (self.best and len(self.best[0].values) > 1):
            best = best[0] if best else None
        return {
            "event": "done",
            "sweep": self.sweep,
            **self.counts.to_json(),
            "best": best,
            "seconds": self.seconds,
        }


SweepEvent = Opened | Compiling | RunEnded | Going | Done
