"""Tables as compact JSON: each column in the shortest of a few forms, and nothing mangled.

A column is one of

- ``{"same": value}``: every row has it;
- ``{"from": a, "step": b}``: whole numbers that grow evenly, as epochs do;
- ``{"f32": text}``: finite numbers as base64 of little-endian float32, which networks compute in;
- ``{"words": texts, "at": places}``: few texts that come again and again;
- a list, with ``null`` for what was not measured, and the texts ``nan``, ``inf`` and ``-inf``.

Whole numbers beyond 2^53, which the page's program cannot hold exactly, are texts too.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from nncli.tables import Table

#: The largest whole number up to which a float64 of JavaScript has all.
EXACT = 2**53

#: Beyond these float32 has no value, or one of fewer digits.
LARGEST, SMALLEST = 3e38, 2e-38

#: Rows from which on a table's numbers are rounded to float32, as a boundary's grid is.
LONG = 2000

#: Columns with times of the store.
TIMES = ("created", "started", "finished", "heartbeat")


def pack_table(table: Table) -> dict[str, Any]:
    """Return a table as ``{"rows", "columns": [{"name", "kind", "values"}]}``."""
    short = len(table) >= LONG and "run" not in table.names
    columns = [
        {"name": name, "kind": kind_of(name, values), "values": pack(values, short=short)}
        for name, values in table.columns.items()
    ]
    return {"rows": len(table), "columns": columns}


def kind_of(name: str, values: Sequence[Any]) -> str:
    """Say what a column holds: number, flag, tags, time or text."""
    kinds = {type(value) for value in values} - {type(None)}
    if name in TIMES:
        return "time"
    if kinds and kinds <= {int, float}:
        return "number"
    if kinds == {bool}:
        return "flag"
    return "tags" if kinds and kinds <= {tuple, list} else "text"


def pack(values: Sequence[Any], *, short: bool = False) -> Any:
    """Return a column in its form; with ``short`` numbers may be rounded to float32."""
    if not values:
        return []
    first = values[0]
    if first == first and all(v == first and type(v) is type(first) for v in values):
        return {"same": plain(first)}
    if _is_even(values):
        return {"from": first, "step": values[1] - first}
    if short and _fits_float32(values):
        return {"f32": _base64(values)}
    if type(first) is str and (words := _words(values)):
        places = {word: place for place, word in enumerate(words)}
        return {"words": words, "at": [places[value] for value in values]}
    return [plain(value) for value in values]


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return int(value) if value.is_integer() and abs(value) < EXACT else value
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, int):
        return value if abs(value) <= EXACT else str(value)
    return [str(each) for each in value] if isinstance(value, tuple | list) else str(value)


def _words(values: Sequence[Any]) -> list[str]:
    """Return the different texts of a column; none where that would save nothing."""
    if not all(type(value) is str for value in values):
        return []
    words = list(dict.fromkeys(values))
    return words if 4 * len(words) <= len(values) else []


def _is_even(values: Sequence[Any]) -> bool:
    if len(values) < 3 or not all(type(v) is int for v in values):
        return False
    first, last, step = values[0], values[-1], values[1] - values[0]
    if max(abs(first), abs(last)) > EXACT or step == 0 or last != first + step * (len(values) - 1):
        return False
    return list(values) == list(range(first, last + (1 if step > 0 else -1), step))


def _fits_float32(values: Sequence[Any]) -> bool:
    """Say whether all are floats that float32 holds with all of its digits."""
    if not all(type(v) is float for v in values):
        return False
    return all(v == 0 or SMALLEST < abs(v) < LARGEST for v in values)


def _base64(values: Sequence[float]) -> str:
    packed = array("f", values)
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()
