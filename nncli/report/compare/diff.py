"""What differs between two runs: in what was asked for, in where they ran, in what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nncli.report.compare.compared import Compared
from nncli.report.summaries import RunDetail, RunSummary
from nncli.tables import Table

#: Parts of a run, as the first column names them.
SPEC, ENVIRONMENT, RESULTS = "spec", "environment", "results"

#: Parts of the environment that differ between any two runs, or follow from others.
_NO_DIFFERENCE = ("spec_hash", "parent", "started")


def diff_runs(a: RunDetail, b: RunDetail) -> Compared:
    """Return what differs between two runs, and only that, a row a field.

    Columns ``part`` (spec, environment or results), ``field``, ``a`` and ``b`` (None where a run
    has no such field), and ``change``, b - a of numbers in the results. Metrics are labelled as
    ``val_loss:last`` and ``val_loss:best``. NaN equals NaN.
    """
    rows = []
    for part, of_a, of_b in (
        (SPEC, a.summary.spec, b.summary.spec),
        (ENVIRONMENT, _environment(a), _environment(b)),
        (RESULTS, _results(a), _results(b)),
    ):
        for name in dict.fromkeys((*of_a, *of_b)):
            x, y = of_a.get(name), of_b.get(name)
            if not _same(x, y):
                rows.append((part, name, x, y, _change(x, y) if part == RESULTS else None))
    table = Table.of_rows(("part", "field", "a", "b", "change"), rows)
    return Compared(table, _notes(a, b, table))


def _environment(detail: RunDetail) -> Mapping[str, Any]:
    return {n: v for n, v in detail.environment.items() if n not in _NO_DIFFERENCE}


def _results(detail: RunDetail) -> Mapping[str, Any]:
    """Return what came of a run, by field."""
    run: RunSummary = detail.summary
    return {
        "status": run.status,
        "epochs": run.epochs,
        "parameters": run.parameters,
        "best_epoch": run.best_epoch,
        **{f"{name}:best": value for name, value in run.best.items()},
        **{f"{name}:last": value for name, value in run.last.items()},
        **run.test,
        **{f"seconds_{phase}": value for phase, value in run.seconds.items()},
        "samples_per_second": run.samples_per_second,
        "error": detail.error,
    }


def _same(x: Any, y: Any) -> bool:
    return bool(x == y) or (x != x and y != y)


def _change(x: Any, y: Any) -> float | None:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (x, y))
    return y - x if numbers else None


def _notes(a: RunDetail, b: RunDetail, table: Table) -> tuple[str, ...]:
    """Say what of the two runs is the same, which no row does, and whose choices differ."""
    parts = set(table["part"])
    notes = []
    if a.summary.run == b.summary.run:
        notes.append(f"run {a.summary.run} is compared with itself")
    if SPEC not in parts:
        notes.append("the specs are the same")
    hashes = [each.environment.get("data_hash") for each in (a, b)]
    if None not in hashes:
        same = "the same" if hashes[0] == hashes[1] else "not the same"
        notes.append(f"the rows of data are {same}")
    values = [
        name
        for part, name in zip(table["part"], table["field"], strict=True)
        if part == RESULTS and not name.startswith(("seconds_", "samples_"))
    ]
    if not values:
        notes.append("the results are equal to the last digit, apart from times")
    chosen = [
        name
        for part, name in zip(table["part"], table["field"], strict=True)
        if part == SPEC and name in a.summary.left_open and name in b.summary.left_open
    ]
    if chosen:
        notes.append(f"not asked for, but chosen by nncli in both runs: {', '.join(chosen)}")
    return tuple(notes)
