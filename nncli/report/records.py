"""Runs as JSON values, with the names that ``nncli train --json`` uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nncli.report.summaries import RunDetail, RunSummary


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
