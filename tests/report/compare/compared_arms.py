"""Runs of two or more arms to compare, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nncli.metrics import read_metric
from nncli.report.compare.compared import Compared
from nncli.report.compare.versus import COLUMNS, compare_groups
from nncli.tables import Table

ACCURACY = read_metric("val_accuracy")
LOSS = read_metric("val_loss")
RELU = {"act": "relu"}


def runs(rows: Iterable[tuple[Any, ...]], *fields: str, label: str = ACCURACY.label) -> Table:
    """A table of rows (fields..., seed, value) or (fields..., seed, value, status)."""
    width = len(fields) + 3
    full = [row if len(row) == width else (*row, "completed") for row in rows]
    return Table.of_rows((*fields, "seed", label, "status"), full)


def arm(act: str, values: Iterable[float | None], start: int = 0) -> list[tuple[Any, ...]]:
    return [(act, seed, value) for seed, value in enumerate(values, start)]


def versus(
    table: Table, reference: Any = RELU, by: Iterable[str] = ("act",), metric: Any = ACCURACY
) -> tuple[list[dict[str, Any]], Compared]:
    compared = compare_groups(table, tuple(by), reference, metric)
    assert compared.table.names == (*by, *COLUMNS)
    return list(compared.table.records()), compared


def noted(compared: Compared, text: str) -> bool:
    return any(text in note for note in compared.notes)


BASE = [0.90, 0.91, 0.92, 0.90, 0.93, 0.91]
BETTER_BY = [0.011, 0.012, 0.013, 0.014, 0.015, 0.016]
HIGHER = [a + b for a, b in zip(BASE, BETTER_BY, strict=True)]


def diverged(act: str, seed: int, value: Any = math.nan) -> tuple[Any, ...]:
    return (act, seed, value, "diverged")
