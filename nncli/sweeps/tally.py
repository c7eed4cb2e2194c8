"""Keeping count of a sweep: how its runs ended, what its trials came to, and which is the best.

Memory does not grow with the number of trials: a trial that is complete leaves its place in the
counts, and its values only if no other beats them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nncli.store.records import WHOLE
from nncli.sweeps.events import Best, Counts
from nncli.sweeps.search.objectives import Objective, dominates

Values = tuple[float | None, ...]


@dataclass
class Trial:
    """A trial whose runs are not all done: what each seed's run came to, as far as it is known."""

    number: int
    params: dict[str, Any]
    values: dict[int, Values] = field(default_factory=dict)  #: by seed
    runs: dict[int, int] = field(default_factory=dict)  #: by seed
    pruned: bool = False
    bad: bool = False  #: a run of it failed or diverged
    elsewhere: set[int] = field(default_factory=set)  #: seeds whose run another process has

    def means(self) -> tuple[float, ...] | None:
        """Return the means of the objectives over the seeds that have them, if any has.

        In the order of the seeds, so that the order in which runs end changes no bit.
        """
        means = []
        for column in zip(*(self.values[seed] for seed in sorted(self.values)), strict=True):
            known = [value for value in column if value is not None]
            if not known:
                return None
            means.append(sum(known) / len(known))
        return tuple(means) or None


class Tally:
    """Counts runs and keeps the best trials, or with several objectives their Pareto front."""

    def __init__(
        self,
        objectives: Sequence[Objective],
        varied: Sequence[str],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.objectives, self.varied = tuple(objectives), tuple(varied)
        self._counted = Counts().to_json()
        self.whole = 0  # runs that have come to a result, whoever did them
        self.best: tuple[Best, ...] = ()
        self._clock = clock
        self._began = clock()

    @property
    def seconds(self) -> float:
        """Return the seconds since the sweep began in this process."""
        return self._clock() - self._began

    @property
    def rate(self) -> float:
        """Return the runs a second that this process has done; those skipped took no time."""
        counts = self.counts
        return (counts.ended - counts.skipped) / max(self.seconds, 1e-9)

    def count(self, status: str, was: str | None = None) -> None:
        """Count a run's end; ``was`` is how one had ended that was skipped."""
        self.whole += (was or status) in WHOLE
        counted = {"early_stopped": "completed", "dropped": "pruned"}.get(status, status)
        names = ("failed", "diverged") if counted == "diverged" else (counted,)
        for name in names:
            self._counted[name] += 1

    @property
    def counts(self) -> Counts:
        """Return how many runs have ended, and how."""
        return Counts(**self._counted)

    def shown(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of a trial's params that the sweep varies."""
        return {name: params[name] for name in self.varied if name in params}

    def enter(self, trial: Trial, values: tuple[float, ...]) -> None:
        """Let a complete trial compete."""
        beats = partial(dominates, objectives=self.objectives)
        if any(each.values == values or beats(each.values, values) for each in self.best):
            return
        left = [each for each in self.best if not beats(values, each.values)]
        runs = tuple(run for _, run in sorted(trial.runs.items()))
        self.best = (*left, Best(trial.number, values, self.shown(trial.params), runs))


def values_of(objectives: Sequence[Objective], columns: Mapping[str, Any]) -> Values:
    """Return a run's objectives out of its result columns."""
    return tuple(each.value_of(columns) for each in objectives)
