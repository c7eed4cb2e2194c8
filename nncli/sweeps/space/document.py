"""A sweep in a TOML file: options with lists and ranges, conditional ones, and settings.

act = ["relu", "tanh"]
opt = "sgd,momentum"
lr = "log:1e-4:1e-1:7"

[momentum]
values = [0.8, 0.9]
when = { opt = "momentum" }

[sweep]
seeds = 5
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.spec import Spec
from nncli.sweeps.space.dimensions import Dimension, Plain
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.ranges import MOST_VALUES


@dataclass(frozen=True)
class Document:
    """What a file says: axes by option, conditions as a ``Space`` has them.

    ``settings`` are those of ``[sweep]``, of the right types, with underscores in their names.
    """

    axes: dict[str, Dimension]
    when: dict[str, dict[str, tuple[Plain, ...]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


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


def read_document(path: str) -> Document:
    """Read a sweep file.

    Raises UsageError for a file that is missing or no TOML, for a name that is neither option nor
    setting, and for a value that its option refuses.
    """
    axes: dict[str, Dimension] = {}
    when: dict[str, dict[str, tuple[Plain, ...]]] = {}
    settings: dict[str, Any] = {}
    options = [each.name for each in fields(Spec) if each.name != "seed"]
    for name, value in _named(_load(path), path).items():
        if name == "sweep":
            settings = _settings(value, path)
        elif name in options:
            try:
                axes[name], conditions = _axis(name, value, options)
            except UsageError as error:
                raise UsageError(f"in {path}: {error}") from None
            if conditions:
                when[name] = conditions
        else:
            raise _unknown(name, value, options, path)
    return Document(axes, when, settings)


def _load(path: str) -> dict[str, Any]:
    """Return the contents of a TOML file."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}): expected a TOML file with options such as "
            'lr = "log:1e-4:1e-1:7"'
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path} is not TOML: {error}; expected lines such as act = ['relu', 'tanh']"
        ) from None


def _named(table: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a table with underscores in its keys."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in found:
            raise UsageError(f"'{key}' stands twice in {path}: with a dash or with an underscore")
        found[name] = value
    return found


def _unknown(name: str, value: Any, options: Iterable[str], path: str) -> UsageError:
    """Build the error for a name that is no option."""
    if name in SETTINGS or name == "seed":
        entry = "seeds = 5" if name == "seed" else f"{name} = ..."
        return UsageError(f"'{name}' in {path} is no option of a trial: write {entry} in [sweep]")
    kind = "table" if isinstance(value, dict) else "option"
    near = did_you_mean(name, [*options, "sweep"])
    return UsageError(
        f"unknown {kind} '{name}' in {path}{near}: expected options of nncli train, such as "
        "batch_size = [32, 64], and [sweep]"
    )


def _settings(table: Any, path: str) -> dict[str, Any]:
    """Return the checked contents of ``[sweep]``."""
    if not isinstance(table, dict):
        raise UsageError(f"sweep is {table!r} in {path}: expected a table, [sweep]")
    found = _named(table, path)
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


def _axis(
    name: str, value: Any, options: Iterable[str]
) -> tuple[Dimension, dict[str, tuple[Plain, ...]]]:
    """Return an option's dimension, and the conditions of one that is a table."""
    if not isinstance(value, dict):
        return read_dimension(name, value), {}
    for key in value:
        if key not in ("values", "when"):
            near = did_you_mean(key, ["values", "when"])
            raise UsageError(f"unknown key '{key}' in [{name}]{near}: expected values and when")
    if "values" not in value:
        raise UsageError(f"[{name}] has no values: add a line such as values = [0.8, 0.9]")
    conditions = value.get("when", {})
    if not isinstance(conditions, dict):
        raise UsageError(
            f'when is {conditions!r} in [{name}]: expected a table, such as {{ opt = "momentum" }}'
        )
    found = {}
    for parent, allowed in _named(conditions, f"[{name}]").items():
        if parent not in options:
            raise UsageError(
                f"unknown option '{parent}' in when of [{name}]{did_you_mean(parent, options)}: "
                "expected options of the sweep"
            )
        found[parent] = _listed(parent, read_dimension(parent, allowed))
    return read_dimension(name, value["values"]), found


def _listed(name: str, dimension: Dimension) -> tuple[Plain, ...]:
    """Return the values that a condition names."""
    if dimension.size is None or dimension.size > MOST_VALUES:
        raise UsageError(f"a condition on {name} needs its values: write them out, such as [1, 2]")
    return tuple(dimension.values())
