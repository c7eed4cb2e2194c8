"""Runs by the values of some fields: which groups there are, in an order that people expect."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from nncli.report.compare.compared import check_fields
from nncli.tables import Table

#: The values of a group, one a field.
Key: TypeAlias = tuple[Any, ...]

#: One object for all NaN, which are else unequal keys.
_NAN = math.nan

_DIGITS = re.compile(r"(\d{1,18})")


def keys_of(table: Table, fields: Sequence[str]) -> list[Key]:
    """Return the key of every row. Raises UsageError for an unknown field."""
    check_fields(table, fields)
    if not fields:
        return [()] * len(table)
    columns = [_hashable(table[name]) for name in fields]
    return list(zip(*columns, strict=True))


def places_by_key(keys: Sequence[Key]) -> dict[Key, list[int]]:
    """Return the places of the rows with each key, the keys in order."""
    found: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return {key: found[key] for key in sorted(found, key=order_of)}


def order_of(key: Key) -> tuple[Any, ...]:
    """Return what keys sort by: numbers, then texts with their numbers as such, then what lacks."""
    return tuple(_order(value) for value in key)


def _order(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (4,)
    if isinstance(value, str):
        parts = _DIGITS.split(value)
        return (2, [int(part) if odd % 2 else part for odd, part in enumerate(parts)])
    if isinstance(value, tuple):
        return (3, value)
    return (1,) if value != value else (0, value)


def _hashable(values: Sequence[Any]) -> Sequence[Any]:
    return [_NAN if value != value else value for value in values]
