"""From runs to a grid of cells: the mean of a metric by the values of two options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nncli.errors import UsageError
from nncli.metrics import read_metric
from nncli.report.compare.outcomes import FINITE, outcome_of, statuses_of
from nncli.report.pictures.axes import is_drawable, spans
from nncli.report.pictures.shading import measured
from nncli.report.text import number, plural
from nncli.tables import Table


@dataclass(frozen=True)
class Levels:
    """The values of an option as the rows or columns of a grid: what each is called, who is in it.

    ``place`` holds the level of every run, None for one that was left out.
    """

    name: str
    labels: tuple[str, ...]
    place: tuple[int | None, ...]
    numeric: bool
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """Means of a metric (rows of y, columns of x), None where no run has a finite value.

    ``counts`` are the runs behind each mean, ``failed`` those that broke off or have no finite
    value, which are in no mean.
    """

    x: Levels
    y: Levels
    value: str
    means: tuple[tuple[float | None, ...], ...]
    counts: tuple[tuple[int, ...], ...]
    failed: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]

    @property
    def finite(self) -> list[float]:
        """Return all means."""
        return [mean for row in self.means for mean in row if mean is not None]

    def texts(self, digits: int) -> list[list[str]]:
        """Return all means as they are written in cells: shares with ``digits`` decimals."""
        return [
            ["" if mean is None else measured(self.value, mean, digits) for mean in row]
            for row in self.means
        ]

    @property
    def best(self) -> tuple[int, int] | None:
        """Return row and column of the best mean; None without any, or of a constant one."""
        cells = [
            (mean, (row, column))
            for row, means in enumerate(self.means)
            for column, mean in enumerate(means)
            if mean is not None
        ]
        if len({mean for mean, _ in cells}) < 2:
            return None
        chosen = max if larger_is_better(self.value) else min
        return chosen(cells, key=lambda cell: cell[0])[1]


def larger_is_better(label: str) -> bool:
    """Say whether more of a metric is better; of what is no metric, less is."""
    try:
        return read_metric(label).larger_is_better
    except UsageError:
        return False


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and is_drawable(value)


def grid_of(table: Table, x: str, y: str, value: str, *, most: tuple[int, int]) -> Grid:
    """Return the grid of a table with a row a run; at most ``most`` (columns, rows) cells.

    Where the table has a column ``status``, runs that broke off are in no mean, as in groups.
    Raises UsageError if both options are the same or one of them does not vary.
    """
    if x == y:
        raise UsageError(f"a heat map of {x} by itself: expected two different options")
    columns, rows = levels(x, table[x], most[0]), levels(y, table[y], most[1])
    for each in (columns, rows):
        if len(each.labels) < 2:
            only = f" is {each.labels[0]} in all runs" if each.labels else " has no run"
            raise UsageError(
                f"{each.name}{only}: a heat map needs two options that vary; name another"
            )
    cells: dict[tuple[int, int], list[float]] = {}
    failed: dict[tuple[int, int], int] = {}
    statuses = statuses_of(table)
    for at_x, at_y, status, found in zip(
        columns.place, rows.place, statuses, table[value], strict=True
    ):
        if at_x is None or at_y is None:
            continue
        if outcome_of(status, found) == FINITE and is_number(found):
            cells.setdefault((at_y, at_x), []).append(found)
        else:
            failed[at_y, at_x] = failed.get((at_y, at_x), 0) + 1
    shape = [
        [(row, column) for column in range(len(columns.labels))] for row in range(len(rows.labels))
    ]
    counts = [[len(cells.get(at, ())) for at in row] for row in shape]
    without = sum(failed.values())
    notes = [
        columns.note,
        rows.note,
        f"{plural(without, 'run')} that did not end well left out of the means" if without else "",
    ]
    return Grid(
        columns,
        rows,
        value,
        tuple(tuple(_mean(cells.get(at)) for at in row) for row in shape),
        tuple(map(tuple, counts)),
        tuple(tuple(failed.get(at, 0) for at in row) for row in shape),
        tuple(note for note in notes if note),
    )


def _mean(values: Sequence[float] | None) -> float | None:
    return math.fsum(values) / len(values) if values else None


def levels(name: str, values: Sequence[Any], most: int) -> Levels:
    """Return the values of an option as at most ``most`` levels.

    Many different numbers are gathered in ranges of equal width, on a logarithmic scale where they
    span much; of many different texts the most frequent are kept.
    """
    distinct = set(values)
    if len(distinct) > most and all(is_number(each) for each in distinct - {None}):
        return _ranges(name, values, most)
    note = ""
    if len(distinct) > most:
        counts = dict.fromkeys(distinct, 0)
        for each in values:
            counts[each] += 1
        distinct = set(sorted(distinct, key=lambda each: (-counts[each], _key(each)))[:most])
        note = f"the {most} most frequent of {len(counts)} values of {name}"
    listed = sorted(distinct, key=_key)
    places = {each: place for place, each in enumerate(listed)}
    return Levels(
        name,
        tuple(written(each) for each in listed),
        tuple(places.get(each) for each in values),
        all(is_number(each) for each in listed),
        note,
    )


def _key(value: Any) -> tuple[int, float, str]:
    if is_number(value):
        return (0, value, "")
    return (2, 0, "") if value is None else (1, 0, str(value))


def written(value: Any) -> str:
    """Return a value of an option as people write it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    return number(value) if isinstance(value, float) else str(value)


def _ranges(name: str, values: Sequence[Any], most: int) -> Levels:
    known = [each for each in values if each is not None]
    count = max(1, min(most - (None in values), 12))
    low, high = min(known), max(known)
    log = spans(low, high)
    ends = (math.log10(low), math.log10(high)) if log else (low, high)
    width = (ends[1] - ends[0]) / count

    def place(value: Any) -> int | None:
        if value is None:
            return count
        at = math.log10(value) if log else value
        return min(count - 1, int((at - ends[0]) / width))

    edges = [ends[0] + width * each for each in range(count + 1)]
    bounds = [number(10**edge if log else edge, 2) for edge in edges]
    labels = [f"{a}..{b}" for a, b in pairwise(bounds)]
    if None in values:
        labels.append("-")
    return Levels(
        name,
        tuple(labels),
        tuple(place(each) for each in values),
        True,
        f"{name} in {count} ranges of equal {'ratio' if log else 'width'}",
    )
