"""The programs of docs/export.md, to be run by tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def program(marker: str = "") -> str:
    """Return the Python block behind ``<!-- marker -->``, or the page's first one."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"<!-- {marker} -->") if marker else 0
    found = re.compile(r"```python\n(.*?)```", re.S).search(text, start)
    assert found is not None
    return found[1]


def json_outputs(path: Path) -> Callable[[Any], list[float]]:
    """Return the page's function from a raw row to outputs, for a network in a JSON file."""
    code = program("json").replace('"iris.json"', repr(str(path)))
    names: dict[str, Any] = {}
    exec(code[: code.index("\nshares")], names)
    found: Callable[[Any], list[float]] = names["outputs"]
    return found
