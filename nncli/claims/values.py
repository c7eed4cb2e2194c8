"""What is measured of a run: a number, written as an expression over terms.

A term is a field of the report (``val_accuracy:max``), a statistic of a layer (``grad_norm@1``,
``act_std@-1``), what it takes to reach a target (``epochs_to(train_loss<=0.1)``), or the number of
linear regions (``pieces``, ``pieces:rows``). Terms stand alone, or in sums, differences, products
and quotients; in a condition they give 1 where it holds and 0 where not, whose mean is a share.

The grammar is that of :mod:`nncli.predicates`. What is no name there is replaced by one of the same
length, so that its errors point to the right place.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nncli.errors import UsageError, unknown_choice
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
    Operand,
    Or,
    Text,
    evaluate,
    names,
    parse,
)

#: What it may take to reach a target.
COSTS = ("epochs", "updates", "seconds")

_TIME = re.compile(r"\b(?P<cost>[a-z]+)_to\(\s*(?P<target>[^()]*?)\s*\)")
_LAYER = re.compile(r"\b(?P<name>[^\W\d]\w*)@(?P<layer>-?\d+)(?![\w.])")
_SPECIAL = re.compile(f"{_TIME.pattern}|{_LAYER.pattern}")
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARED = re.compile(r"[=<>~]|\b(?:and|or|not|in|is)\b")


@dataclass(frozen=True)
class FieldTerm:
    """A field of the report, as it is written."""

    name: str


@dataclass(frozen=True)
class LayerTerm:
    """A statistic of a layer; layers count from 1, and -1 is the output layer."""

    statistic: str
    layer: int


@dataclass(frozen=True)
class TimeTerm:
    """How many epochs, updates or seconds it takes to reach a target; infinite where it is not."""

    cost: str
    target: str


@dataclass(frozen=True)
class PiecesTerm:
    """The linear regions of the square around the training rows, or those that the rows lie in."""

    of_rows: bool


Term: TypeAlias = FieldTerm | LayerTerm | TimeTerm | PiecesTerm

_PIECES = {"pieces": PiecesTerm(of_rows=False), "pieces:rows": PiecesTerm(of_rows=True)}


@dataclass(frozen=True)
class Value:
    """An expression that was read: its ``tree``, and the term that each name in it means."""

    text: str
    tree: Operand | Expression
    terms: Mapping[str, Term]

    @property
    def is_share(self) -> bool:
        """Say whether it is a condition: 1 where it holds, 0 where not."""
        return isinstance(self.tree, Compare | In | IsNull | Not | And | Or)

    def of(self, values: Mapping[str, Any]) -> float:
        """Return the number that comes of the terms' values by their names in the tree.

        NaN where it is not defined, as a quotient by zero, and for a condition that such a number
        would decide. Raises UsageError for arithmetic with a text.
        """
        tree = self.tree
        if isinstance(tree, Name | Number | Text | Minus | Arithmetic):
            return _number(tree, values)
        return _holds(tree, values)

    def of_kind(self, kind: type[Term]) -> dict[str, Term]:
        """Return the terms of a kind, by their names in the tree."""
        return {name: term for name, term in self.terms.items() if isinstance(term, kind)}


def read_value(text: str) -> Value:
    """Read a value. Raises UsageError for what cannot be read, and where nothing is measured."""
    special: dict[str, Term] = {}
    written: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        name = f"t{len(special)}".ljust(len(found[0]), "_")
        special[name], written[name] = _special(found), found[0]
        return name

    plain = _SPECIAL.sub(stand_in, text)
    try:
        tree = _tree(plain)
    except UsageError as error:
        message = str(error)
        for name, term in written.items():
            message = message.replace(name, term)
        raise UsageError(message) from None
    terms = {name: special.get(name) or _named(name) for name in names(tree)}
    if not terms:
        raise UsageError(
            f"'{text}' measures nothing: expected a field such as train_loss:last, a statistic of "
            "a layer such as grad_norm@1, epochs_to(train_loss<=0.1), or pieces"
        )
    return Value(text, tree, terms)


def _tree(text: str) -> Operand | Expression:
    """Return a condition, or an operand, which is read as the left side of one."""
    if _COMPARED.search(text):
        return parse(text)
    try:
        compared = parse(f"{text} = 0")
    except UsageError:
        parse(text)  # says what is wrong with it as it was written
        raise
    assert isinstance(compared, Compare)
    return compared.left


def _holds(node: Expression, values: Mapping[str, Any]) -> float:
    """Return 1 where a condition holds, 0 where not, NaN where that is not known."""
    match node:
        case Not():
            return 1 - _holds(node.operand, values)
        case And() | Or():
            decisive = float(isinstance(node, Or))
            parts = [_holds(part, values) for part in node.parts]
            unknown = any(math.isnan(part) for part in parts)
            return decisive if decisive in parts else math.nan if unknown else 1 - decisive
        case Compare():
            sides = [_amount(each, values) for each in (node.left, node.right)]
            if math.isinf(sides[0]) and sides[0] == sides[1]:
                return math.nan  # which of two that diverged is larger, nobody has measured
        case In():
            sides = [_amount(node.operand, values)]
        case IsNull():
            sides = []
    return math.nan if any(map(math.isnan, sides)) else float(evaluate(node, values))


def _amount(node: Operand, values: Mapping[str, Any]) -> float:
    """Return the number that an operand stands for, 0 for a text and for what is not set."""
    found = values[node.name] if isinstance(node, Name) else node
    is_word = found is None or isinstance(found, str | Text)
    return 0.0 if is_word else _number(node, values)


def _number(node: Operand, values: Mapping[str, Any]) -> float:
    match node:
        case Minus():
            return -_number(node.operand, values)
        case Arithmetic():
            left, right = _number(node.left, values), _number(node.right, values)
            if node.operator == "/" and right == 0:
                return math.nan
            return _ARITHMETIC[node.operator](left, right)
    found = values[node.name] if isinstance(node, Name) else node.value
    if isinstance(found, str):
        raise UsageError(f"'{node}' is the text '{found}': expected a number, or a condition on it")
    return math.nan if found is None else float(found)


def _special(found: re.Match[str]) -> Term:
    if found["layer"] is not None:
        layer = int(found["layer"])
        if layer == 0:
            raise UsageError(
                f"'{found[0]}' names layer 0: layers count from 1, and from -1, the output layer"
            )
        return LayerTerm(found["name"], layer)
    if found["cost"] not in COSTS:
        raise unknown_choice("cost", f"{found['cost']}_to", [f"{each}_to" for each in COSTS])
    return TimeTerm(found["cost"], found["target"])


def _named(name: str) -> Term:
    return _PIECES.get(name) or FieldTerm(name)
