"""A sweep as it is asked for on the command line, in a TOML file and in Python, brought to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from nncli.errors import UsageError
from nncli.options import flag_of, option_of, whole
from nncli.spec import Spec
from nncli.sweeps.definition import Definition, read_seeds
from nncli.sweeps.search.guides import sampler_name
from nncli.sweeps.space.dimensions import Dimension
from nncli.sweeps.space.document import Document, read_document, without
from nncli.sweeps.space.forms import read_dimension
from nncli.sweeps.space.space import Space


@dataclass(frozen=True)
class Request:
    """A sweep, how it is named, and what of its execution a file may say."""

    definition: Definition
    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    jobs: int | None = None
    fail_fast: bool = False


def read_request(
    options: Mapping[str, Any],
    settings: Mapping[str, Any],
    definition: Definition | None = None,
) -> Request:
    """Return the sweep over ``options``, lists and ranges as people write them.

    ``data`` may name a TOML file, which options and settings beat. ``definition`` is that of a
    stored sweep that goes on. Raises UsageError for what cannot be read.
    """
    given = dict(options)
    document = Document({})
    source = given.get("data")
    if isinstance(source, str) and source.endswith(".toml"):
        del given["data"]
        document = read_document(source)
    seed = given.pop("seed", None)
    if seed is not None and "seeds" in settings:
        raise UsageError("--seed and --seeds: give one of them, --seeds 3,5 for these two seeds")
    axes = dict(document.axes)
    for name, value in given.items():
        is_file = name == "data" and isinstance(value, str) and Path(value).exists()
        axes[name] = read_dimension(name, [value] if is_file else value)
    when = {name: parents for name, parents in document.when.items() if name not in given}
    arms = without(document.arms, given)
    chosen = dict(settings)
    if seed is not None:
        chosen["seeds"] = _seed_list(seed)
    return request_of(replace(document, axes=axes, when=when, arms=tuple(arms)), chosen, definition)


def request_of(
    document: Document, settings: Mapping[str, Any], definition: Definition | None = None
) -> Request:
    """Return the sweep of a file, whose settings are beaten by ``settings``.

    ``definition`` is that of a stored sweep that goes on. Raises UsageError for what does not fit.
    """
    chosen = {**document.settings, **settings}
    for axes in (document.axes, *document.arms):
        for name, dimension in axes.items():
            _check_varied(name, dimension)
    if definition is None:
        constraints = _texts(chosen.get("constraints"))
        space = Space(document.axes, document.when, constraints, document.arms)
        definition = Definition(space, about=document.about)
    return Request(
        _changed(definition, chosen),
        name=chosen.get("name"),
        tags=_texts(chosen.get("tag")),
        note=chosen.get("note"),
        jobs=_number("jobs", chosen, 1),
        fail_fast=bool(chosen.get("fail_fast")),
    )


def _changed(definition: Definition, chosen: Mapping[str, Any]) -> Definition:
    """Return a definition with the settings that are given."""
    values: dict[str, Any] = {
        name: chosen[name] for name in ("sampler", "pruner") if chosen.get(name) is not None
    }
    if "seeds" in chosen:
        values["seeds"] = read_seeds(chosen["seeds"])
    if "objective" in chosen:
        values["objectives"] = _texts(chosen["objective"])
    for name, lowest in (("trials", 1), ("sampler_seed", 0)):
        number = _number(name, chosen, lowest)
        if number is not None:
            values[name] = number
    changed = replace(definition, **values)
    # A sweep is known by its sampler: a grid that is asked for by name is the same grid.
    return replace(changed, sampler=sampler_name(changed.sampler, changed.trials))


def _check_varied(name: str, dimension: Dimension) -> None:
    """Raise UsageError for many values of an option that changes nothing of what is learned."""
    declared = next(each for each in fields(Spec) if each.name == name)
    if dimension.size != 1 and not option_of(declared).identity:
        raise UsageError(
            f"{flag_of(name)} has several values, and what is learned is the same with all of "
            "them: give one"
        )


def _seed_list(given: Any) -> list[int]:
    """Read ``--seed``: one, or a list."""
    parts = given.split(",") if isinstance(given, str) else given
    try:
        return [whole(0)(part) for part in (parts if isinstance(parts, list) else [parts])]
    except ValueError as error:
        raise UsageError(
            f"--seed is {given!r} ({error}): expected a seed, or several such as 3,5,9; "
            "--seeds 10 takes the first ten"
        ) from None


def _number(name: str, chosen: Mapping[str, Any], lowest: int) -> int | None:
    if chosen.get(name) is None:
        return None
    try:
        return int(whole(lowest)(chosen[name]))
    except ValueError as error:
        raise UsageError(f"{flag_of(name)} is {chosen[name]!r}: {error}") from None


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(each) for each in value)
