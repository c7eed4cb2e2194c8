"""Which group the others are compared with: one that is named, or the best."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.metrics import Metric
from nncli.report.compare.compared import shown
from nncli.report.compare.grouping import Key, order_of
from nncli.report.compare.outcomes import DIVERGED, FINITE, RUNNING, UNMEASURED

BEST = "best"


def named_reference(
    keys: Sequence[Key], by: Sequence[str], reference: Mapping[str, str]
) -> dict[str, Any]:
    """Return the values that ``reference`` names, as the groups ``keys`` have them.

    Raises UsageError for a field that is not grouped by, and for a value that no group has.
    """
    found = {}
    for name, text in reference.items():
        if name not in by:
            raise UsageError(
                f"--vs {name}={text}: the runs are not grouped by {name}{did_you_mean(name, by)}; "
                f"expected one of {', '.join(by)}, or add {name} to --by"
            )
        values = sorted({key[by.index(name)] for key in keys}, key=lambda v: order_of((v,)))
        same = [value for value in values if _means(text, value)]
        if not same:
            names = [shown(value) for value in values]
            raise UsageError(
                f"--vs {name}={text}: no group has it{did_you_mean(text, names)}; expected one of "
                f"{', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
            )
        found[name] = same[0]
    if not found:
        raise UsageError("--vs names no group: expected FIELD=VALUE or best")
    return found


def best_group(
    groups: Mapping[Key, Sequence[int]],
    outcomes: Sequence[str],
    values: Sequence[Any],
    metric: Metric,
) -> Key:
    """Return the group with the best median, in which a run without a good end counts as worst.

    So a setting that diverges more often than not is never best, however good one of its runs; one
    that ended well and has no such metric does not count. Ties go to the better mean, then to the
    first in order. Raises UsageError where no run ended well.
    """
    sign = -1 if metric.larger_is_better else 1
    ranked = []
    for place, (key, rows) in enumerate(groups.items()):
        ended = [p for p in rows if outcomes[p] not in (RUNNING, UNMEASURED)]
        good = [sign * float(values[p]) for p in ended if outcomes[p] == FINITE]
        if good:
            worst = [math.inf] * (len(ended) - len(good))
            median = statistics.median([*good, *worst])
            ranked.append((median, statistics.fmean(good), place, key))
    if not ranked:
        diverged = sum(outcome == DIVERGED for outcome in outcomes)
        raise UsageError(
            f"--vs best: none of the {len(outcomes)} runs ended with a finite {metric.label} "
            f"({diverged} diverged), so no group is best; choose another --metric or other runs"
        )
    return min(ranked)[3]


def _means(text: str, value: Any) -> bool:
    """Say whether a text as people write it stands for a value."""
    if text.strip().lower() == shown(value).lower():
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return float(text) == value
    except ValueError:
        return False
