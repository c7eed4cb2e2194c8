"""What one axis of a sweep may be: listed values, a range of real numbers, or one of whole numbers.

A value is *plain*: as JSON and the command line have it, such as ``"64,32"``, ``"relu"`` or 0.01.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from nncli.errors import StoreError

Plain: TypeAlias = str | float | int | bool | None


@dataclass(frozen=True)
class Choices:
    """Values without order, each once; ``values`` iterates over the ``members``."""

    members: tuple[Plain, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(dict.fromkeys(self.members)))

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.members)

    def values(self) -> Iterator[Plain]:
        """Iterate over the values in their order."""
        return iter(self.members)

    def __contains__(self, value: object) -> bool:
        return value in self.members

    def at_share(self, share: float) -> Plain:
        """Return the value at a share of the axis, in [0, 1)."""
        return self.members[_place(share, self.size)]

    def to_json(self) -> dict[str, Any]:
        """Return the dimension as JSON values."""
        return {"kind": "choices", "values": list(self.members)}


@dataclass(frozen=True)
class Real:
    """Real numbers from ``low`` to ``high``, uniform, or uniform in their logarithm."""

    low: float
    high: float
    log: bool = False

    @property
    def size(self) -> None:
        """``None``: there are infinitely many values."""
        return None

    def values(self) -> Iterator[Plain]:
        """Raise TypeError: there is no list of all values."""
        raise TypeError("the values of a range of real numbers cannot be listed")

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def at_share(self, share: float) -> float:
        """Return the value at a share of the axis, in [0, 1): ``low`` at 0."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        value = low * (1 - share) + high * share  # high - low may be too large for a float
        return min(max(math.exp(value) if self.log else value, self.low), self.high)

    def to_json(self) -> dict[str, Any]:
        """Return the dimension as JSON values."""
        return {"kind": "real", **asdict(self)}


@dataclass(frozen=True)
class Whole:
    """Whole numbers ``low``, ``low + step``, ... up to ``high``, which is one of them.

    With ``log`` small numbers are as likely as large ones by their logarithm, and ``step`` is 1.
    """

    low: int
    high: int
    step: int = 1
    log: bool = False

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    def values(self) -> Iterator[Plain]:
        """Iterate over the values, small to large."""
        return iter(range(self.low, self.high + 1, self.step))

    def __contains__(self, value: object) -> bool:
        """Say whether a plain value is one of the numbers, also as 8.0 or ``"8"``."""
        try:
            number = float(value) if isinstance(value, str) else value
        except ValueError:
            return False
        if not isinstance(number, int | float) or not self.low <= number <= self.high:
            return False
        return (number - self.low) % self.step == 0

    def at_share(self, share: float) -> int:
        """Return the value at a share of the axis, in [0, 1).

        With ``log`` each number has the share of the logarithm from half below to half above it.
        """
        if not self.log:
            return self.low + _place(share, self.size) * self.step
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + share * (high - low))), self.low), self.high)

    def to_json(self) -> dict[str, Any]:
        """Return the dimension as JSON values."""
        return {"kind": "whole", **asdict(self)}


Dimension: TypeAlias = Choices | Real | Whole


def dimension_from_json(values: Mapping[str, Any]) -> Dimension:
    """Read what ``to_json`` of a dimension wrote; raises StoreError for anything else."""
    fields = dict(values)
    kind = fields.pop("kind", None)
    try:
        if kind == "choices":
            return Choices(tuple(fields["values"]))
        if kind == "real":
            return Real(**fields)
        if kind == "whole":
            return Whole(**fields)
    except (KeyError, TypeError):
        pass
    raise StoreError(
        f"the stored sweep has an axis {values!r}, which this version of nncli cannot read: "
        "expected choices, real or whole numbers; continue it with the version that started it"
    )


def _place(share: float, size: int) -> int:
    """Return the place of a share among ``size`` equal ones."""
    return min(int(share * size), size - 1)
