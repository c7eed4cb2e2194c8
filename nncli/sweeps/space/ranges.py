"""Numbers at even distances, as clean as people would write them: 0.3, and not 0.30000000000000004.

All is computed in decimals of 30 digits, and rounded to the 15 that a float surely keeps. Every
function raises ValueError for what it cannot read.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, Overflow, localcontext

from nncli.options import LARGEST

#: More values than this in one axis are a slip of the keyboard.
MOST_VALUES = 100_000

_PRECISION = 30


def read_number(text: str) -> float:
    """Read a finite number."""
    try:
        found = float(text)
    except ValueError:
        raise ValueError(f"'{text.strip()}' is no number") from None
    if not math.isfinite(found):
        raise ValueError(f"'{text.strip()}' is no finite number")
    return found


def read_whole(text: str) -> int:
    """Read a whole number, also as ``1e3``."""
    try:
        found: float = int(text)
    except ValueError:
        found = read_number(text)
    if found != int(found):
        raise ValueError(f"'{text.strip()}' is no whole number")
    if abs(found) > LARGEST:
        raise ValueError(f"'{text.strip()}' is too large: expected at most {LARGEST}")
    return int(found)


def linear(low: float, high: float, count: int) -> list[float]:
    """Return ``count`` numbers at even distances from ``low`` to ``high``, both included."""
    _check_count(count)
    check_order(low, high)
    first, last = _exact(low), _exact(high)
    with localcontext(Context(_PRECISION)):
        middle = [first + (last - first) * i / (count - 1) for i in range(1, count - 1)]
    return [low, *(_clean(each, low, high) for each in middle), high]


def logarithmic(low: float, high: float, count: int) -> list[float]:
    """Return ``count`` numbers in even proportion from ``low`` to ``high``, both included."""
    _check_count(count)
    check_order(low, high, log=True)
    first, last = _exact(low), _exact(high)
    with localcontext(Context(_PRECISION)):
        ratio = (last / first).ln() / (count - 1)
        middle = [first * (ratio * i).exp() for i in range(1, count - 1)]
    return [low, *(_clean(each, low, high) for each in middle), high]


def stepwise(first: float, last: float, step: float, *, include_last: bool) -> list[float]:
    """Return ``first``, ``first + step``, ... up to ``last``, or down to it with a step below 0."""
    if step == 0:
        raise ValueError("the step is 0: expected another number")
    with localcontext(Context(_PRECISION)):
        start, stop, by = _exact(first), _exact(last), _exact(step)
        distances = (stop - start) / by
        if distances > MOST_VALUES:
            check_values(math.inf)
        count = math.floor(distances) + 1 if include_last else math.ceil(distances)
        values = [start + by * i for i in range(count)]
    if not values:
        raise ValueError(f"there is no number from {first:g} to {last:g} by steps of {step:g}")
    return [_clean(each, -math.inf, math.inf) for each in values]


def whole_steps(low: int, high: int, step: int) -> list[int]:
    """Return the whole numbers ``low``, ``low + step``, ... up to ``high``, which may be one."""
    if step < 1:
        raise ValueError(f"the step is {step}: expected at least 1")
    check_order(low, high)
    check_values((high - low) // step + 1)
    return list(range(low, high + 1, step))


def powers(base: float, exponents: list[float]) -> list[float]:
    """Return ``base`` to each power."""
    if base <= 0:
        raise ValueError(f"the base is {base:g}: expected a number above 0")
    try:
        with localcontext(Context(_PRECISION)):
            raised = [_exact(base) ** _exact(each) for each in exponents]
    except Overflow:
        raise ValueError(f"{base:g} to the power of {max(exponents):g} is too large") from None
    return [read_number(str(_clean(each, -math.inf, math.inf))) for each in raised]


def check_order(low: float, high: float, *, log: bool = False) -> None:
    """Raise ValueError unless ``low`` is below ``high``, and above 0 for a logarithm."""
    if log and low <= 0:
        raise ValueError(f"the range begins at {low:g}: a logarithmic one must begin above 0")
    if low >= high:
        raise ValueError(f"the range goes from {low:g} to {high:g}: write the smaller number first")


def check_values(count: float) -> None:
    """Raise ValueError for more values than an axis may have."""
    if count > MOST_VALUES:
        raise ValueError(
            f"more than {MOST_VALUES:,} values: take a larger step, or a range such as int:1:1e6"
        )


def _check_count(count: int) -> None:
    if count < 2:
        raise ValueError(f"a range of {count} values: expected at least 2")
    check_values(count)


def _exact(value: float) -> Decimal:
    """Return the decimal that people see."""
    return Decimal(repr(value))


def _clean(value: Decimal, low: float, high: float) -> float:
    """Return the float next to a decimal's first 15 digits, and within the range."""
    return min(max(float(f"{value:.15g}"), low), high)
