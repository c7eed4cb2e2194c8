"""The fields of a run that a page takes, and the group under which it shows each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from nncli.metrics import COSTS, CURVE_METRICS, TEST_METRICS
from nncli.spec import Spec

LABELS = (
    "run",
    "name",
    "status",
    "tags",
    "note",
    "error",
    "sweep",
    "created",
    "started",
    "finished",
)
ENVIRONMENT = (
    *("uuid", "host", "cpu", "threads", "dtype", "nncli_version", "git_commit", "git_dirty"),
    *("data_hash", "spec_hash", "parent"),
)
PROGRESS = ("best_epoch", "epochs_planned", "samples_per_second")
SPECIFICATION = tuple(each.name for each in fields(Spec))
SECONDS = ("seconds_data", "seconds_compile", "seconds_train", "seconds_total")


def page_fields(measured: Collection[str]) -> tuple[str, ...]:
    """Return the fields to ask the store for, if some run has these metrics."""
    curve = [name for name in CURVE_METRICS if name in measured and not name.endswith("_error")]
    test = [name for name in TEST_METRICS if name in measured and not name.endswith("_error")]
    results = [f"{name}:{statistic}" for statistic in ("best", "last") for name in curve]
    asked = (
        *LABELS,
        *("task", *SPECIFICATION),
        *(*results, *test),
        *(*COSTS, *PROGRESS, *SECONDS),
        *("uuid", "host", "cpu", "nncli_version", "git_commit", "git_dirty"),
    )
    return tuple(dict.fromkeys(asked))


def group_of(name: str) -> str:
    """Return the heading under which a field stands."""
    bare = name.partition(":")[0].removeprefix("best_")
    if name in LABELS:
        return "run"
    if bare in CURVE_METRICS or bare in TEST_METRICS:
        return "results"
    if name in (*COSTS, *PROGRESS, *SECONDS):
        return "cost"
    return "environment" if name in ENVIRONMENT else "specification"
