"""Runs summarized by group: what several seeds come to, with an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncli.metrics import Metric
from nncli.report.compare.compared import Compared, described, finite, listed, narrowness
from nncli.report.compare.grouping import Key, keys_of, places_by_key
from nncli.report.compare.outcomes import (
    FINITE,
    RUNNING,
    UNMEASURED,
    outcomes_of,
    statuses_of,
)
from nncli.report.text import plural
from nncli.store.records import WHOLE
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.statistics.resampling import Floats

#: Columns after those of the fields; ``unmeasured`` and ``running`` follow where some runs are.
COLUMNS = ("n", "mean", "std", "ci_low", "ci_high", "median", "best", "failed")


def group_runs(table: Table, by: Sequence[str], metric: Metric) -> Compared:
    """Return one row for each combination of values of the fields ``by`` that some run has.

    ``table`` holds the columns ``by`` and ``metric.label``, and ``status``, ``seed`` and ``task``
    where they are known. ``n`` runs have a finite value; ``mean``, ``std`` (of a sample, divided by
    n - 1), the ends of a 95% BCa interval of the mean, ``median`` and ``best`` are of those.
    ``failed`` counts those that did not end well, or with a value that is not finite; where there
    are such, ``unmeasured`` those that ended well and have no such metric, and ``running`` those
    still under way. These four add up to the number of runs. What is not defined is None.
    """
    keys = keys_of(table, by)
    outcomes = outcomes_of(table, metric)
    groups = places_by_key(keys)
    good = [[p for p in places if outcomes[p] == FINITE] for places in groups.values()]
    columns: dict[str, list[Any]] = {
        name: [key[index] for key in groups] for index, name in enumerate(by)
    }
    columns |= _summaries(table[metric.label], good, metric)
    others = (FINITE, UNMEASURED, RUNNING)
    columns["failed"] = [sum(outcomes[p] not in others for p in ps) for ps in groups.values()]
    for outcome in (UNMEASURED, RUNNING):
        if outcome in outcomes:
            columns[outcome] = [sum(outcomes[p] == outcome for p in ps) for ps in groups.values()]
    notes = [
        *_failures(table, outcomes),
        *_unmeasured(table, metric, outcomes),
        *_intervals(by, list(groups), columns),
        *_repeats(table, good),
    ]
    return Compared(Table(columns), tuple(notes))


def _summaries(
    values: Sequence[Any], good: Sequence[Sequence[int]], metric: Metric
) -> dict[str, list[Any]]:
    """Return the columns from ``n`` to ``best``; groups of equal size are computed together."""
    import numpy as np

    from nncli.statistics.intervals import mean_intervals

    names = ("mean", "std", "ci_low", "ci_high", "median", "best")
    found: dict[str, Floats] = {name: np.full(len(good), np.nan) for name in names}
    sizes = np.array([len(kept) for kept in good], dtype=int)
    for n in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == n)
        samples = np.array([[values[p] for p in good[row]] for row in rows.tolist()], dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            found["mean"][rows] = samples.mean(axis=1)
            found["ci_low"][rows], found["ci_high"][rows] = mean_intervals(samples)
            if n > 1:
                equal = samples.min(axis=1) == samples.max(
                    axis=1
                )  # a mean of equals may be rounded
                found["std"][rows] = np.where(equal, 0.0, samples.std(axis=1, ddof=1))
            found["median"][rows] = np.median(samples, axis=1)
        extreme = samples.max if metric.larger_is_better else samples.min
        found["best"][rows] = extreme(axis=1)
    return {"n": sizes.tolist()} | {
        name: [finite(value) for value in column.tolist()] for name, column in found.items()
    }


def _failures(table: Table, outcomes: Sequence[str]) -> list[str]:
    """Say how many runs are not in the figures, and why."""
    statuses = statuses_of(table)
    why = Counter[str]()
    for place, outcome in enumerate(outcomes):
        if outcome in (FINITE, UNMEASURED, RUNNING):
            continue
        whole = statuses[place] in WHOLE
        why["not a finite number" if whole else statuses[place]] += 1
    notes = []
    if why:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
        notes.append(
            f"{why.total()} of {plural(len(outcomes), 'run')} count as failed ({reasons}): "
            "the other columns are of those that ended well"
        )
    running = outcomes.count(RUNNING)
    if running:
        notes.append(f"{plural(running, 'run')} not yet ended")
    return notes


def _unmeasured(table: Table, metric: Metric, outcomes: Sequence[str]) -> list[str]:
    """Say how many runs ended well without the metric, and what would give it to them."""
    tasks = table.columns.get("task", [None] * len(table))
    lacking = [task for task, o in zip(tasks, outcomes, strict=True) if o == UNMEASURED]
    foreign = sum(_is_foreign(metric, task) for task in lacking)
    split = metric.name.partition("_")[0]
    advice = f": train with --{split} 0.2" if split in ("val", "test") else ""
    counts = {" (another task)": foreign, advice: len(lacking) - foreign}
    return [
        f"{plural(n, 'run')} {'has' if n == 1 else 'have'} no {metric.name}{why}"
        for why, n in counts.items()
        if n
    ]


def _is_foreign(metric: Metric, task: str | None) -> bool:
    """Say whether a metric is of other tasks than this one, where it is known."""
    if task is None:
        return False
    measure = metric.name.rpartition("_")[2]
    return measure in (("accuracy", "error") if task == "regression" else ("rmse",))


def _intervals(
    by: Sequence[str], groups: Sequence[Key], columns: dict[str, list[Any]]
) -> list[str]:
    """Say which groups have no interval, and that those of few values are too narrow."""
    sizes, deviations = columns["n"], columns["std"]
    single = [described(by, g) for g, n in zip(groups, sizes, strict=True) if n == 1]
    equal = [described(by, g) for g, s in zip(groups, deviations, strict=True) if s == 0]
    failed = columns["failed"]
    empty = [
        described(by, g) for g, n, f in zip(groups, sizes, failed, strict=True) if n == 0 and f
    ]
    notes = []
    if empty:
        notes.append(f"no run ended well in {plural(len(empty), 'group')}: {listed(empty)}")
    if single:
        notes.append(
            f"one run says nothing about others: no std and no interval of "
            f"{plural(len(single), 'group')}: {listed(single)}"
        )
    if equal:
        notes.append(
            "runs of equal value show no spread to take an interval from, in "
            f"{plural(len(equal), 'group')}: {listed(equal)}"
        )
    spread = [n for n, s in zip(sizes, deviations, strict=True) if s]
    return [*notes, *narrowness(spread)]


def _repeats(table: Table, good: Sequence[Sequence[int]]) -> list[str]:
    """Say where a group holds several runs of a seed: its spread is not over seeds alone."""
    seeds = table.columns.get("seed")
    if seeds is None:
        return []
    groups = sum(len({seeds[p] for p in places}) < len(places) for places in good)
    if not groups:
        return []
    return [
        f"{plural(groups, 'group')} with several runs of one seed: std and interval are over runs "
        "that differ in more than the seed, or repeat each other"
    ]
