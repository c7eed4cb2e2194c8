"""Whether a condition holds for values by name.

A value may be missing (``None``): it equals nothing, is neither below nor above anything, and what
is computed from it is missing too, as is a quotient by zero. Every condition is either true or
false, so ``a != b`` is the opposite of ``a = b``, also where ``a`` is missing. A text that is a
number equals that number (the widths ``"64"`` of one layer are 64), and a Boolean equals the texts
``true`` and ``yes``, or ``false`` and ``no``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any

from nncli.errors import UsageError, did_you_mean
from nncli.predicates.tree import (
    And,
    Arithmetic,
    Compare,
    Expression,
    In,
    IsNull,
    Minus,
    Name,
    Not,
    Number,
    Operand,
    Or,
    Text,
)

#: Texts that a Boolean equals.
FLAGS = {"true": True, "false": False, "yes": True, "no": False}

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def evaluate(expression: Expression, values: Mapping[str, Any]) -> bool:
    """Return whether a condition holds.

    Raises UsageError for a name that ``values`` lacks, for order between a text and a number, and
    for arithmetic with a text.
    """
    match expression:
        case And():
            return all(evaluate(part, values) for part in expression.parts)
        case Or():
            return any(evaluate(part, values) for part in expression.parts)
        case Not():
            return not evaluate(expression.operand, values)
        case IsNull():
            return _value(expression.operand, values) is None
        case In():
            found = _value(expression.operand, values)
            return any(_equal(found, each.value) for each in expression.values)
        case Compare():
            return _compare(expression, values)


def _compare(node: Compare, values: Mapping[str, Any]) -> bool:
    """Return whether a comparison holds."""
    left, right = _value(node.left, values), _value(node.right, values)
    if node.operator in ("=", "!="):
        return _equal(left, right) == (node.operator == "=")
    if left is None or right is None:
        return False
    if node.operator == "~":
        return fnmatchcase(_text(left), _text(right))
    if isinstance(left, str) != isinstance(right, str):
        text, number = (left, right) if isinstance(left, str) else (right, left)
        raise UsageError(
            f"{node} asks for the order of the text '{text}' and the number {number}: expected two "
            "numbers or two texts; compare texts by =, != or ~"
        )
    return bool(_ORDERS[node.operator](left, right))


def _equal(left: Any, right: Any) -> bool:
    """Return whether two values are equal; a missing one equals nothing."""
    if left is None or right is None:
        return False
    if isinstance(left, str) == isinstance(right, str):
        return bool(left == right)
    text, number = (left, right) if isinstance(left, str) else (right, left)
    if isinstance(number, bool):
        return FLAGS.get(text.lower()) is bool(number)
    try:
        return bool(float(text) == number)
    except ValueError:
        return False


def _value(node: Operand, values: Mapping[str, Any]) -> Any:
    """Return a number, a text, or ``None`` where a value is missing."""
    match node:
        case Number() | Text():
            return node.value
        case Name():
            if node.name not in values:
                near = did_you_mean(node.name, values)
                raise UsageError(
                    f"a condition has the unknown name '{node.name}'{near}: expected one of "
                    f"{', '.join(values)}; a text with other signs than letters stands in quotes"
                )
            found = values[node.name]
            return found if found is None or isinstance(found, Real) else str(found)
        case Minus():
            number = _number(node.operand, values, node)
            return None if number is None else -number
        case Arithmetic():
            left = _number(node.left, values, node)
            right = _number(node.right, values, node)
            if left is None or right is None or (node.operator == "/" and right == 0):
                return None
            return _ARITHMETIC[node.operator](left, right)


def _number(node: Operand, values: Mapping[str, Any], whole: Operand) -> float | None:
    """Return an operand of arithmetic."""
    found = _value(node, values)
    if isinstance(found, str):
        raise UsageError(
            f"{whole} computes with the text '{found}': expected a number; put a text with such "
            "signs in quotes"
        )
    try:
        return None if found is None else float(found)
    except OverflowError:
        raise UsageError(f"{whole} computes with a number above 1.8e308") from None


def _text(value: Any) -> str:
    """Return a value as a pattern sees it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
