"""What came of each run of a table: a value, a divergence, no result, or not yet one.

Only a run that did all that its spec asked for, and whose value is finite, counts with that value.
The best epoch of a run that broke off is that of a shorter run, and would flatter it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nncli.metrics import Metric
from nncli.report.compare.compared import check_fields
from nncli.store.records import WHOLE
from nncli.tables import Table

#: ``DIVERGED`` is a result, and the worst; ``MISSING`` says nothing about how good the run is: it
#: failed, was interrupted or pruned. Nor does ``UNMEASURED``, a run that ended well and has no such
#: metric: it is of another task, or has no such split.
FINITE, DIVERGED, MISSING, RUNNING = "finite", "diverged", "missing", "running"
UNMEASURED = "unmeasured"


def outcomes_of(table: Table, metric: Metric) -> list[str]:
    """Return the outcome of every run; without a column ``status`` all are taken for whole."""
    check_fields(table, [metric.label])
    values = table[metric.label]
    return [outcome_of(s, v) for s, v in zip(statuses_of(table), values, strict=True)]


def statuses_of(table: Table) -> Sequence[str]:
    """Return the status of every run."""
    found: Sequence[str] = table.columns.get("status", [WHOLE[0]] * len(table))
    return found


def outcome_of(status: str, value: Any) -> str:
    """Return the outcome of one run with this status and value of the metric."""
    if status in WHOLE:
        if value is None:
            return UNMEASURED
        return FINITE if math.isfinite(value) else DIVERGED
    return status if status in (RUNNING, DIVERGED) else MISSING
