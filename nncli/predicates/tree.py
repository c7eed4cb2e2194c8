"""The tree of a condition; ``str`` of a tree is a text that reads back as the same tree.

An :data:`Expression` is true or false; the :data:`Operand` of a comparison is a number, a text, or
missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

#: How strongly the parts of a text bind, from ``or`` to a name; weaker ones stand in parentheses.
OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(8)


@dataclass(frozen=True)
class Name:
    """A value that is looked up by name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Number:
    """A number that was written out."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Text:
    """A text that was written out, in quotes or as a bare word."""

    value: str

    def __str__(self) -> str:
        doubled = self.value.replace('"', '""')
        return f'"{doubled}"'


@dataclass(frozen=True)
class Minus:
    """The negative of an operand that is no number written out."""

    operand: Operand

    def __str__(self) -> str:
        return f"-{_within(self.operand, SIGN)}"


@dataclass(frozen=True)
class Arithmetic:
    """A sum, difference, product or quotient; ``operator`` is one of ``+ - * /``."""

    operator: str
    left: Operand
    right: Operand

    def __str__(self) -> str:
        level = _binding(self)
        return f"{_within(self.left, level)} {self.operator} {_within(self.right, level + 1)}"


@dataclass(frozen=True)
class Compare:
    """A comparison; ``operator`` is one of ``= != < <= > >= ~``, the last with a glob pattern."""

    operator: str
    left: Operand
    right: Operand

    def __str__(self) -> str:
        right = _within(self.right, SUM)
        if self.operator in ("=", "!=") and isinstance(self.right, Name):
            right = f"({right})"  # a bare word would be a text there
        return f"{_within(self.left, SUM)} {self.operator} {right}"


@dataclass(frozen=True)
class In:
    """Whether an operand equals one of several values."""

    operand: Operand
    values: tuple[Number | Text, ...]

    def __str__(self) -> str:
        return self.text("in")

    def text(self, how: str) -> str:
        """Return the text with ``in`` or ``not in``."""
        return f"{_within(self.operand, SUM)} {how} ({', '.join(map(str, self.values))})"


@dataclass(frozen=True)
class IsNull:
    """Whether an operand is missing."""

    operand: Operand

    def __str__(self) -> str:
        return self.text("is")

    def text(self, how: str) -> str:
        """Return the text with ``is`` or ``is not``."""
        return f"{_within(self.operand, SUM)} {how} none"


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    operand: Expression

    def __str__(self) -> str:
        if isinstance(self.operand, In):
            return self.operand.text("not in")
        if isinstance(self.operand, IsNull):
            return self.operand.text("is not")
        return f"not {_within(self.operand, NOT)}"


@dataclass(frozen=True)
class And:
    """Whether all of two or more conditions hold."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(_within(part, NOT) for part in self.parts)


@dataclass(frozen=True)
class Or:
    """Whether any of two or more conditions holds."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(_within(part, AND) for part in self.parts)


Operand: TypeAlias = Name | Number | Text | Minus | Arithmetic
Expression: TypeAlias = Compare | In | IsNull | Not | And | Or


def names(node: Expression | Operand) -> tuple[str, ...]:
    """Return the names in a condition, each once, in the order of the text."""
    return tuple(dict.fromkeys(_names(node)))


def _names(node: Expression | Operand) -> Iterator[str]:
    match node:
        case Name():
            yield node.name
        case Compare() | Arithmetic():
            yield from _names(node.left)
            yield from _names(node.right)
        case And() | Or():
            for part in node.parts:
                yield from _names(part)
        case Minus() | Not() | In() | IsNull():
            yield from _names(node.operand)
        case _:
            pass


def _binding(node: Expression | Operand) -> int:
    """Return how strongly the outermost operator of a node's text binds."""
    match node:
        case Or():
            return OR
        case And():
            return AND
        case Not():
            return COMPARISON if isinstance(node.operand, In | IsNull) else NOT
        case Compare() | In() | IsNull():
            return COMPARISON
        case Arithmetic():
            return SUM if node.operator in "+-" else PRODUCT
        case Minus():
            return SIGN
        case _:
            return ATOM


def _within(node: Expression | Operand, weakest: int) -> str:
    """Return the text of a node, in parentheses if it binds weaker than ``weakest``."""
    return f"({node})" if _binding(node) < weakest else str(node)
