"""Arms of a sweep: alternatives that belong together, such as no hidden layer with products of the
inputs on one hand, and hidden layers of several widths on the other.

An arm has a list of values for each of its options, and is crossed with the axes of the sweep. An
option that an arm leaves out, and another one has, is there at its default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import chain, product
from math import prod
from typing import TypeAlias

from nncli.errors import UsageError
from nncli.options import default_of, flag_of
from nncli.spec import Spec, plain
from nncli.sweeps.space.dimensions import Choices, Dimension, Real
from nncli.sweeps.space.ranges import MOST_VALUES
from nncli.sweeps.space.values import OptionValues

Arm: TypeAlias = Mapping[str, Dimension]

#: Combinations up to which those that several arms have are looked for. About a tenth of a second.
COUNTED = 200_000


def completed(arms: Sequence[Arm]) -> tuple[dict[str, Choices], ...]:
    """Return the arms with all options that any of them has, each a list of values.

    Raises UsageError for a range that cannot be listed.
    """
    defaults = {each.name: plain(each.name, default_of(each)) for each in fields(Spec)}
    names = dict.fromkeys(name for arm in arms for name in arm)
    return tuple(
        {
            name: _listed(name, arm[name]) if name in arm else Choices((defaults[name],))
            for name in names
        }
        for arm in arms
    )


def united(arms: Sequence[Arm]) -> dict[str, Choices]:
    """Return, of completed arms, the values that each option has in any of them."""
    names = arms[0] if arms else {}
    return {
        name: Choices(tuple(value for arm in arms for value in arm[name].values()))
        for name in names
    }


def bound(arms: Sequence[Arm]) -> int:
    """Return how many combinations completed arms have together; 1 if there are none.

    Each is counted once, but where there are more than ``COUNTED``: arms that overlap then have
    fewer.
    """
    if not arms:
        return 1
    together = sum(prod(each.size or 0 for each in arm.values()) for arm in arms)
    if len(arms) == 1 or together > COUNTED:
        return together
    combinations = (product(*(each.values() for each in arm.values())) for arm in arms)
    return len(set(chain.from_iterable(combinations)))


def _listed(name: str, dimension: Dimension) -> Choices:
    if isinstance(dimension, Choices):
        return dimension
    if isinstance(dimension, Real) or dimension.size > MOST_VALUES:
        raise UsageError(
            f"{flag_of(name)} is a range without end in an arm: arms are tried one by one, so give "
            "values, such as log:1e-3:1e-1:3"
        )
    option = OptionValues(name)
    numbers = range(dimension.low, dimension.high + 1, dimension.step)
    return Choices(tuple(option.plain_of(number) for number in numbers))
