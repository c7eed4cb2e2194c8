"""What a sweep seeks: a result of its runs, to be small or large, one or several of them.

An objective is written ``METRIC[:min|max][:best|last]``, such as ``val_loss``, ``val_error:last``
or ``parameters``. Of a metric that is measured every epoch, ``best`` is its value at the run's best
epoch and ``last`` that of the last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nncli.errors import UsageError, unknown_choice
from nncli.metrics import CURVE_METRICS, TEST_METRICS

if TYPE_CHECKING:
    from nncli.events import CurveRow

#: What a run costs, and could be made to cost less.
COSTS = ("parameters", "seconds_train", "epochs", "updates")

METRICS = (*CURVE_METRICS, *TEST_METRICS, *COSTS)


@dataclass(frozen=True)
class Objective:
    """One metric, whether it is to be small (``min``) or large (``max``), and at which epoch."""

    metric: str
    direction: str
    statistic: str

    @property
    def name(self) -> str:
        """Return the shortest text that :func:`read_objective` reads as this objective."""
        usual = read_objective(self.metric)
        parts = [self.metric]
        parts += [self.direction] if self.direction != usual.direction else []
        parts += [self.statistic] if self.statistic != usual.statistic else []
        return ":".join(parts)

    @property
    def minimizes(self) -> bool:
        """Say whether less is better."""
        return self.direction == "min"

    @property
    def by_epoch(self) -> bool:
        """Say whether the metric is measured every epoch, so that a pruner can follow it."""
        return self.metric.startswith(("val_", "train_"))

    @property
    def column(self) -> str:
        """Return the column of a run's results, or of its curve, that the value is taken from."""
        return self.metric.replace("_error", "_accuracy")

    def value_of(self, results: Mapping[str, float | None]) -> float | None:
        """Return the objective for the result columns of a run, such as ``best_val_loss``.

        ``None`` stands for what was not measured and for NaN and infinities.
        """
        best = "best_" if self.statistic == "best" else ""
        measured = results.get(best + self.column)
        if measured is None or not math.isfinite(measured):
            return None
        return self.value_of_measure(measured)

    def value_on_curve(self, row: CurveRow) -> float | None:
        """Return the objective after an epoch; NaN and infinities stay, ``None``: not measured."""
        measured = getattr(row, self.column, None)
        return None if measured is None else self.value_of_measure(measured)

    def value_of_measure(self, measured: float) -> float:
        """Return the objective for a value of its column."""
        return 1.0 - measured if self.metric.endswith("_error") else measured

    def better(self, a: float, b: float) -> bool:
        """Say whether ``a`` is better than ``b``."""
        return a < b if self.minimizes else a > b


def read_objective(text: str) -> Objective:
    """Read ``METRIC[:min|max][:best|last]``.

    Left out, the direction is ``max`` for an accuracy and ``min`` for all else, and the statistic
    ``best``. Raises UsageError for anything else.
    """
    metric, *rest = (part.strip().replace("-", "_") for part in text.split(":"))
    if metric not in METRICS:
        raise unknown_choice("objective", metric, METRICS)
    by_epoch = metric.startswith(("val_", "train_"))
    direction = "max" if metric.endswith("_accuracy") else "min"
    found = {"direction": direction, "statistic": "best" if by_epoch else "last"}
    kinds = {"min": "direction", "max": "direction", "best": "statistic", "last": "statistic"}
    given = [kinds.get(part) for part in rest]
    if None in given or len(set(given)) < len(given):
        raise UsageError(
            f"objective '{text}': expected METRIC[:min|max][:best|last], such as {metric} or "
            f"{metric}:{direction}"
        )
    if "statistic" in given and not by_epoch:
        raise UsageError(
            f"objective '{text}': {metric} has one value a run; best and last are for what is "
            f"measured every epoch: write {metric}"
        )
    found |= {str(kind): part for kind, part in zip(given, rest, strict=True)}
    return Objective(metric, **found)


def default_objective(has_validation: bool) -> Objective:
    """Return what is sought where nothing is said: the loss on rows that were not trained on."""
    return read_objective("val_loss" if has_validation else "train_loss")


def check_objectives(
    objectives: Sequence[Objective],
    task: str,
    has_validation: bool,
    has_test: bool,
    pruner: str | None = None,
) -> None:
    """Raise UsageError for a metric that runs of this task and these splits do not have.

    Also for a pruner without a validation split, on which it would judge, and for an objective
    that is named twice.
    """
    measures = ("loss", "rmse") if task == "regression" else ("loss", "accuracy", "error")
    splits = {"val": has_validation, "train": True, "test": has_test}
    there = [f"{split}_{each}" for split, has in splits.items() if has for each in measures]
    for objective in objectives:
        if objective.metric in there or objective.metric in COSTS:
            continue
        split, _, measure = objective.metric.partition("_")
        reason, step = f"a {task} task has no {measure}", "choose one of"
        if measure in measures:
            reason, step = f"there is no {split} split", f"add --{split} 0.2, or choose one of"
        raise UsageError(
            f"objective '{objective.name}': {reason}: {step} {', '.join([*there, *COSTS])}"
        )
    metrics = [each.metric for each in objectives]
    if len(set(metrics)) < len(metrics):
        twice = next(metric for metric in metrics if metrics.count(metric) > 1)
        raise UsageError(f"objective '{twice}' is named twice: name each once")
    if pruner is not None and not has_validation:
        raise UsageError(
            f"--pruner {pruner} judges runs by the validation split, and there is none: "
            "add --val 0.2, or leave --pruner out"
        )


def dominates(a: Sequence[float], b: Sequence[float], objectives: Sequence[Objective]) -> bool:
    """Say whether ``a`` is nowhere worse than ``b`` and somewhere better."""
    pairs = list(zip(objectives, a, b, strict=True))
    worse = any(each.better(of_b, of_a) for each, of_a, of_b in pairs)
    return not worse and any(each.better(of_a, of_b) for each, of_a, of_b in pairs)


def front(points: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> list[int]:
    """Return the positions in ``points`` of those that no other dominates, in their order.

    Sorted by the objectives in turn, a point can be dominated only by one before it, and then also
    by one of the front so far: each is compared with the front alone.
    """

    def rank(place: int) -> tuple[float, ...]:
        signed = zip(objectives, points[place], strict=True)
        return tuple(value if each.minimizes else -value for each, value in signed)

    found: list[int] = []
    for place in sorted(range(len(points)), key=rank):
        if not any(dominates(points[other], points[place], objectives) for other in found):
            found.append(place)
    return sorted(found)
