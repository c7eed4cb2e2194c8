"""What a sweep is about: the tables ``[experiment]`` and ``[[claim]]`` of its file.

It is stored with the sweep, and is no part of what the sweep is known by: a text that is mended
changes nothing of what was trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from nncli.claims import Claim
from nncli.claims.reading import read_claims
from nncli.errors import UsageError, did_you_mean
from nncli.metrics import read_metric

#: What ``[experiment]`` may hold, and what was expected of one of another type.
KEYS = {
    "title": "a text in quotes",
    "shows": "a text, or a list of texts",
    "text": "a text in quotes, with three of them where it has several lines",
    "metric": "a metric, such as 'train_loss' or 'val_accuracy:max'",
    "by": "a text, or a list of texts",
    "long": "true or false",
    "source": "a text in quotes",
    "published": "a text, or a list of texts",
}

_LISTS = ("shows", "by", "published")


@dataclass(frozen=True)
class About:
    """An experiment in words: what it asks, what its curves show, and what it is to come to.

    ``shows`` are ids of statements that it is about, ``published`` of published results, whose
    place is ``source``. ``metric`` and ``by`` are what its curves show, and their groups. ``quick``
    says that this is the short form of it, ``long`` that it takes more than some minutes.
    """

    title: str = ""
    shows: tuple[str, ...] = ()
    text: str = ""
    metric: str | None = None
    by: tuple[str, ...] = ()
    long: bool = False
    source: str | None = None
    published: tuple[str, ...] = ()
    quick: bool = False
    claims: tuple[Claim, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all that it is about."""
        return (*self.shows, *self.published)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        lists = {name: list(values[name]) for name in _LISTS}
        return {**values, **lists, "claims": [each.to_json() for each in self.claims]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> About:
        """Read what :meth:`to_json` wrote; what else is in ``values`` is left alone."""
        known = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        lists = {name: tuple(known[name]) for name in _LISTS if name in known}
        claims = tuple(map(Claim.from_json, known.get("claims", ())))
        return cls(**{**known, **lists, "claims": claims})


def read_about(experiment: object, claims: object, quick: bool, where: str) -> About | None:
    """Read the tables of an experiment; ``None`` for a sweep that has neither of them.

    Raises UsageError for what they may not hold.
    """
    if experiment is None and claims is None:
        return None
    about = About() if experiment is None else _read_experiment(experiment, where)
    found = () if claims is None else read_claims(claims, where)
    return replace(about, quick=quick, claims=found)


def _read_experiment(table: object, where: str) -> About:
    if not isinstance(table, dict):
        raise UsageError(f"experiment is {table!r} in {where}: expected a table, [experiment]")
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name not in KEYS:
            raise UsageError(
                f"unknown key '{name}' in [experiment] of {where}{did_you_mean(name, KEYS)}: "
                f"expected one of {', '.join(KEYS)}"
            )
        found[name] = _checked(name, value, where)
    if not found.get("title"):
        raise UsageError(
            f'[experiment] of {where} has no title: add a line such as title = "XOR needs a hidden '
            'layer"'
        )
    return About(**found)


def _checked(name: str, value: object, where: str) -> object:
    """Return a value of ``[experiment]`` in the form that ``About`` has it."""
    if name in _LISTS:
        entries: Sequence[object] = value if isinstance(value, list) else [value]
        if all(isinstance(each, str) and each for each in entries):
            return tuple(entries)
    elif name == "long":
        if isinstance(value, bool):
            return value
    elif isinstance(value, str):
        if name == "metric":
            _check_metric(value, where)
        return value.strip()
    raise UsageError(f"{name} is {value!r} in [experiment] of {where}: expected {KEYS[name]}")


def _check_metric(text: str, where: str) -> None:
    try:
        read_metric(text)
    except UsageError as error:
        raise UsageError(f"metric in [experiment] of {where}: {error}") from None
