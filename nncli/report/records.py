"""Runs as JSON values, with the names that ``nncli train --json`` uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from nncli.report.summaries import METRICS, PHASES, SPLITS, RunDetail, RunSummary
from nncli.spec import Spec
from nncli.tables import Table

#: Fields of a run that stand beside its spec, its metrics and its seconds.
PLAIN = (
    *("run", "uuid", "name", "tags", "status", "sweep", "note", "error", "data", "task", "seed"),
    *("epochs", "epochs_planned", "updates", "parameters", "samples_per_second"),
    *("created", "started", "finished", "host", "cpu", "nncli_version", "git_commit", "git_dirty"),
)

#: Measured every epoch.
CURVE = tuple(f"{split}_{metric}" for split in SPLITS[:2] for metric in METRICS)
TEST = tuple(f"test_{metric}" for metric in METRICS)


def run_fields() -> tuple[str, ...]:
    """Return the fields that :func:`run_records` makes objects of: all but looks at the curve."""
    spec = [each.name for each in fields(Spec)]
    measured = [f"{name}:{statistic}" for statistic in ("best", "last") for name in CURVE]
    seconds = [f"seconds_{phase}" for phase in PHASES]
    return tuple(dict.fromkeys((*PLAIN, *spec, "best_epoch", *measured, *TEST, *seconds)))


def run_records(found: Table) -> Iterator[dict[str, Any]]:
    """Yield an object for each run of a table with the fields :func:`run_fields`.

    Metrics that a run does not have are left out.
    """
    spec = [each.name for each in fields(Spec)]
    for row in found.records():
        record: dict[str, Any] = {name: row[name] for name in PLAIN}
        record["tags"] = list(row["tags"] or ())
        record["spec"] = {name: row[name] for name in spec}
        if row["epochs_planned"] is not None:
            record["spec"]["epochs"] = row["epochs_planned"]
        record["metrics"] = _present({name: row[f"{name}:last"] for name in CURVE})
        record["metrics"] |= _present({name: row[name] for name in TEST})
        best = _present({name: row[f"{name}:best"] for name in CURVE})
        epoch = row["best_epoch"]
        record["best"] = {"epoch": epoch, **best} if epoch is not None else best
        record["seconds"] = _present({phase: row[f"seconds_{phase}"] for phase in PHASES})
        yield record


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def run_record(run: RunSummary) -> dict[str, Any]:
    """Return a run in short."""
    record = asdict(run)
    last, test, best = record.pop("last"), record.pop("test"), record.pop("best")
    best_epoch = record.pop("best_epoch")
    record["tags"] = list(run.tags)
    record["metrics"] = {**last, **test}
    record["best"] = {"epoch": best_epoch, **best} if best_epoch is not None else best
    return record


def detail_record(detail: RunDetail) -> dict[str, Any]:
    """Return a run in full; ``curve`` is a list with an object a row.

    Of watched layers there are ``layer_stats``, likewise, and the ``diagnosis``.
    """
    record = {
        **run_record(detail.summary),
        "note": detail.note,
        "error": detail.error,
        "environment": dict(detail.environment),
        "layers": [asdict(layer) for layer in detail.layers],
        "curve": _rows(detail.curve),
    }
    if detail.diagnosis is not None:
        record["layer_stats"] = _rows(detail.statistics)
        record["diagnosis"] = [each.to_json() for each in detail.diagnosis]
    return record


def _rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
