"""Two groups' runs matched: by seed, and by whatever else is to be the same on both sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nncli.metrics import Metric
from nncli.report.compare.grouping import Key, keys_of, order_of
from nncli.report.compare.outcomes import DIVERGED, FINITE, outcomes_of
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.statistics.resampling import Floats

#: What pairs runs where nothing is said, of what a table has and does not group by: the same seed
#: on another data set is another split of other rows.
PAIRED_BY = ("data", "seed")


@dataclass(frozen=True)
class Arm:
    """The runs of one group: a value for each pairing key.

    A value is the mean of the runs with this key, and infinite if one of them diverged, on the bad
    side of the metric. Keys without such a value (failed, interrupted, pruned, running, or without
    the metric) are in ``missing``; ``repeated`` counts the runs beyond one a key.
    """

    values: Mapping[Key, float]
    missing: frozenset[Key]
    repeated: int


@dataclass(frozen=True)
class Pairs:
    """The pairs of two arms: ``differences`` (pairs,), candidate minus reference.

    They are in the order of their keys; infinite where one side diverged, and 0, a tie, where both
    did. ``measured`` are those of the pairs of which neither did. ``missing`` counts keys with runs
    in both arms and a value in at most one, ``unmatched`` those with runs in one arm only.
    """

    differences: Floats
    measured: Floats
    missing: int
    unmatched: int

    def __len__(self) -> int:
        return len(self.differences)

    @property
    def diverged(self) -> int:
        """Return in how many pairs a run diverged."""
        return len(self.differences) - len(self.measured)


def arms_of(
    table: Table, groups: Mapping[Key, Sequence[int]], paired_by: Sequence[str], metric: Metric
) -> dict[Key, Arm]:
    """Return the arm of each group, whose rows of ``table`` are given by their places."""
    keys, outcomes = keys_of(table, paired_by), outcomes_of(table, metric)
    values = table[metric.label]
    worst = -math.inf if metric.larger_is_better else math.inf
    arms = {}
    for group, places in groups.items():
        found: dict[Key, list[float]] = {}
        for place in places:
            kept = found.setdefault(keys[place], [])
            if outcomes[place] == FINITE:
                kept.append(float(values[place]))
            elif outcomes[place] == DIVERGED:
                kept.append(worst)
        arms[group] = Arm(
            {key: sum(v / len(kept) for v in sorted(kept)) for key, kept in found.items() if kept},
            frozenset(key for key, kept in found.items() if not kept),
            len(places) - len(found),
        )
    return arms


def pairs_of(candidate: Arm, reference: Arm) -> Pairs:
    """Return the pairs of two arms."""
    import numpy as np

    from nncli.statistics.paired import rounded_differences

    ours = candidate.values.keys() | candidate.missing
    theirs = reference.values.keys() | reference.missing
    shared = sorted(candidate.values.keys() & reference.values.keys(), key=order_of)
    left = np.array([candidate.values[key] for key in shared], dtype=float)
    right = np.array([reference.values[key] for key in shared], dtype=float)
    differences = rounded_differences(left, right)
    return Pairs(
        differences,
        measured=differences[np.isfinite(left) & np.isfinite(right)],
        missing=len(ours & theirs) - len(shared),
        unmatched=len(ours ^ theirs),
    )
