"""The best trials of a stored sweep, with their means and spreads over seeds."""

from __future__ import annotations

import heapq
import itertools
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.store import SweepStore
from nncli.store.records import WHOLE
from nncli.sweeps.search.objectives import Objective
from nncli.sweeps.tally import values_of


@dataclass(frozen=True)
class Ranked:
    """A trial and what its runs came to. ``deviation`` is None for a single seed."""

    trial: int
    params: dict[str, Any]
    seeds: int
    mean: float
    deviation: float | None
    runs: tuple[int, ...]


def best_trials(
    store: SweepStore, sweep_id: int, objectives: Sequence[Objective], seeds: int, limit: int = 10
) -> list[Ranked]:
    """Return the best trials by the first objective, of those whose runs all have a value.

    Memory does not grow with the number of trials.
    """
    sign = 1 if objectives[0].minimizes else -1

    def complete() -> Any:
        rows = store.trial_rows(sweep_id)
        for number, group in itertools.groupby(rows, lambda row: row.number):
            of_trial = list(group)
            values = [
                values_of(objectives[:1], row.results)[0] for row in of_trial if row.status in WHOLE
            ]
            known = [value for value in values if value is not None]
            if len(known) == seeds:
                yield Ranked(
                    number,
                    json.loads(of_trial[0].params),
                    seeds,
                    statistics.fmean(known),
                    statistics.stdev(known) if seeds > 1 else None,
                    tuple(row.run_id for row in of_trial if row.run_id is not None),
                )

    return heapq.nsmallest(limit, complete(), key=lambda each: (sign * each.mean, each.trial))
