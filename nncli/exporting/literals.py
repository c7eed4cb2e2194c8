"""Numbers and values as text: with the fewest digits, and as Python source that reads well."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Lines of source are not longer, but for a text that cannot be divided.
WIDEST = 88


def short(value: Any) -> float:
    """Return a NumPy number as the Python one with the fewest digits: 0.1 for float32's 0.1."""
    return float(str(value))


def short_list(array: NDArray[Any]) -> list[Any]:
    """Return an array as nested lists of such numbers."""
    if array.ndim > 1:
        return [short_list(each) for each in array]
    return [float(text) for text in np.asarray(array).astype(str).tolist()]


def source_of(value: Any, before: int = 0, indent: int = 0) -> str:
    """Return lists, dicts, texts, numbers and booleans as Python source.

    ``before`` characters stand in front on the first line; a line that would grow too long is
    divided, an element a line, behind ``indent`` blanks.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # its escapes are Python's too
    if not isinstance(value, list | dict):
        return repr(value) if value == value else 'float("nan")'
    if isinstance(value, dict):
        opening, closing = "{", "}"
        items = [(f"{source_of(name)}: ", each) for name, each in value.items()]
    else:
        opening, closing = "[", "]"
        items = [("", each) for each in value]
    line = ", ".join(f"{name}{source_of(each, indent=-WIDEST)}" for name, each in items)
    if indent < 0 or before + len(line) + 2 <= WIDEST:
        return f"{opening}{line}{closing}"
    inner = indent + 4
    lines = [
        f"{' ' * inner}{name}{source_of(each, inner + len(name) + 1, inner)},\n"
        for name, each in items
    ]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


__all__ = ["short", "short_list", "source_of"]
