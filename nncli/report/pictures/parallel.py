"""Parallel coordinates in the terminal: an upright axis an option, a line through all a run.

The last axis is the metric. Good runs lie above bad ones; with colours a line is the brighter the
better its run, without them the best runs alone are drawn heavily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import UsageError
from nncli.report.pictures.axes import Axis
from nncli.report.pictures.grid import is_number, larger_is_better, levels, written
from nncli.report.pictures.looks import GREY, Look, pick
from nncli.report.pictures.plotting import Field, Series, plot
from nncli.report.pictures.shading import measured
from nncli.report.pictures.words import fitted, harmless, legend, narrow, wrapped
from nncli.report.text import number, plural
from nncli.tables import Table

HEIGHT = 18

#: Runs that are drawn; of more some are left out, evenly by the metric.
MOST_RUNS = 150

#: Runs that are drawn heavily where there are no colours, and the best ones of those.
BEST = 5

#: Distinct values that an axis of numbers marks each; more of them get round marks.
MOST_MARKED = 7

#: Columns of an axis with its marks, at least.
NARROWEST = 9

#: From bad to good runs; readable on a light and on a dark ground.
GOODNESS = (240, 61, 67, 37, 71, 178, 208)


@dataclass(frozen=True)
class Upright:
    """An axis: where each run crosses it, from 0 to 1, and what is marked on it."""

    name: str
    places: tuple[float | None, ...]
    marks: tuple[tuple[float, str], ...]
    log: bool = False


def parallel(
    table: Table,
    fields: Sequence[str],
    metric: str,
    *,
    width: int,
    height: int = HEIGHT,
    colored: bool,
    unicode: bool = True,
) -> list[str]:
    """Return the picture of a table with a row a run: axes of ``fields``, then of ``metric``.

    Runs without a finite metric are counted, not drawn. An option that has one value in all runs is
    named and gets no axis. Raises UsageError if no option varies.
    """
    look = Look(width, height, colored, unicode)
    found = chosen_rows(table, metric)
    head = f"{metric} by {', '.join(fields)}: a line a run"
    notes = []
    if without := len(table) - len(found):
        notes.append(f"{plural(without, 'run')} without a finite {metric} not drawn")
    if not found:
        return [line for text in (head, *notes) for line in wrapped(harmless(text, look), width)]
    drawn = found
    if len(found) > MOST_RUNS:
        step = (len(found) - 1) / (MOST_RUNS - 1)
        drawn = [found[round(each * step)] for each in range(MOST_RUNS)]
        notes.append(f"{MOST_RUNS} of {len(found)} runs are drawn, evenly by {metric}")
    part = table.take(drawn)
    varying = [name for name in fields if len(set(part[name])) > 1]
    alike = [f"{name} {written(part[name][0])}" for name in fields if name not in varying]
    if not varying:
        raise UsageError(
            f"{', '.join(fields) or 'no option'}: no option varies among the runs, so there is "
            "nothing to compare; choose other runs or options"
        )
    if alike:
        notes.append(f"the same in all: {', '.join(alike)}")
    most = max(1, width // NARROWEST - 1)
    if len(varying) > most:
        notes.append(f"too narrow for {', '.join(varying[most:])}")
        varying = varying[:most]
    axes = [upright(name, part[name]) for name in varying]
    axes.append(upright(metric, part[metric], mark=lambda value: measured(metric, value)))
    return [
        *wrapped(harmless(head, look), width),
        *_draw(axes, look),
        *_key(part[metric], look),
        *(line for text in notes for line in wrapped(harmless(text, look), width)),
    ]


def chosen_rows(table: Table, metric: str) -> list[int]:
    """Return the places of the runs with a finite metric, the worst first."""
    values = table[metric]
    found = [place for place, value in enumerate(values) if is_number(value)]
    return sorted(found, key=lambda place: values[place], reverse=not larger_is_better(metric))


def upright(name: str, values: Sequence[Any], *, mark: Any = number) -> Upright:
    """Return the axis of a column: numbers by size, all else in the order of their names."""
    known = [value for value in values if value is not None]
    if known and all(is_number(value) for value in known) and len(known) == len(values):
        axis = Axis.of(known, None)
        distinct = sorted(set(known))
        if len(distinct) <= MOST_MARKED:
            marks = tuple((axis.share(value), mark(value)) for value in distinct)
        else:
            ends = (distinct[0], distinct[-1])
            inner = [
                ((place - axis.low) / (axis.high - axis.low), text) for place, text in axis.ticks(5)
            ]
            marks = tuple(
                [(axis.share(value), mark(value)) for value in ends]
                + [each for each in inner if 0.1 < each[0] < 0.9]
            )
        return Upright(name, tuple(axis.share(value) for value in values), marks, axis.log)
    found = levels(name, values, len(values) + 1)
    last = max(1, len(found.labels) - 1)
    places = tuple(None if place is None else place / last for place in found.place)
    return Upright(name, places, tuple((n / last, text) for n, text in enumerate(found.labels)))


def _draw(axes: Sequence[Upright], look: Look) -> list[str]:
    room = look.width // len(axes) - 2
    column = len(axes) / look.width  # the width of a character, where axes are 1 apart
    # marks stand at the right of their axis, so there is room for those of the last one
    end = (max((len(text) for _, text in axes[-1].marks), default=0) + 2) * column
    texts = []
    for at, axis in enumerate(axes):
        taken: set[int] = set()
        for share, text in axis.marks:
            row = round(share * (look.height - 3))
            if row not in taken:
                taken.add(row)
                shown = fitted(narrow(harmless(text, look)), max(3, room))
                texts.append((at + 1.6 * column, share, shown))
    names = [fitted(narrow(harmless(axis.name, look)), room + 1) for axis in axes]
    on = Field(
        Axis(0.0, len(axes) - 1 + end),
        Axis(0.0, 1.0),
        x_marks=[(float(at), name) for at, name in enumerate(names)],
        y_marks=[],
        uprights=[float(at) for at in range(len(axes))],
        texts=texts,
        left=False,
    )
    return plot(_paths(axes, look), on, look)


def _paths(axes: Sequence[Upright], look: Look) -> list[Series]:
    """Return the line of each run; the last are the best."""
    count = len(axes[0].places)
    paths = []
    for run in range(count):
        crossed = [(at, axis.places[run]) for at, axis in enumerate(axes)]
        points = [(float(at), share) for at, share in crossed if share is not None]
        x, y = [at for at, _ in points], [share for _, share in points]
        if look.colored:
            marker = look.marker(0)
            paths.append(Series(x, y, marker, pick(GOODNESS, run / count)))
        else:
            marker = look.marker(1) if count - run <= BEST else look.faint_marker
            paths.append(Series(x, y, marker))
    return paths


def _key(values: Sequence[float], look: Look) -> list[str]:
    """Return the line that says which lines are good runs."""
    if look.colored:
        sign = "──" if look.unicode else "--"
        signs = "".join(look.paint(sign, color) for color in GOODNESS)
        return [f"worst {signs} best"]
    best = min(BEST, len(values))
    if len(values) <= BEST:
        return []
    what = "best run" if best == 1 else f"{best} best runs"
    return legend([(look.marker(1), what, GREY), (look.faint_marker, "the others", GREY)], look)
