"""From stored curves to lines: one of each run, or the mean of a group of runs with its band.

Smoothing is an exponential moving average, m_t = s m_(t-1) + (1 - s) y_t, divided by 1 - s^t so
that it is not drawn to its start at 0 (the bias correction of Kingma & Ba 2015).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nncli.errors import UsageError, unknown_choice
from nncli.report.pictures.axes import is_drawable, spans
from nncli.report.text import plural
from nncli.tables import Table

#: What a curve can run over.
ALONG = ("epoch", "seconds", "updates")

#: Bands around the mean of a group, and what they are called.
BANDS = {
    "range": "lowest to highest",
    "std": "one standard deviation",
    "interval": "95% interval of the mean",
}

#: Places at which the runs of a group are averaged, at most.
MOST_PLACES = 500

Points = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Line:
    """A line: its points, the unsmoothed ones, and the band (low, high) at the same places.

    ``runs`` says how many runs it is the mean of at each place; of a single run it is empty.
    """

    label: str
    x: list[float]
    y: list[float]
    raw: list[float] | None = None
    low: list[float] | None = None
    high: list[float] | None = None
    runs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lines:
    """All lines of a metric, and what must be said of them."""

    lines: tuple[Line, ...]
    log_x: bool
    log_y: bool
    notes: tuple[str, ...]


def lines_of(
    table: Table,
    labels: Mapping[int, str],
    name: str,
    *,
    x: str = "epoch",
    log_x: bool = False,
    log_y: bool | None = None,
    smooth: float = 0.0,
    groups: Mapping[int, str] | None = None,
    band: str = "range",
) -> Lines:
    """Return the lines of a metric, in the order of ``labels`` or of ``groups``.

    ``table`` is long (run, epoch, updates, seconds, metrics...), by run and epoch. ``log_y`` None
    lets the values of losses decide. Values that cannot be drawn are left out and counted. Raises
    UsageError for a ``smooth`` outside [0, 1) and unknown names of ``x`` and ``band``.
    """
    _check(x, smooth, band)
    found, missing, odd = {}, [], 0
    for run, points in points_of(table, x, name).items():
        if run not in labels:
            continue
        finite = [(a, b) for a, b in zip(*points, strict=True) if is_drawable(b)]
        odd += len(points[0]) - len(finite)
        if points[0]:
            found[run] = finite
        else:
            missing.append(run)
    values = [value for points in found.values() for _, value in points]
    if log_y is None:
        log_y = name.endswith("_loss") and bool(values) and spans(min(values), max(values))
    drawn: dict[int, Points] = {}
    small = 0
    for run, finite in found.items():
        kept = [(a, b) for a, b in finite if (a > 0 or not log_x) and (b > 0 or not log_y)]
        small += len(finite) - len(kept)
        if kept:
            drawn[run] = ([a for a, _ in kept], [b for _, b in kept])
    if groups is None:
        lines = [Line(labels[run], *drawn[run]) for run in labels if run in drawn]
    else:
        lines = _means(drawn, groups, band, log_y)
    notes = [
        f"{plural(odd, 'value')} not drawn: nan or infinite" if odd else "",
        f"{plural(small, 'value')} not drawn: not above 0, on a logarithmic axis" if small else "",
        f"{plural(len(missing), 'run')} without {name}: {_listed(missing)}" if missing else "",
        *_ends(lines),
    ]
    smoothed = [smoothed_line(line, smooth) for line in lines] if smooth else lines
    return Lines(tuple(smoothed), log_x, log_y, tuple(note for note in notes if note))


def panels(
    table: Table,
    labels: Mapping[int, str],
    metric_names: Sequence[str],
    *,
    log_y: bool | None = None,
    groups: Mapping[int, str] | None = None,
    **options: Any,
) -> list[tuple[str, Lines]]:
    """Return titles and lines of the fields that some metrics are drawn in; options of lines_of.

    A field is of one metric. Of a single run, those of one kind share one, such as train_loss and
    val_loss, with the axis that suits both.
    """
    found = []
    for title, names in _by_kind(metric_names, shared=len(labels) == 1 and groups is None):
        for log in (log_y, False):
            parts = [
                lines_of(table, labels, name, log_y=log, groups=groups, **options) for name in names
            ]
            if len({part.log_y for part in parts if part.lines}) < 2:
                break
        found.append((title, parts[0] if len(parts) == 1 else _joined(names, parts)))
    return found


def _by_kind(names: Sequence[str], *, shared: bool) -> list[tuple[str, tuple[str, ...]]]:
    if not shared:
        return [(name, (name,)) for name in names]
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(name.partition("_")[2] or name, []).append(name)
    return [(kind if len(of) > 1 else of[0], tuple(of)) for kind, of in by_kind.items()]


def _joined(names: Sequence[str], parts: Sequence[Lines]) -> Lines:
    """Return the lines of several metrics as those of one field, each called after its metric."""
    lines = [
        replace(line, label=name)
        for name, part in zip(names, parts, strict=True)
        for line in part.lines
    ]
    notes = [note for part in parts for note in part.notes]
    log_y = any(part.log_y for part in parts if part.lines)
    return Lines(tuple(lines), parts[0].log_x, log_y, tuple(dict.fromkeys(notes)))


def points_of(table: Table, x: str, name: str) -> dict[int, Points]:
    """Return the measured points of each run; a run without any has empty lists."""
    found: dict[int, Points] = {}
    values = table[name] if name in table.columns else [None] * len(table)
    for run, place, value in zip(table["run"], table[x], values, strict=True):
        xs, ys = found.setdefault(run, ([], []))
        if value is not None and place is not None:
            xs.append(float(place))
            ys.append(float(value))
    return found


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Return the bias-corrected exponential moving average of ``values``."""
    mean, share, found = 0.0, 1.0, []
    for value in values:
        mean = weight * mean + (1 - weight) * value
        share *= weight
        found.append(mean / (1 - share))
    return found


def smoothed_line(line: Line, weight: float) -> Line:
    """Return a line smoothed, with what it was as its ``raw``; its band stays as it is."""
    return replace(line, y=smoothed(line.y, weight), raw=line.y)


def smoothing_note(weight: float) -> str:
    """Return the words for a smoothing."""
    return f"smoothed by an exponential moving average of weight {weight:g}, bias-corrected"


def _check(x: str, smooth: float, band: str) -> None:
    if x not in ALONG:
        raise unknown_choice("x axis", x, ALONG)
    if band not in BANDS:
        raise unknown_choice("band", band, BANDS)
    if not 0 <= smooth < 1:
        raise UsageError(
            f"smoothing is {smooth:g}: expected a weight from 0 (none) to below 1, such as 0.9"
        )


def _listed(runs: Sequence[int], most: int = 8) -> str:
    shown = ", ".join(str(run) for run in runs[:most])
    return f"{shown}, ..." if len(runs) > most else shown


def _means(
    drawn: Mapping[int, Points], groups: Mapping[int, str], band: str, log_y: bool
) -> list[Line]:
    """Return the mean of each group's runs, at all places where at least one of them is."""
    members: dict[str, list[Points]] = {label: [] for label in groups.values()}
    for run, points in drawn.items():
        if run in groups:
            members[groups[run]].append(points)
    return [_mean(label, runs, band, log_y) for label, runs in members.items() if runs]


def _mean(label: str, runs: Sequence[Points], band: str, log_y: bool) -> Line:
    places = sorted({x for xs, _ in runs for x in xs})
    if len(places) > MOST_PLACES:
        step = (len(places) - 1) / (MOST_PLACES - 1)
        places = [places[round(each * step)] for each in range(MOST_PLACES)]
    # before its first point a run has no value, after its last none either
    x, y, low, high, counts = [], [], [], [], []
    for place in places:
        values = [v for xs, ys in runs if (v := _at(place, xs, ys)) is not None]
        if not values:
            continue
        mean = math.fsum(values) / len(values)
        below, above = _band(values, mean, band)
        x.append(place)
        y.append(mean)
        low.append(below if below > 0 or not log_y else min(values))
        high.append(above)
        counts.append(len(values))
    line = Line(label, x, y, runs=tuple(counts))
    return line if len(runs) == 1 else replace(line, low=low, high=high)


def _at(place: float, xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return the value of a curve at a place, on the straight line between its points."""
    after = bisect.bisect_left(xs, place)
    if after == len(xs) or (after == 0 and xs[0] != place):
        return None
    if xs[after] == place:
        return ys[after]
    share = (place - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + share * (ys[after] - ys[after - 1])


def _band(values: Sequence[float], mean: float, band: str) -> tuple[float, float]:
    if band == "range":
        return min(values), max(values)
    count = len(values)
    if count < 2:
        return mean, mean
    std = math.dist(values, [mean] * count) / math.sqrt(count - 1)  # squares may overflow
    room = std if band == "std" else student(count - 1) * std / math.sqrt(count)
    return mean - room, mean + room


def student(freedom: int) -> float:
    """Return the factor of a two-sided 95% interval of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _ends(lines: Sequence[Line]) -> list[str]:
    """Say of which groups not all runs go on to the end: the mean there is that of the rest."""
    return [
        f"{line.label}: the mean of {max(line.runs)} runs, of {line.runs[-1]} at the end"
        for line in lines
        if line.runs and line.runs[-1] < max(line.runs)
    ]


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Return at most about ``most`` points, with the lowest and highest of each stretch kept."""
    if len(points) <= most:
        return list(points)
    stretch = -(-2 * len(points) // most)
    kept = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return [points[0], *kept, points[-1]]
