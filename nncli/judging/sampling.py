"""Samples of runs: who is compared with whom, and what counts as one unit.

Runs are matched by ``pairs``: the seed, and the data set where it varies. What chance has drawn
once is one unit, however many runs share it: runs of one seed on one data set have the same split,
and often the same first weights, so their values are no independent draws. Within a unit the
differences, values or correlations are averaged; a test that took each for itself would find what
is not there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median
from typing import TYPE_CHECKING

from nncli.claims import Claim
from nncli.claims.declaration import DRAWN, TRENDS
from nncli.claims.samples import Sample, no_sample
from nncli.errors import UsageError
from nncli.judging.reading import RESULTS, Lack, Readings
from nncli.report.compare.grouping import Key, keys_of, order_of
from nncli.report.text import plural

if TYPE_CHECKING:
    from nncli.statistics.resampling import Floats

Values = Mapping[int, float]  #: of runs by their places

#: Fields whose texts are lists of widths, of which the first has an order where it is the only one.
_SHAPES = ("hidden",)

#: What the units are that a field of ``DRAWN`` tells apart.
_UNITS = {"seed": "seeds", "data": "data sets"}


def sample_of(claim: Claim, readings: Readings) -> Sample:
    """Return what a claim is judged on; of one that cannot be computed, nothing, and why."""
    try:
        return _sample_of(claim, readings)
    except (UsageError, ArithmeticError) as error:
        return no_sample(f"it cannot be computed: {error}")


def _sample_of(claim: Claim, readings: Readings) -> Sample:
    places = readings.matching(claim.runs)
    others: list[int] = []
    if claim.comparison not in TRENDS and isinstance(claim.other, str):
        others = readings.matching(claim.other)
        places = [place for place in places if place not in set(others)]
        if not others:
            return no_sample(f"no run of the sweep is {claim.other}: nothing to compare with")
    if not places:
        return no_sample(f"no run of the sweep is {claim.runs or 'left'}")
    involved = [*places, *others]
    values, missing = _measured(claim, readings, involved)
    if not values:
        return no_sample(missing)
    fields = claim.pairs or _usual_pairs(readings, involved)
    keys = keys_of(readings.runs, fields)
    notes = _units_without(readings, involved, fields)
    if claim.comparison in TRENDS:
        found = _trend(claim, readings, values, keys, fields, missing)
    elif not others:
        found = _plain(_by_key(keys, values, places), fields, missing)
    else:
        ours, theirs = (_by_key(keys, values, each) for each in (places, others))
        if claim.comparison == "equals":
            ours, theirs = _without_like_infinities(ours, theirs)
        found = _paired(ours, theirs, fields, missing)
    return replace(found, notes=(*found.notes, *notes))


def _units_without(
    readings: Readings, involved: Sequence[int], fields: Sequence[str]
) -> tuple[str, ...]:
    """Say how many units of the sweep a claim is silent on: which have none of its runs.

    Its conditions may have chosen by what came of the runs.
    """
    drawn = [name for name in fields if name in DRAWN]
    keys, data = keys_of(readings.runs, drawn), readings.runs["data"]
    among = {data[place] for place in involved}
    units = {key for key, name in zip(keys, data, strict=True) if name in among}
    without = len(units - {keys[place] for place in involved})
    if not without:
        return ()
    has = "has" if without == 1 else "have"
    noun = _UNITS[drawn[0]] if len(drawn) == 1 else "pairs of seed and data set"
    return (f"{without} of {len(units)} {noun} {has} no such run",)


def _measured(claim: Claim, readings: Readings, places: Sequence[int]) -> tuple[Values, str]:
    """Return the values of some runs by place, and what some of them lack, in words."""
    statuses = readings.runs["status"]
    ended = [place for place in places if statuses[place] in RESULTS]
    reasons = []
    if len(ended) < len(places):
        without = Counter(statuses[place] for place in places if statuses[place] not in RESULTS)
        each = ", ".join(f"{count} {status}" for status, count in sorted(without.items()))
        reasons.append(
            f"{len(places) - len(ended)} of {plural(len(places), 'run')} have no result ({each})"
        )
    found = dict(zip(ended, readings.values(claim, ended), strict=True))
    lacks = Counter(each.reason for each in found.values() if isinstance(each, Lack))
    for reason, count in lacks.items():
        who = f"{count} of {len(places)} runs" if count < len(places) else "every run"
        reasons.append(f"{who} {reason}")
    values = {place: value for place, value in found.items() if not isinstance(value, Lack)}
    return values, "; ".join(reasons)


def _usual_pairs(readings: Readings, places: Iterable[int]) -> tuple[str, ...]:
    data = {readings.runs["data"][place] for place in places}
    return DRAWN if len(data) > 1 else DRAWN[:1]


def _by_key(keys: Sequence[Key], values: Values, places: Iterable[int]) -> dict[Key, float]:
    """Return the mean value of the runs with each key."""
    found: dict[Key, list[float]] = {}
    for place in places:
        if place in values:
            found.setdefault(keys[place], []).append(values[place])
    return {key: _mean(each) for key, each in found.items()}


def _plain(ours: Mapping[Key, float], fields: Sequence[str], missing: str) -> Sample:
    units = list(_units(ours, fields).values())
    return Sample(_array(units), ours=_middles(units)[0], missing=missing)


def _without_like_infinities(
    ours: Mapping[Key, float], theirs: Mapping[Key, float]
) -> tuple[dict[Key, float], dict[Key, float]]:
    """Return two sides without a value (NaN) where both are infinite alike.

    Two runs that diverged tie when they are ranked; that they are equal nobody has measured.
    """
    alike = {key for key, value in ours.items() if math.isinf(value) and theirs.get(key) == value}
    left, right = (
        {key: math.nan if key in alike else value for key, value in side.items()}
        for side in (ours, theirs)
    )
    return left, right


def _paired(
    ours: Mapping[Key, float], theirs: Mapping[Key, float], fields: Sequence[str], missing: str
) -> Sample:
    from nncli.statistics.paired import rounded_differences

    shared = sorted(ours.keys() & theirs.keys(), key=order_of)
    alone = len(ours.keys() ^ theirs.keys())
    if not shared:
        named = " and ".join(fields)
        return no_sample(missing or f"no two runs have the same {named}: nothing to pair")
    notes: list[str] = []
    if alone and not missing:
        notes.append(f"{plural(alone, 'run')} without a partner left out")
    tied = sum(math.isinf(ours[key]) and ours[key] == theirs[key] for key in shared)
    if tied:
        notes.append(
            f"both are infinite (diverged, or not reached) in {tied} of {len(shared)} pairs: a tie"
        )
    differences = rounded_differences(
        _array(ours[key] for key in shared), _array(theirs[key] for key in shared)
    )
    units = _units(dict(zip(shared, differences.tolist(), strict=True)), fields)
    sides = [_units({key: side[key] for key in shared}, fields) for side in (ours, theirs)]
    mine, other = _middles(*(list(side.values()) for side in sides))
    return Sample(_array(units.values()), mine, other, missing, tuple(notes))


def _trend(
    claim: Claim,
    readings: Readings,
    values: Values,
    keys: Sequence[Key],
    fields: Sequence[str],
    missing: str,
) -> Sample:
    from nncli.statistics.trends import kendall_tau, steadiness

    name = str(claim.other)
    levels = {place: _level(name, readings.runs[name][place]) for place in values}
    unordered = next((place for place, level in levels.items() if level is None), None)
    if unordered is not None:
        shown = readings.runs[name][unordered]
        better = "; depth and width have one" if name in _SHAPES else ""
        return no_sample(f"{name} is {shown} in some runs, which has no order{better}")
    series: dict[Key, dict[float, list[float]]] = {}
    for place, value in values.items():
        at = series.setdefault(keys[place], {})
        at.setdefault(float(levels[place] or 0.0), []).append(value)
    correlation = kendall_tau if claim.chance else steadiness
    found = {}
    for key, at in series.items():
        if len(at) > 1:
            rising = sorted(at)
            found[key] = correlation(_array(rising), _array(_mean(at[each]) for each in rising))
    if not found:
        return no_sample(missing or f"{name} is the same in all runs: there is no trend over it")
    units = _units(found, fields)
    return Sample(_array(units.values()), missing=missing)


def _level(name: str, value: object) -> float | None:
    """Return a field's value as a number, None for what has no order."""
    if isinstance(value, bool | int | float):
        return float(value)
    if name in _SHAPES and value in (None, "none"):
        return 0.0
    try:
        return float(str(value))
    except ValueError:
        return None


def _units(values: Mapping[Key, float], fields: Sequence[str]) -> dict[Key, float]:
    """Return the mean of what belongs to one unit, the units in order."""
    drawn = [index for index, name in enumerate(fields) if name in DRAWN]
    found: dict[Key, list[float]] = {}
    for key, value in values.items():
        found.setdefault(tuple(key[index] for index in drawn), []).append(value)
    return {key: _mean(found[key]) for key in sorted(found, key=order_of)}


def _mean(values: Iterable[float]) -> float:
    """Return a mean, which is NaN of infinities on both sides."""
    listed = sorted(values)
    if listed[0] == listed[-1]:
        return listed[0]
    if not all(map(math.isfinite, listed)):
        return sum(value for value in listed if not math.isfinite(value))
    try:
        return fmean(listed)
    except OverflowError:  # of the sum
        return math.fsum(value / len(listed) for value in listed)


def _middles(*sides: Sequence[float]) -> list[float]:
    """Return the mean of each side, of all of them the median where any value is not finite."""
    if all(math.isfinite(value) for side in sides for value in side):
        return [_mean(side) for side in sides]
    known = [[value for value in side if not math.isnan(value)] for side in sides]
    return [median(side) if side else math.nan for side in known]


def _array(values: Iterable[float]) -> Floats:
    import numpy as np

    return np.array(list(values), dtype=float)
