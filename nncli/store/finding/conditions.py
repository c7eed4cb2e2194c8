"""Conditions as SQL: the tree of :mod:`nncli.predicates` as an expression with bound parameters.

It selects the rows for which ``predicates.evaluate`` says yes, with three differences. What would
compare the order of a text and a number, or compute with a text, is refused before any row is read,
and so is a pattern for numbers with a fraction, whose digits no two programs write alike. A number
that is computed beyond 1.8e308 is infinite in SQLite and an error in PostgreSQL. And ``tags`` are
compared one by one: ``tags=night`` holds for a run that has this tag among others.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from nncli import predicates
from nncli.errors import UsageError
from nncli.predicates import (
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
    Or,
)
from nncli.predicates.evaluation import FLAGS
from nncli.store.finding import patterns
from nncli.store.finding.fields import check_field
from nncli.store.finding.operands import Operand, Operands, constant
from nncli.store.records import clean
from nncli.store.schema import runs, tags

Condition = ColumnElement[bool]

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def condition_of(text: str, operands: Operands) -> Condition:
    """Read a condition and return it as SQL over ``runs``. Raises UsageError."""
    return _Translation(operands).condition(predicates.parse(text))


def check_condition(text: str) -> None:
    """Raise UsageError for a condition that cannot be read or has an unknown field."""
    for name in predicates.names(predicates.parse(text)):
        check_field(name)


class _Translation:
    """One method a sort of node. A leaf may be NULL for no; negated, it is made true or false."""

    def __init__(self, operands: Operands) -> None:
        self._operands = operands

    def condition(self, node: Expression, holds: bool = True) -> Condition:
        """Return SQL for whether a condition holds, or with ``holds`` false for its opposite.

        Negations are pushed down to the leaves, so that those that are not negated can use an
        index.
        """
        match node:
            case And() | Or():
                parts = [self.condition(part, holds) for part in node.parts]
                return and_(*parts) if isinstance(node, And) == holds else or_(*parts)
            case Not():
                return self.condition(node.operand, not holds)
            case Compare(operator="!="):
                equal = Compare("=", node.left, node.right)
                return self._leaf(equal, not holds)
        return self._leaf(node, holds)

    def _leaf(self, node: Compare | In | IsNull, holds: bool) -> Condition:
        if not predicates.names(node):
            return true() if predicates.evaluate(node, {}) == holds else false()
        found = self._on_tags(node, self._test(node))
        if isinstance(node, IsNull):
            return found if holds else not_(found)
        return found if holds else not_(func.coalesce(found, false(), type_=Boolean))

    def _test(self, node: Compare | In | IsNull) -> Condition:
        match node:
            case IsNull():
                return self._operand(node.operand).missing
            case In():
                left = self._operand(node.operand)
                each = [self._equal(left, _constant(value.value)) for value in node.values]
                return or_(*each)
        left, right = self._operand(node.left), self._operand(node.right)
        if node.operator == "=":
            return self._equal(left, right)
        if node.operator == "~":
            return self._fits(node, left, str(right.constant))
        return self._ordered(node, left, right)

    def _on_tags(self, node: Compare | In | IsNull, test: Condition) -> Condition:
        """Return a test of one tag as one of whether a run has a tag that passes."""
        named = [check_field(name) for name in predicates.names(node)]
        if isinstance(node, IsNull) or not any(field.kind == "tags" for field in named):
            return test
        if len(named) > 1:
            raise UsageError(
                f"{node} compares tags with {named[0 if named[1].kind == 'tags' else 1].label}: "
                "expected a text, as in tags=night"
            )
        return runs.c.id.in_(select(tags.c.run_id).where(test))

    def _equal(self, left: Operand, right: Operand) -> Condition:
        tests: list[Condition] = []
        if left.texts is not None and right.texts is not None:
            tests.append(left.texts == right.texts)
        if left.numbers is not None and right.numbers is not None:
            a, b = _fitted(left, right)
            tests.append(a == b)
        for text, number in ((left, right), (right, left)):
            if text.texts is not None and number.numbers is not None:
                tests.append(self._text_is_number(text, number))
        return or_(*tests)

    def _text_is_number(self, text: Operand, number: Operand) -> Condition:
        """Return whether a text is a number, or the word of a flag."""
        assert text.texts is not None
        assert number.numbers is not None
        if number.flag:
            if isinstance(text.constant, str):
                word = text.constant.lower()
                return number.numbers == int(FLAGS[word]) if word in FLAGS else false()
            return func.lower(text.texts) == _word_of(number.numbers)
        if not isinstance(text.constant, str):
            return self._operands.reads_as(text.texts, number.numbers)
        try:
            value = float(text.constant)
        except ValueError:
            return false()
        if math.isnan(value):
            return false()
        a, b = _fitted(number, constant(value))
        return a == b

    def _ordered(self, node: Compare, left: Operand, right: Operand) -> Condition:
        order = _ORDERS[node.operator]
        tests: list[Condition] = []
        if left.numbers is not None and right.numbers is not None:
            tests.append(order(*_fitted(left, right)))
        if left.texts is not None and right.texts is not None:
            ordered = self._operands.ordered
            tests.append(order(ordered(left.texts), ordered(right.texts)))
        if tests:
            return or_(*tests)
        text, number = (node.left, node.right) if left.numbers is None else (node.right, node.left)
        raise UsageError(
            f"{node} asks for the order of the text {text} and the number {number}: expected two "
            "numbers or two texts; compare texts by =, != or ~"
        )

    def _fits(self, node: Compare, value: Operand, pattern: str) -> Condition:
        pieces = patterns.read_pattern(pattern)
        texts = [] if value.texts is None else [value.texts]
        if value.numbers is not None:
            if not value.whole:
                raise UsageError(
                    f"{node} holds a pattern against {node.left}, which is a number: expected a "
                    "text; compare numbers by =, !=, <, <=, > or >="
                )
            texts.append(_word_of(value.numbers) if value.flag else cast(value.numbers, Text))
        if patterns.is_hopeless(pieces):
            return false()
        if self._operands.is_postgres:
            return or_(*(each.regexp_match(patterns.for_regex(pieces)) for each in texts))
        return or_(*(each.bool_op("GLOB")(patterns.for_glob(pieces)) for each in texts))

    def _operand(self, node: predicates.Operand) -> Operand:
        match node:
            case Number() | predicates.Text():
                return _constant(node.value)
            case Name():
                return self._operands.of(check_field(node.name))
            case Minus():
                inner = self._number(node.operand, node)
                return Operand(inner.missing, numbers=-_double(inner))
            case Arithmetic():
                return self._computed(node)

    def _computed(self, node: Arithmetic) -> Operand:
        left, right = self._number(node.left, node), self._number(node.right, node)
        a, b = _double(left), _double(right)
        missing = or_(left.missing, right.missing)
        if node.operator != "/":
            value = _ARITHMETIC[node.operator](a, b)
        else:
            value = self._operands.quotient(a, b)
            missing = or_(missing, func.coalesce(b == 0, false()))
        return Operand(missing, numbers=self._operands.without_nan(value))

    def _number(self, node: predicates.Operand, whole: predicates.Operand) -> Operand:
        found = self._operand(node)
        if found.numbers is not None and found.texts is not None:  # full * 2 is missing
            missing = or_(found.missing, found.texts.is_not(None))
            return Operand(missing, numbers=found.numbers)
        if found.numbers is not None:
            return found
        shown = f"the text '{found.constant}'" if found.constant is not None else f"{node}, a text"
        raise UsageError(
            f"{whole} computes with {shown}: expected a number; put a text with such signs in "
            "quotes"
        )


def _constant(value: float | str) -> Operand:
    """Return what was written out, without what no database takes as text."""
    return constant(clean(value))


def _word_of(flag: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((flag == 1, "true"), (flag == 0, "false"))


def _double(operand: Operand) -> ColumnElement[Any]:
    return cast(operand.numbers, Double)


def _fitted(left: Operand, right: Operand) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return two numbers to compare, exactly also where one is a large whole number."""
    return _fit(left, right), _fit(right, left)


def _fit(value: Operand, other: Operand) -> ColumnElement[Any]:
    assert value.numbers is not None
    written = value.constant
    if not isinstance(written, float) or not other.whole:
        return value.numbers
    if abs(written) >= 2**63:  # beyond every stored whole number, as infinity is
        return literal(math.copysign(math.inf, written), Double)
    return literal(int(written), BigInteger) if written.is_integer() else value.numbers
