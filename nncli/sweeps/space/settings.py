"""The settings of a sweep file, ``[sweep]``: which there are, and of which type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nncli.errors import UsageError, did_you_mean


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: Any, member: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(member, value))


_TEXT = (_is_text, "a text in quotes")
_TEXTS = (lambda value: _is_text(value) or _is_list(value, _is_text), "a text, or a list of texts")
_WHOLE = (_is_whole, "a whole number")

#: The settings of ``[sweep]``: whether a value is of the right type, and what was expected.
SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": _TEXT,
    "seeds": (
        lambda value: _is_whole(value) or _is_text(value) or _is_list(value, _is_whole),
        "how many, such as 5, or a list, such as [3, 5, 9]",
    ),
    "trials": _WHOLE,
    "sampler": _TEXT,
    "pruner": _TEXT,
    "objective": _TEXTS,
    "constraints": (lambda value: _is_list(value, _is_text), "a list of texts"),
    "jobs": _WHOLE,
    "sampler_seed": _WHOLE,
    "tag": _TEXTS,
    "note": _TEXT,
    "fail_fast": (lambda value: isinstance(value, bool), "true or false"),
}


def named(table: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a table with underscores in its keys."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in found:
            raise UsageError(f"'{key}' stands twice in {path}: with a dash or with an underscore")
        found[name] = value
    return found


def read_settings(table: Any, path: str) -> dict[str, Any]:
    """Return the checked contents of ``[sweep]``."""
    if not isinstance(table, dict):
        raise UsageError(f"sweep is {table!r} in {path}: expected a table, [sweep]")
    found = named(table, path)
    for name, value in found.items():
        if name not in SETTINGS:
            raise UsageError(
                f"unknown setting '{name}' in [sweep] of {path}{did_you_mean(name, SETTINGS)}: "
                f"expected one of {', '.join(SETTINGS)}"
            )
        fits, expected = SETTINGS[name]
        if not fits(value):
            raise UsageError(f"{name} is {value!r} in [sweep] of {path}: expected {expected}")
    return found
