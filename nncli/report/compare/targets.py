"""How soon each run reaches a target such as ``val_accuracy>=0.97``: epochs, updates, seconds."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import UsageError, unknown_choice
from nncli.metrics import CURVE_METRICS, Metric
from nncli.predicates import Compare, Minus, Name, Number, parse
from nncli.report.compare.compared import Compared, check_fields
from nncli.report.text import plural
from nncli.store.records import WHOLE
from nncli.tables import Table

_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}

#: What it may take to reach a target: columns of a curve, and of the table of runs that reach it.
COSTS = {
    "epochs": ("epoch", "epochs_to_target"),
    "updates": ("updates", "updates_to_target"),
    "seconds": ("seconds", "seconds_to_target"),
}


@dataclass(frozen=True)
class Target:
    """A bound that a metric of the curve is to reach."""

    metric: Metric
    operator: str
    value: float

    @property
    def label(self) -> str:
        """Return the target as it is written."""
        return f"{self.metric.name}{self.operator}{self.value:.15g}"

    def holds(self, value: float | None) -> bool:
        """Say whether a value of the metric reaches the target; NaN and None never do."""
        return value is not None and _HOLDS[self.operator](value, self.value)


def read_target(text: str) -> Target:
    """Read ``METRIC>=NUMBER``, or ``<=`` where less is better.

    Raises UsageError for another form, for a metric that is not measured every epoch, and for a
    bound that no training aims at: an accuracy from above, a loss from below.
    """
    name, sign, value = _parts(text)
    if ":" in name:
        raise UsageError(
            f"target '{text}': a target is looked for in every epoch, and takes no statistic; "
            f"write {name.partition(':')[0]}{sign}{value:g}"
        )
    if name not in CURVE_METRICS:
        raise unknown_choice("metric of a target", name, CURVE_METRICS)
    metric = Metric(name, "last")
    wanted = ">=" if metric.larger_is_better else "<="
    if not sign.startswith(wanted[0]):
        more = "more" if metric.larger_is_better else "less"
        raise UsageError(
            f"target '{text}': of {name} {more} is better; write {name}{wanted}{value:g}"
        )
    share = name.endswith(("_accuracy", "_error"))
    if not 0 <= value <= (1 if share else math.inf):
        bounds = "a share from 0 to 1" if share else "a number from 0 up"
        percent = f" (did you mean {value / 100:g}?)" if share and 1 < value <= 100 else ""
        raise UsageError(f"target '{text}': got {value:g}, expected {bounds}{percent}")
    return Target(metric, sign, value)


def times_to_target(runs: Table, curves: Table, target: Target) -> Compared:
    """Return ``runs`` with what each of them needed to reach ``target`` for the first time.

    ``runs`` has the column ``run``, and ``status`` where it is known; ``curves`` the columns
    ``run``, ``epoch``, ``updates``, ``seconds`` and the metric, by run and epoch. Added are
    ``reached`` (true, false, or None for a run that is still under way, or whose task has no such
    metric) and ``epochs_to_target``, ``updates_to_target``, ``seconds_to_target``, None where it
    was not reached. A run that reached it and diverged later has reached it; one that broke off
    before has not. Epochs between two rows of a curve (``--log-every``) are not seen, so a time may
    be late by as much.
    """
    check_fields(runs, ["run"])
    check_fields(curves, ["run", *(column for column, _ in COSTS.values()), target.metric.name])
    decisive = _decisive(curves, target)
    first = {
        run: place
        for run, place in decisive.items()
        if target.holds(curves[target.metric.name][place])
    }
    statuses = runs.columns.get("status", [WHOLE[0]] * len(runs))
    reached = [
        True if run in first else None if _unknown(status, run in decisive) else False
        for run, status in zip(runs["run"], statuses, strict=True)
    ]
    columns = dict(runs.columns) | {"reached": reached}
    for source, name in COSTS.values():
        values = curves[source]
        columns[name] = [values[first[run]] if run in first else None for run in runs["run"]]
    return Compared(Table(columns), _notes(statuses, reached, target))


def decisive_rows(curves: Table, target: Target) -> Table:
    """Return a row a run of ``curves``, all that :func:`times_to_target` needs of it.

    The first that reaches the target, else the first in which the metric was measured.
    """
    check_fields(curves, ["run", target.metric.name])
    return curves.take(list(_decisive(curves, target).values()))


def _decisive(curves: Table, target: Target) -> dict[int, int]:
    """Return the places of those rows by run."""
    found: dict[int, int] = {}
    reached = set()
    for place, (run, value) in enumerate(
        zip(curves["run"], curves[target.metric.name], strict=True)
    ):
        if value is None or run in reached:
            continue
        if target.holds(value):
            reached.add(run)
            found[run] = place
        else:
            found.setdefault(run, place)
    return found


def _parts(text: str) -> tuple[str, str, float]:
    """Return name, operator and number."""
    match parse(text):
        case Compare(operator=sign, left=Name(name=name), right=Number(value=value)):
            pass
        case Compare(operator=sign, left=Name(name=name), right=Minus(operand=Number(value=value))):
            value = -value
        case _:
            sign = ""
    if sign not in _HOLDS:
        raise UsageError(
            f"target '{text}': expected METRIC>=NUMBER or METRIC<=NUMBER, such as "
            "val_accuracy>=0.97"
        )
    return name, sign, float(value)


def _unknown(status: str, measured: bool) -> bool:
    """Say whether it is unknown if a run reaches a target that it has not reached."""
    return status == "running" or (status in WHOLE and not measured)


def _notes(
    statuses: Sequence[str], reached: Sequence[bool | None], target: Target
) -> tuple[str, ...]:
    """Say which of the runs that did not reach the target might have, or could not have."""
    ends = list(zip(statuses, reached, strict=True))
    broken = sum(there is False and status not in (*WHOLE, "diverged") for status, there in ends)
    running = sum(there is None and status == "running" for status, there in ends)
    without = reached.count(None) - running
    notes = []
    if broken:
        notes.append(
            f"{plural(broken, 'run')} ended before all epochs without reaching {target.label}, and "
            "might have later: counted as not reached"
        )
    if running:
        notes.append(f"{plural(running, 'run')} under way, not yet at {target.label}: not counted")
    if without:
        notes.append(f"{plural(without, 'run')} without {target.metric.name}: not counted")
    return tuple(notes)
