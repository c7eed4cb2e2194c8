"""How one option of an experiment is declared, and the readers that check its values.

An option is declared once, as a field of :class:`nncli.spec.Spec`. From that follow the command
line's option with its help, the key in a TOML file, the keyword in Python, and the value in the
database. A reader takes what any of these may hold, a string or a typed value, and returns the
checked value, or raises ``ValueError`` with what it expected.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from nncli.errors import UsageError, did_you_mean

Reader = Callable[[Any], Any]


@dataclass(frozen=True)
class Option:
    """What is declared of an option besides its default.

    ``identity`` is false where the value cannot change what is learned: such options do not count
    in the hash of a spec. ``number`` is ``float`` or ``int`` where the value may be such a number,
    so that a sweep can take a range of it. ``listed`` says that a comma is part of a value.
    """

    help: str
    group: str
    read: Reader
    metavar: str
    identity: bool = True
    choices: Callable[[], Iterable[str]] | None = None
    number: type[float] | type[int] | None = None
    listed: bool = False


def option(
    default: Any,
    help: str,
    *,
    group: str,
    read: Reader,
    metavar: str = "TEXT",
    identity: bool = True,
    choices: Callable[[], Iterable[str]] | None = None,
    number: type[float] | type[int] | None = None,
    listed: bool = False,
) -> Any:
    """Declare a field of a spec; ``None`` as default means that nncli decides and says so."""
    declared = Option(help, group, read, metavar, identity, choices, number, listed)
    return field(default=default, metadata={"option": declared})


def option_of(declared: Field[Any]) -> Option:
    """Return what was declared of a field."""
    found = declared.metadata["option"]
    assert isinstance(found, Option)
    return found


def flag_of(name: str) -> str:
    """Return the command line's name of an option: ``batch_size`` is ``--batch-size``."""
    return "--" + name.replace("_", "-")


def read_options(kind: type[Any], values: dict[str, Any], named: str = "option") -> dict[str, Any]:
    """Check ``values`` by the readers of the fields of ``kind``; ``None`` leaves the default.

    Raises UsageError for a name that is no option and for a value that its reader refuses.
    """
    known = _declared(kind)  # type: ignore[arg-type]  # classes are hashable
    checked = {}
    for name, value in values.items():
        if name not in known:
            near = did_you_mean(name, known)
            raise UsageError(f"unknown {named} '{name}'{near}: see nncli train --help")
        if value is None:
            continue
        try:
            checked[name] = option_of(known[name]).read(value)
        except ValueError as error:
            raise UsageError(f"{flag_of(name)} is {value!r}: {error}") from None
    return checked


@functools.cache
def _declared(kind: Any) -> dict[str, Field[Any]]:
    return {each.name: each for each in fields(kind)}


def default_of(declared: Field[Any]) -> Any:
    """Return the default of an option's field."""
    assert declared.default is not MISSING
    return declared.default


def text(value: Any) -> str:
    """Read any text that is not empty."""
    if not str(value).strip():
        raise ValueError("expected a text")
    return str(value)


def words(value: Any) -> tuple[str, ...]:
    """Read a list of words: ``a,b`` or a sequence."""
    expected = "expected names with commas between them, such as a,b"
    if not isinstance(value, str | list | tuple):
        raise ValueError(expected)
    parts = value.split(",") if isinstance(value, str) else [str(each) for each in value]
    found = tuple(part.strip() for part in parts if part.strip())
    if not found:
        raise ValueError(expected)
    return found


def boolean(value: Any) -> bool:
    """Read a yes or no."""
    if isinstance(value, bool):
        return value
    answers = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in answers:
        raise ValueError("expected true or false")
    return answers[str(value).lower()]


def number(value: Any) -> float:
    """Read a finite number."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ValueError("expected a number") from None
    if not math.isfinite(found):
        raise ValueError("expected a finite number")
    return found


def positive(value: Any) -> float:
    """Read a number above zero."""
    found = number(value)
    if found <= 0:
        raise ValueError("expected a number above 0")
    return found


def non_negative(value: Any) -> float:
    """Read a number that is zero or more."""
    found = number(value)
    if found < 0:
        raise ValueError("expected 0 or more")
    return found


def below_one(value: Any) -> float:
    """Read a number in [0, 1)."""
    found = number(value)
    if not 0 <= found < 1:
        raise ValueError("expected a number from 0 up to, but not including, 1")
    return found


#: The largest whole number that the database and the native loop can hold.
LARGEST = 2**63 - 1


def whole(lowest: int, highest: int = LARGEST) -> Reader:
    """Return a reader of whole numbers from ``lowest`` up to ``highest``."""
    expected = f"expected a whole number of at least {lowest}"
    if highest < LARGEST:
        expected += f" and at most {highest}"

    def read(value: Any) -> int:
        try:
            # a text is not read by way of a float, which cannot hold every large whole number
            found = int(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(expected) from None
        if found > highest:
            raise ValueError(f"expected a whole number of at most {highest}")
        exact = isinstance(value, str) or (not isinstance(value, bool) and value == found)
        if not exact or not lowest <= found <= highest:
            raise ValueError(expected)
        return found

    return read


def choice(names: Callable[[], Iterable[str]]) -> Reader:
    """Return a reader of one name out of a list, which is looked up when it is needed."""

    def read(value: Any) -> str:
        options = list(names())
        if value not in options:
            near = did_you_mean(str(value), options)
            raise ValueError(f"choose one of {', '.join(options)}{near}")
        return str(value)

    return read
