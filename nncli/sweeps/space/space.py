"""The space of a sweep: its axes, which of them matter when, and which points are allowed.

An axis may be *conditional*: active only where other axes, its parents, have certain values, and
where it is not active its option is left out. Constraints are conditions as
:mod:`nncli.predicates` reads them, over the options of the sweep; one that mentions an option that
is not active at a point does not apply there. Arms (:mod:`nncli.sweeps.space.arms`) are joint
alternatives: the grid goes through the axes once for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, TypeAlias

from nncli.errors import UsageError, did_you_mean
from nncli.predicates import Expression, evaluate, names, parse
from nncli.sweeps.space import arms as joint
from nncli.sweeps.space.conditions import all_conditions, check_conditions, parents_first
from nncli.sweeps.space.dimensions import Dimension, Plain, Whole, dimension_from_json
from nncli.sweeps.space.values import OptionValues

Params: TypeAlias = dict[str, Plain]

#: A condition and the options that it mentions.
Constraint: TypeAlias = tuple[Expression, tuple[str, ...]]


@dataclass(frozen=True)
class Space:
    """Axes by option, each with its dimension; one value is a fixed option.

    ``when`` says of an option, for each of its parents, with which values of it the option is
    active. The hyper-parameters of optimizers are conditional by themselves where the sweep varies
    ``opt`` (:func:`nncli.sweeps.space.conditions.all_conditions`). The options of ``arms`` are none
    of the axes that are given; afterwards ``axes`` has them too, with the values of all arms.
    """

    axes: Mapping[str, Dimension]
    when: Mapping[str, Mapping[str, tuple[Plain, ...]]] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    arms: tuple[joint.Arm, ...] = ()

    def __post_init__(self) -> None:
        """Raise UsageError for conditions and constraints that do not fit the axes."""
        if self.arms:
            object.__setattr__(self, "arms", joint.completed(self.arms))
            object.__setattr__(self, "axes", {**self.common, **joint.united(self.arms)})
        check_conditions(self.axes, self.when)
        first = {name: self._plain(name, self.axes[name].at_share(0.0)) for name in self.order}
        for expression, mentioned in self._expressions:
            for name in mentioned:
                if name not in self.axes:
                    raise UsageError(
                        f"a constraint has the unknown name '{name}'{did_you_mean(name, self.axes)}"
                        f": expected options of the sweep ({', '.join(self.axes)}); a text with "
                        "other signs than letters stands in quotes"
                    )
            evaluate(expression, first)  # raises for one that compares texts with numbers

    @property
    def common(self) -> dict[str, Dimension]:
        """The axes that all arms share."""
        return {
            name: each
            for name, each in self.axes.items()
            if not any(name in arm for arm in self.arms)
        }

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The axes with more than one value."""
        return tuple(name for name, each in self.axes.items() if each.size != 1)

    @cached_property
    def conditions(self) -> Mapping[str, Mapping[str, tuple[Plain, ...]]]:
        """``when``, and the conditions that optimizers bring."""
        return all_conditions(self.axes, self.when)

    @cached_property
    def conditional(self) -> tuple[str, ...]:
        """The axes that are not active at every point."""
        return tuple(name for name in self.axes if name in self.conditions)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The axes, parents before their children, and otherwise as they were given."""
        return parents_first(self.axes, self.conditions)

    def bound(self) -> int | None:
        """Return the product of all sizes, ``None`` if it is infinite; conditions make it less."""
        product = joint.bound(self.arms)
        for each in self.common.values():
            if each.size is None:
                return None
            product *= each.size
        return product

    def count(self) -> int | None:
        """Return how many points there are, ``None`` if infinitely many, or too many to go through.

        Where conditions or constraints pare the grid, it is known only point by point.
        """
        bound = self.bound()
        if bound is None or not (self.conditional or self.constraints):
            return bound
        counted = sum(1 for _ in islice(self.grid(), joint.COUNTED + 1))
        return counted if counted <= joint.COUNTED else None

    def is_active(self, name: str, params: Mapping[str, Plain]) -> bool:
        """Return whether an axis matters where its parents, if active, are in ``params``."""
        return all(
            parent in params and params[parent] in values
            for parent, values in self.conditions.get(name, {}).items()
        )

    def grid(self) -> Iterator[Params]:
        """Iterate over all points, the first axis of ``order`` slowest, each point once.

        Arms come one after another. Points are made one by one; a constraint is asked as soon as
        its options are set. Raises UsageError for a space with infinitely many.
        """
        endless = [name for name, each in self.axes.items() if each.size is None]
        if endless:
            raise UsageError(
                f"a grid over {', '.join(endless)} has no end: give values, such as "
                "log:1e-4:1e-1:7, or choose another sampler"
            )
        return self._joint_grid() if self.arms else self._grid(0, {}, self.axes)

    def _joint_grid(self) -> Iterator[Params]:
        """Iterate over the points of every arm; arms may overlap."""
        seen = set()
        for arm in self.arms:
            for params in self._grid(0, {}, {**self.axes, **arm}):
                point = tuple(params.items())
                if point not in seen:
                    seen.add(point)
                    yield params

    def _grid(self, place: int, params: Params, axes: Mapping[str, Dimension]) -> Iterator[Params]:
        """Iterate over the points of these axes that begin with ``params``."""
        if place == len(self.order):
            yield dict(params)
            return
        name = self.order[place]
        if not self.is_active(name, params):
            yield from self._grid(place + 1, params, axes)
            return
        for value in axes[name].values():
            params[name] = self._plain(name, value)
            if _hold(self._due[place], params):
                yield from self._grid(place + 1, params, axes)
        del params[name]

    def point(self, shares: Sequence[float]) -> Params | None:
        """Return the point at a share, in [0, 1), of each axis of ``order``.

        ``None`` if a constraint refuses it. Shares of axes that are not active do not matter.
        """
        params: Params = {}
        for name, share in zip(self.order, shares, strict=True):
            if self.is_active(name, params):
                params[name] = self._plain(name, self.axes[name].at_share(share))
        return params if self.allows(params) else None

    def complete(self, params: Mapping[str, Any]) -> Params:
        """Return a point of these values of the varied axes: with fixed options, in ``order``.

        Values of axes that are not active are left out, and numbers get the form that all plain
        values of their option have. Raises KeyError for an active axis without a value.
        """
        found: Params = {}
        for name in self.order:
            if self.is_active(name, found):
                axis = self.axes[name]
                fixed = axis.size == 1 and name not in params
                value = axis.at_share(0.0) if fixed else params[name]
                found[name] = self._plain(name, value)
        return found

    def allows(self, params: Mapping[str, Plain]) -> bool:
        """Return whether all constraints hold whose options are active."""
        return _hold(self._expressions, params)

    def to_json(self) -> dict[str, Any]:
        """Return the space as JSON values; axes keep their order in a list."""
        values: dict[str, Any] = {
            "axes": [[name, each.to_json()] for name, each in self.common.items()],
            "when": {
                name: {parent: list(values) for parent, values in parents.items()}
                for name, parents in self.when.items()
            },
            "constraints": list(self.constraints),
        }
        if self.arms:
            values["arms"] = [
                [[name, each.to_json()] for name, each in arm.items()] for arm in self.arms
            ]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Space:
        """Read what :meth:`to_json` wrote."""
        return cls(
            {name: dimension_from_json(each) for name, each in values["axes"]},
            {
                name: {parent: tuple(each) for parent, each in parents.items()}
                for name, parents in values["when"].items()
            },
            tuple(values["constraints"]),
            tuple(
                {name: dimension_from_json(each) for name, each in arm}
                for arm in values.get("arms", ())
            ),
        )

    @cached_property
    def _expressions(self) -> tuple[Constraint, ...]:
        return tuple((each, names(each)) for each in map(parse, self.constraints))

    @cached_property
    def _due(self) -> tuple[tuple[Constraint, ...], ...]:
        """For each place of ``order``, the constraints whose last option is set there."""
        places = {name: place for place, name in enumerate(self.order)}
        due: list[list[Constraint]] = [[] for _ in self.order]
        for expression, mentioned in self._expressions:
            last = max((places[name] for name in mentioned), default=0)
            due[last].append((expression, mentioned))
        return tuple(map(tuple, due))

    @cached_property
    def _ranges(self) -> Mapping[str, OptionValues]:
        """The options whose ranges give numbers that may not be plain values of theirs."""
        wholes = [name for name, each in self.axes.items() if isinstance(each, Whole)]
        return {name: OptionValues(name) for name in wholes}

    def _plain(self, name: str, value: Any) -> Plain:
        if name in self._ranges and not isinstance(value, str):
            return self._ranges[name].plain_of(value)
        plain: Plain = value
        return plain


def _hold(constraints: Sequence[Constraint], params: Mapping[str, Plain]) -> bool:
    """Return whether all constraints hold whose options are all in ``params``."""
    return all(
        evaluate(expression, params)
        for expression, mentioned in constraints
        if all(name in params for name in mentioned)
    )
