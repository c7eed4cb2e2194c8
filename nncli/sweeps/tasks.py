"""Runs of a sweep that can begin, and those that wait for one that is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nncli.errors import UsageError
from nncli.spec import Spec
from nncli.sweeps.tally import Trial

#: The hashes of a resolved spec and of its data, by which a run is known.
Hashes = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """What a run is known by.

    ``asked`` is its spec, or why there is none; ``spec`` the resolved one, None where that fails.
    """

    asked: Spec | UsageError
    spec: Spec | None = None
    hashes: Hashes = ("", "")


@dataclass(frozen=True)
class Task:
    """A run to begin, perhaps going on with one that is stored."""

    trial: Trial
    seed: int
    known: Known
    run_id: int | None


class Twins:
    """Keeps runs that are the same from being trained side by side.

    Different options may come to one spec: without hidden layers the activation means nothing. The
    first such run goes on, and the others wait for what it comes to.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashes, list[Task]] = {}
        self._going: dict[tuple[int, int], Hashes] = {}  # by trial and seed

    def begin(self, tasks: Sequence[Task]) -> list[Task]:
        """Return the runs of ``tasks`` to begin; the others wait for one that goes on."""
        found = []
        for task in tasks:
            hashes = task.known.hashes
            if hashes in self._waiting:
                self._waiting[hashes].append(task)
                continue
            if all(hashes):
                self._waiting[hashes] = []
                self._going[task.trial.number, task.seed] = hashes
            found.append(task)
        return found

    def end(self, number: int, seed: int) -> list[Task]:
        """Return the runs that have waited for one that has ended."""
        hashes = self._going.pop((number, seed), None)
        return [] if hashes is None else self._waiting.pop(hashes)

    def has(self, number: int) -> bool:
        """Return whether a run of a trial goes on."""
        return any(each == number for each, _ in self._going)
