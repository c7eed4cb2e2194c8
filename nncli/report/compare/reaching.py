"""How soon, and how surely, groups of runs reach a target.

A run that does not reach it has no time to it, only one that is longer than the run. Leaving such
runs out would make the least reliable setting look fastest; so a median is that of all runs, where
those count as longer than any other, and it is None where half of them or more are such.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from nncli.report.compare.compared import Compared, check_fields, finite
from nncli.report.compare.grouping import Key, keys_of, places_by_key
from nncli.report.compare.targets import COSTS, Target
from nncli.report.text import plural
from nncli.tables import Table


def group_times(timed: Table, by: Sequence[str], target: Target) -> Compared:
    """Return the median times to ``target`` of each group, over seeds.

    ``timed`` is the table of :func:`~nncli.report.compare.targets.times_to_target`. Columns: the
    fields ``by``, ``n`` runs, of which ``reached`` reached it, and the median ``epochs``,
    ``updates`` and ``seconds`` that they took.
    """
    groups = ended_groups(timed, by)
    columns = {name: [key[index] for key in groups] for index, name in enumerate(by)}
    columns["n"] = [len(places) for places in groups.values()]
    columns["reached"] = [sum(timed["reached"][p] for p in ps) for ps in groups.values()]
    for cost, (_, name) in COSTS.items():
        columns[cost] = [finite(median_cost(timed, places, name)) for places in groups.values()]
    missed = sum(columns["n"]) - sum(columns["reached"])
    if not missed:
        return Compared(Table(columns))
    hidden = sum(epochs is None for epochs in columns["epochs"])
    none = (
        f"; no median in {plural(hidden, 'group')}, of which half or more did not reach it"
        if hidden
        else ""
    )
    return Compared(
        Table(columns),
        (
            f"{target.label} not reached in {missed} of {plural(sum(columns['n']), 'run')}: in the "
            f"medians they count as longer than all others{none}",
        ),
    )


def setting_shares(
    timed: Table, by: Sequence[str], settings: Sequence[str], target: Target
) -> Compared:
    """Return which share of the settings that were tried reaches ``target``, for each group.

    A setting is a combination of values of the fields ``settings``, such as lr; it reaches the
    target if more than half of its runs do, so that one lucky seed is not enough. Columns: ``by``,
    ``settings``, ``reached`` and their quotient ``share``.
    """
    inner = [name for name in settings if name not in by]
    tried: dict[Key, list[bool]] = {}
    for key, places in ended_groups(timed, (*by, *inner)).items():
        reached = sum(timed["reached"][p] for p in places)
        tried.setdefault(key[: len(by)], []).append(2 * reached > len(places))
    columns: dict[str, list[Any]] = {
        name: [key[index] for key in tried] for index, name in enumerate(by)
    }
    columns["settings"] = [len(each) for each in tried.values()]
    columns["reached"] = [sum(each) for each in tried.values()]
    columns["share"] = [sum(each) / len(each) for each in tried.values()]
    what = ", ".join(inner) or "nothing that varies"
    note = f"a setting ({what}) reaches {target.label} if more than half of its runs do"
    return Compared(Table(columns), (note,))


def ended_groups(timed: Table, by: Sequence[str]) -> dict[Key, list[int]]:
    """Return the places of the runs of each group, without those of which it is unknown."""
    check_fields(timed, ["reached"])
    groups = places_by_key(keys_of(timed, by))
    ended = {k: [p for p in ps if timed["reached"][p] is not None] for k, ps in groups.items()}
    return {key: places for key, places in ended.items() if places}


def median_cost(timed: Table, places: Sequence[int], name: str) -> float:
    """Return the median of a cost over some runs; infinite where half did not reach the target."""
    costs = [timed[name][p] for p in places]
    return statistics.median(math.inf if cost is None else float(cost) for cost in costs)
