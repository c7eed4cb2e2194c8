"""A claim as somebody states it: what is measured of which runs, and how it is said to come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any

from nncli.claims.values import Value, read_value

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"

#: All that a claim can come to.
VERDICTS = (SUPPORTED, REFUTED, UNDECIDED)

#: Comparisons with other runs or with a number, and trends over a field.
WITH_SOMETHING = ("above", "below", "equals")
TRENDS = ("rises_with", "falls_with")
COMPARISONS = (*WITH_SOMETHING, *TRENDS)

#: What chance draws anew: the units of every test. Where nothing is said runs are paired by these.
DRAWN = ("seed", "data")


@dataclass(frozen=True)
class Claim:
    """A sentence, and what decides it. Exactly one of the five comparisons is given.

    ``value`` is one number a run (:mod:`nncli.claims.values`), ``runs`` a condition that says of
    which runs; none means all of the sweep. ``above``, ``below`` and ``equals`` are a condition for
    the runs to compare with, or a number; ``by`` is a margin of the first two, ``within`` the
    tolerance of the last. ``rises_with`` and ``falls_with`` are a field. ``pairs`` are the fields
    by which runs are matched. Without ``chance`` nothing is drawn, and one run decides; what is
    ``full`` is not judged on a quick run. ``epoch`` is that of statistics of layers.
    """

    says: str
    value: str
    of: tuple[str, ...] = ()
    runs: str | None = None
    above: str | float | None = None
    below: str | float | None = None
    equals: str | float | None = None
    rises_with: str | None = None
    falls_with: str | None = None
    by: float = 0.0
    within: float = 0.0
    pairs: tuple[str, ...] | None = None
    epoch: int | None = None
    chance: bool = True
    full: bool = False
    expected: str = SUPPORTED
    because: str | None = None

    @property
    def comparison(self) -> str:
        """Return which of the comparisons was given."""
        return next(name for name in COMPARISONS if getattr(self, name) is not None)

    @property
    def other(self) -> str | float:
        """Return what is compared with, or the field of a trend."""
        found: str | float = getattr(self, self.comparison)
        return found

    @property
    def sign(self) -> int:
        """Return 1 where more supports the claim, and -1 where less does."""
        return -1 if self.comparison in ("below", "falls_with") else 1

    @property
    def in_short(self) -> str:
        """Return what decides the claim: ``train_error:min of hidden=4 below hidden=none``."""
        at = f" at epoch {self.epoch}" if self.epoch is not None else ""
        of = f" of {self.runs}" if self.runs else ""
        other = self.other if isinstance(self.other, str) else f"{self.other:g}"
        words = self.comparison.replace("_", " ")
        margin = f" by {self.by:g}" if self.by else ""
        within = f" within {self.within:g}" if self.within else ""
        return f"{self.value}{at}{of} {words} {other}{margin}{within}"

    @cached_property
    def measured(self) -> Value:
        """Return the value, read."""
        return read_value(self.value)

    def to_json(self) -> dict[str, Any]:
        """Return the claim as JSON values, without what is as it is by default."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        given = {name: value for name, value in values.items() if value != _DEFAULTS.get(name)}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Claim:
        """Read what :meth:`to_json` wrote."""
        plain: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in values.items()
        }
        return cls(**plain)


_DEFAULTS = {each.name: each.default for each in fields(Claim) if each.default is not MISSING}
