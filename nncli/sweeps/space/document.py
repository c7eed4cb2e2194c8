"""A sweep in a TOML file: options with lists and ranges, conditional ones, arms, and settings.

act = ["relu", "tanh"]
opt = "sgd,momentum"
lr = "log:1e-4:1e-1:7"

[momentum]
values = [0.8, 0.9]
when = { opt = "momentum" }

[[arm]]
hidden = "none"
features = "quadratic"
[[arm]]
hidden = [[4], [8]]

[sweep]
seeds = 5

[quick]
epochs = 5

It may be an experiment, with ``[experiment]`` and ``[[claim]]``
(:mod:`nncli.sweeps.space.about`). What ``[quick]`` holds replaces options, settings and, as
``[[quick.arm]]``, all arms where the short form of the sweep is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.spec import Spec
from nncli.sweeps.space.about import About, read_about
from nncli.sweeps.space.dimensions import Dimension, Plain
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.ranges import MOST_VALUES
from nncli.sweeps.space.settings import SETTINGS, named, read_settings

__all__ = ["OPTIONS", "SETTINGS", "Document", "read_document", "read_text", "without"]


@dataclass(frozen=True)
class Document:
    """What a file says: axes by option, conditions and arms as a ``Space`` has them.

    ``settings`` are those of ``[sweep]``, of the right types, with underscores in their names.
    ``about`` is what it says of an experiment, ``has_quick`` whether there is a short form of it.
    """

    axes: dict[str, Dimension]
    when: dict[str, dict[str, tuple[Plain, ...]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    arms: tuple[dict[str, Dimension], ...] = ()
    about: About | None = None
    has_quick: bool = False


#: The tables that are no options.
TABLES = ("sweep", "arm", "experiment", "quick", "claim")

#: The options of a trial; seeds are a setting.
OPTIONS = tuple(each.name for each in fields(Spec) if each.name != "seed")


def read_document(path: str, *, quick: bool = False) -> Document:
    """Read a sweep file, or the short form that its ``[quick]`` makes of it.

    Raises UsageError for a file that is missing or no TOML, for a name that is neither option nor
    setting, for a value that its option refuses, and where a short form is asked for and missing.
    """
    return read_text(_text_of(path), path, quick=quick)


def read_text(text: str, path: str, *, quick: bool = False) -> Document:
    """Read the contents of a sweep file; errors name it by ``path``."""
    table = named(_parsed(text, path), path)
    has_quick = "quick" in table
    changes = _quick_changes(table.pop("quick", {}), path)
    if quick:
        if not has_quick:
            raise UsageError(f"{path} has no short form: add a table [quick], such as epochs = 10")
        table = _changed(table, changes)
    about = read_about(table.pop("experiment", None), table.pop("claim", None), quick, path)
    settings = read_settings(table.pop("sweep", {}), path)
    arms = _arms(table.pop("arm", []), path)
    axes: dict[str, Dimension] = {}
    when: dict[str, dict[str, tuple[Plain, ...]]] = {}
    for name, value in table.items():
        if name not in OPTIONS:
            raise _unknown(name, value, path)
        if any(name in arm for arm in arms):
            raise UsageError(
                f"{name} stands above and in [[arm]] of {path}: expected it in one place; what all "
                "arms share stands above"
            )
        try:
            axes[name], conditions = _axis(name, value)
        except UsageError as error:
            raise UsageError(f"in {path}: {error}") from None
        if conditions:
            when[name] = conditions
    return Document(axes, when, settings, arms, about, has_quick)


def _quick_changes(table: Any, path: str) -> dict[str, Any]:
    """Return the contents of ``[quick]``: names of options or settings, or arms."""
    if not isinstance(table, dict):
        raise UsageError(f"quick is {table!r} in {path}: expected a table, [quick]")
    changes = named(table, f"[quick] of {path}")
    known = [*OPTIONS, *SETTINGS, "arm"]
    for name in changes:
        if name not in known:
            raise UsageError(
                f"unknown name '{name}' in [quick] of {path}{did_you_mean(name, known)}: expected "
                "options and settings that replace others, such as epochs = 10 or seeds = 3"
            )
    return changes


def _changed(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a file's table with options, settings and arms replaced by those of ``[quick]``."""
    options = {name: value for name, value in changes.items() if name not in SETTINGS}
    settings = {name: value for name, value in changes.items() if name in SETTINGS}
    found = {**table, **options}
    if settings and isinstance(table.get("sweep", {}), dict):
        found["sweep"] = {**named(table.get("sweep", {}), "[sweep]"), **settings}
    if "arm" not in options and isinstance(table.get("arm"), list):
        found["arm"] = without([_plainly(arm) for arm in table["arm"]], options)
    return found


def without(arms: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the arms without some of their options; none are left where that was all of them."""
    taken = set(names)
    kept = [{name: each for name, each in arm.items() if name not in taken} for arm in arms]
    return kept if any(kept) else []


def _plainly(arm: Any) -> Any:
    return named(arm, "an arm") if isinstance(arm, dict) else {"": arm}


def _arms(tables: Any, path: str) -> tuple[dict[str, Dimension], ...]:
    """Return the arms of a file."""
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise UsageError(f"arm is {tables!r} in {path}: expected tables, each begun by [[arm]]")
    arms = []
    for number, table in enumerate(tables, 1):
        where = f"arm {number} of {path}"
        arm = {}
        for name, value in named(table, where).items():
            if name not in OPTIONS:
                raise _unknown(name, value, where)
            if isinstance(value, dict):
                raise UsageError(
                    f"{name} is a table in {where}: expected values alone; conditions of options "
                    "stand above the arms"
                )
            try:
                arm[name] = read_dimension(name, value)
            except UsageError as error:
                raise UsageError(f"in {where}: {error}") from None
        arms.append(arm)
    if arms and not any(arms):
        raise UsageError(f"the arms of {path} are empty: give them options, or leave them out")
    return tuple(arms)


def _text_of(path: str) -> str:
    """Return what stands in a file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}): expected a TOML file with options such as "
            'lr = "log:1e-4:1e-1:7"'
        ) from None
    except UnicodeDecodeError as error:
        raise _no_toml(path, error) from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    """Return the contents of a TOML file."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # the mark that some editors begin with
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise _no_toml(path, error) from None


def _no_toml(path: str, error: Exception) -> UsageError:
    return UsageError(f"{path} is not TOML: {error}; expected lines such as act = ['relu', 'tanh']")


def _unknown(name: str, value: Any, path: str) -> UsageError:
    """Build the error for a name that is no option."""
    if name in SETTINGS or name == "seed":
        entry = "seeds = 5" if name == "seed" else f"{name} = ..."
        return UsageError(f"'{name}' in {path} is no option of a trial: write {entry} in [sweep]")
    kind = "table" if isinstance(value, dict) else "option"
    near = did_you_mean(name, [*OPTIONS, *TABLES])
    return UsageError(
        f"unknown {kind} '{name}' in {path}{near}: expected options of nncli train, such as "
        "batch_size = [32, 64], and [sweep]"
    )


def _axis(name: str, value: Any) -> tuple[Dimension, dict[str, tuple[Plain, ...]]]:
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
    for parent, allowed in named(conditions, f"[{name}]").items():
        if parent not in OPTIONS:
            raise UsageError(
                f"unknown option '{parent}' in when of [{name}]{did_you_mean(parent, OPTIONS)}: "
                "expected options of the sweep"
            )
        found[parent] = _listed(parent, read_dimension(parent, allowed))
    return read_dimension(name, value["values"]), found


def _listed(name: str, dimension: Dimension) -> tuple[Plain, ...]:
    """Return the values that a condition names."""
    if dimension.size is None or dimension.size > MOST_VALUES:
        raise UsageError(f"a condition on {name} needs its values: write them out, such as [1, 2]")
    return tuple(dimension.values())
