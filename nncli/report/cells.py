"""Values as people read them in a table: by the field or the metric that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nncli.report.text import count, duration, measure, visible

#: What stands for a value that was not measured, or an option that is off.
MISSING = "-"

#: Fields that are UTC times.
TIMES = ("created", "started", "finished")

#: Fields that are counts too large to be read digit by digit.
COUNTS = ("parameters", "samples_per_second")


def cell(name: str, value: Any, measures: Mapping[str, str] | None = None) -> str:
    """Return a value of the column ``name`` in few characters, with nothing that could steer a
    terminal.

    ``measures`` says of columns such as ``mean`` which metric they are values of.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number((measures or {}).get(name, name), value)
    if isinstance(value, tuple | list):
        return visible(",".join(map(str, value))).replace("\n", "\\n") or MISSING
    text = str(value)
    if name in TIMES:
        text = text[:16].replace("T", " ")
    elif name == "data" and "/" in text:
        text = PurePath(text).name or text
    return visible(text).replace("\n", "\\n")


def _number(name: str, value: float) -> str:
    base = name.partition(":")[0]
    if base in COUNTS:
        return count(value)
    if isinstance(value, int):
        return str(value)
    if base.startswith("seconds"):
        return duration(round(value, 2) + 0.0)  # a small difference is 0.00, not -0.00
    return measure(base, value)


def is_numeric(values: Sequence[Any]) -> bool:
    """Say whether a column holds numbers and nothing else, so that they end together."""
    found = [value for value in values if value is not None]
    return bool(found) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in found
    )
