"""One option of a sweep: its values, each checked by the option's own reader, and what they make.

All forms of a range end here, so that a value in a sweep is one that ``nncli train`` would take.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, fields
from functools import cached_property
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.options import Option, flag_of, option_of
from nncli.spec import Spec, plain
from nncli.sweeps.space.dimensions import Choices, Dimension, Plain, Real, Whole
from nncli.sweeps.space.ranges import check_order, check_values

#: How much of a value an error shows.
_SHOWN = 100


@dataclass(frozen=True)
class OptionValues:
    """The option of this name, and what it was given, for the errors."""

    name: str
    given: Any = None

    @cached_property
    def option(self) -> Option:
        """What was declared of the option; raises UsageError for a name that is none."""
        return option_of(self._declared)

    @cached_property
    def _declared(self) -> Field[Any]:
        known = {each.name: each for each in fields(Spec)}
        if self.name not in known:
            near = did_you_mean(self.name, known)
            raise UsageError(f"unknown option '{self.name}'{near}: see nncli train --help")
        return known[self.name]

    @property
    def whole(self) -> bool:
        """Whether the option's numbers are whole."""
        return self.option.number is int

    def error(self, reason: object, value: Any = None) -> UsageError:
        """Build the error for the value, or for all that was given."""
        shown = repr(self.given if value is None else value)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        return UsageError(f"{flag_of(self.name)} is {shown}: {reason}")

    def value(self, given: Any) -> Plain:
        """Return one value as plain value; raises UsageError for one that the option refuses.

        ``none`` is the default of an option that is off, or left to nncli, by default.
        """
        entries = given if isinstance(given, list | tuple) else [given]
        if given is None or not all(isinstance(each, str | int | float) for each in entries):
            raise self.error("expected texts, numbers, true or false", given)
        try:
            checked: Plain = plain(self.name, self.option.read(given))
        except OverflowError:
            raise self.error("expected a number below 1.8e308", given) from None
        except ValueError as error:
            if given == "none" and self._declared.default is None:
                return None
            raise self.error(error, given) from None
        return checked

    def choices(self, given: Iterable[Any]) -> Choices:
        """Return the axis of these values."""
        found = Choices(tuple(self.value(each) for each in given))
        if not found.size:
            raise ValueError("there is no value: expected at least one")
        check_values(found.size)
        return found

    def listed(self, numbers: Iterable[float]) -> Choices:
        """Return the axis of these numbers, each rounded where the option's are whole."""
        return self.choices(map(round, numbers) if self.whole else numbers)

    def between(self, low: float, high: float, *, log: bool = False) -> Dimension:
        """Return all numbers from ``low`` to ``high``, whole ones where the option's are."""
        if self.whole:
            for each in (low, high):
                if each != int(each):
                    raise ValueError(f"{each:g} is no whole number")
            return self.between_whole(int(low), int(high), log=log)
        check_order(low, high, log=log)
        self.value(low)
        self.value(high)
        return Real(float(low), float(high), log)

    def between_whole(self, low: int, high: int, step: int = 1, *, log: bool = False) -> Whole:
        """Return the whole numbers from ``low`` by ``step`` up to ``high``."""
        if step < 1:
            raise ValueError(f"the step is {step}: expected at least 1")
        check_order(low, high, log=log)
        self.value(low)
        self.value(high)
        if low + step > high:
            raise ValueError(f"a step of {step} leads beyond {high}: expected a smaller step")
        return Whole(low, low + (high - low) // step * step, step, log)

    def plain_of(self, number: float) -> Plain:
        """Return a number of a range in the form that all plain values of the option have."""
        if self.option.listed:
            return str(number)
        return number if self.whole else float(number)
