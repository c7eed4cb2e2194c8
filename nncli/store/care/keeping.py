"""Which runs pruning keeps: the best or the newest of each group, and some in any case."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from nncli.errors import UsageError, did_you_mean
from nncli.metrics import Metric, usual_metric
from nncli.options import whole
from nncli.tables import Table

KINDS = ("best", "last")

USUAL = ("val_accuracy", "val_rmse", "val_loss", "train_accuracy", "train_rmse", "train_loss")
"""The metrics of which the best runs of a group are told, where none is named."""

FIELDS = ("run", "status", "tags", "sweep", "data")
"""What pruning asks of every run, beside the fields of its group and its metrics."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Keep so many runs of each group: ``best`` by a metric, or ``last``, the newest."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that may be pruned. ``score`` is larger the better, None without a finite value;
    one that is ``spared`` is kept in any case.
    """

    run: int
    group: Hashable
    score: float | None = None
    spared: bool = False


def read_rule(text: str) -> Rule:
    """Read ``best:3`` or ``last:10``. Raises UsageError for anything else."""
    kind, _, number = text.strip().partition(":")
    expected = "expected best:N or last:N, such as best:3: so many runs of each group"
    if kind not in KINDS:
        raise UsageError(f"--keep is '{text}': {expected}{did_you_mean(kind, KINDS)}")
    try:
        return Rule(kind, int(whole(0)(number)))
    except ValueError:
        raise UsageError(f"--keep is '{text}': {expected}") from None


def fields_of(by: Sequence[str], metric: Metric | None) -> tuple[str, ...]:
    """Return the fields that :func:`candidates_of` needs of every run."""
    metrics = (metric.label,) if metric else USUAL
    return tuple(dict.fromkeys((*FIELDS, *by, *metrics)))


def candidates_of(
    table: Table, by: Sequence[str], metric: Metric | None, *, spare_tagged: bool = True
) -> list[Candidate]:
    """Return the runs of a table of :func:`fields_of` as candidates.

    Without ``by`` the runs of a sweep are a group, and so are those of no sweep on the same data.
    Without ``metric`` each group is told by the usual one of those that its runs have.
    """
    groups: dict[Hashable, list[dict[str, object]]] = defaultdict(list)
    for row in table.records():
        own = tuple(row[name] for name in by) or (row["sweep"] or row["data"],)
        groups[own].append(row)
    found = []
    for group, rows in groups.items():
        asked = metric or _usual(rows)
        for row in rows:
            spared = row["status"] == "running" or (spare_tagged and bool(row["tags"]))
            score = _score(row[asked.label if metric else asked.name], asked)
            found.append(Candidate(int(str(row["run"])), group, score, spared))
    return found


def _usual(rows: Sequence[dict[str, object]]) -> Metric:
    return usual_metric({n for n in USUAL if any(row[n] is not None for row in rows)})


def _score(value: object, metric: Metric) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if metric.larger_is_better else -float(value)


def unranked_groups(candidates: Iterable[Candidate], rules: Sequence[Rule]) -> list[Hashable]:
    """Return the groups of which the best are to be kept, and no run has a score.

    Those are left out of which all runs are spared. Raises UsageError where no other is left: then
    the metric is not one of these runs.
    """
    if not any(rule.kind == "best" and rule.count for rule in rules):
        return []
    groups = {
        group: [each.score for each in members]
        for group, members in _by_group(candidates).items()
        if not all(each.spared for each in members)
    }
    found = [group for group, scores in groups.items() if not any(s is not None for s in scores)]
    if found and len(found) == len(groups):
        raise UsageError(
            "none of these runs has a finite value of the metric, and none can be best: expected "
            "a --metric that they have, or --keep last:N"
        )
    return found


def _by_group(candidates: Iterable[Candidate]) -> dict[Hashable, list[Candidate]]:
    groups: dict[Hashable, list[Candidate]] = defaultdict(list)
    for each in candidates:
        groups[each.group].append(each)
    return groups


def group_name(group: Hashable, by: Sequence[str]) -> str:
    """Return what a group of :func:`candidates_of` is called."""
    values = group if isinstance(group, tuple) else (group,)
    if by:
        return " ".join(f"{name}={value}" for name, value in zip(by, values, strict=True))
    return f"sweep {values[0]}" if isinstance(values[0], int) else str(values[0])


def kept_runs(candidates: Iterable[Candidate], rules: Sequence[Rule]) -> set[int]:
    """Return the ids of the runs that some rule keeps, and of those that are spared.

    A run without a score is never among the best; of equal ones the older is better. Groups in
    which the best cannot be told are kept whole.
    """
    candidates = list(candidates)
    unranked = set(unranked_groups(candidates, rules))
    kept = {each.run for each in candidates if each.spared or each.group in unranked}
    for members in _by_group(candidates).values():
        ranked = sorted((-each.score, each.run) for each in members if each.score is not None)
        newest = sorted((each.run for each in members), reverse=True)
        for rule in rules:
            best = [run for _, run in ranked] if rule.kind == "best" else newest
            kept.update(best[: rule.count])
    return kept
