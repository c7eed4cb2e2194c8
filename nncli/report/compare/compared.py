"""What a comparison gives, and words that all of them use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import unknown_choice
from nncli.report.text import number
from nncli.tables import Table

#: Longer lists of groups are cut.
MOST_NAMED = 3

#: Below so many values a bootstrap interval holds the mean clearly less often than it promises. The
#: tests measure how often.
FEW_VALUES = 10
NARROW = (
    f"intervals of fewer than {FEW_VALUES} values are too narrow: in place of 95%, those of 3 "
    "normal values hold the mean in 72% of cases, of 5 in 84%, of 10 in 90%"
)


@dataclass(frozen=True)
class Compared:
    """A table, and sentences that must be read with it."""

    table: Table
    notes: tuple[str, ...] = ()


def check_fields(table: Table, fields: Sequence[str]) -> None:
    """Raise UsageError for a field that is no column of ``table``."""
    for name in fields:
        if name not in table.columns:
            raise unknown_choice("field", name, table.names)


def described(fields: Sequence[str], values: Sequence[Any]) -> str:
    """Return a group as people write it: ``act=relu, opt=sgd``."""
    return ", ".join(f"{name}={shown(value)}" for name, value in zip(fields, values, strict=True))


def shown(value: Any) -> str:
    """Return a field's value as a condition takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value, 6)
    if isinstance(value, tuple):
        return ",".join(value)
    return "none" if value is None else str(value)


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return "; ".join(names[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def finite(value: float) -> float | None:
    """Return a number, or None for what could not be computed."""
    return float(value) if math.isfinite(value) else None
