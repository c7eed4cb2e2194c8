"""What a comparison gives, and words that all of them use."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import unknown_choice
from nncli.report.text import number
from nncli.tables import Table

#: Longer lists of groups are cut.
MOST_NAMED = 3

#: In how many cases of a hundred, in place of 95, a bootstrap interval of so few normal values
#: holds the mean. The tests measure it.
HELD = {2: 50, 3: 73, 4: 81, 5: 84, 6: 86, 7: 87, 8: 88, 9: 89}


@dataclass(frozen=True)
class Compared:
    """A table, and sentences that must be read with it."""

    table: Table
    notes: tuple[str, ...] = ()


def narrowness(sizes: Collection[int]) -> list[str]:
    """Say how far intervals of so many values each are too narrow, where they are clearly so."""
    few = [size for size in sizes if size in HELD]
    if not few:
        return []
    least, most = min(few), max(few)
    values, cases = str(least), f"{HELD[least]}%"
    if least < most:
        values, cases = f"{least} to {most}", f"{cases} to {HELD[most]}%"
    return [
        f"intervals of so few values are too narrow: in place of 95%, those of {values} normal "
        f"values hold the mean in {cases} of cases"
    ]


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
