"""The grammar of conditions: text becomes a tree, by one function a level of precedence.

From weak to strong: ``or``, ``and``, ``not``, one comparison (``= == != < <= > >= ~ in is``),
sums, products, signs, parentheses. A bare word alone on the right of ``=`` and ``!=``, and within
``in (...)``, is a text, so that ``act=relu`` needs no quotes; anywhere else, in parentheses, and
compared with what is written out, it is a name: ``beta1 < beta2``, ``beta1 = (beta2)``,
``0.1 = lr``. Texts with other signs than those of words stand in quotes; the pattern after ``~``
needs none unless it holds spaces or parentheses. Limits on length, nesting and arithmetic bound the
time and the stack of all that follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nncli.errors import UsageError
from nncli.predicates.tokens import Tokens
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

LONGEST = 2000
#: What the smallest parser stack of an SQLite takes, with what stands around each operation there.
DEEPEST = 15
MOST_OPERATIONS = 30

COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")

#: Whole numbers above this are read as floats, as databases do.
LARGEST = 2**63 - 1
_MOST_DIGITS = 19


def parse(text: str) -> Expression:
    """Read a condition; raises UsageError with the place and what was expected there."""
    if len(text) > LONGEST:
        raise UsageError(
            f"a condition has {len(text)} characters: expected at most {LONGEST}; shorten it"
        )
    return _Parser(text).whole()


class _Parser(Tokens):
    """One method a level of precedence, weak to strong."""

    def __init__(self, text: str) -> None:
        self.depth = 0
        self.operations = 0
        super().__init__(text)

    def whole(self) -> Expression:
        """Read the whole text."""
        found = self.condition(self.either())
        if self.kind != "end":
            self.fail("an operator such as 'and', or the end")
        return found

    def deeper(self) -> None:
        """Count one more level of nesting."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"at most {DEEPEST} levels of parentheses and signs")

    def either(self) -> Expression | Operand:
        """Read what ``or`` joins."""
        first = self.both()
        if not self.at("or"):
            return first
        parts = [self.condition(first)]
        while self.take("or"):
            parts.append(self.condition(self.both()))
        return Or(tuple(parts))

    def both(self) -> Expression | Operand:
        """Read what ``and`` joins."""
        first = self.negated()
        if not self.at("and"):
            return first
        parts = [self.condition(first)]
        while self.take("and"):
            parts.append(self.condition(self.negated()))
        return And(tuple(parts))

    def negated(self) -> Expression | Operand:
        """Read what ``not`` may stand before."""
        if not self.take("not"):
            return self.comparison()
        self.deeper()
        found = Not(self.condition(self.negated()))
        self.depth -= 1
        return found

    def comparison(self) -> Expression | Operand:
        """Read one comparison, or what stands in parentheses."""
        left = self.sum()
        operator = "=" if self.token == "==" else self.token
        if self.at("~"):
            return Compare("~", self.operand(left), self.glob())
        if self.take(*COMPARISONS):
            found = Compare(operator, self.operand(left), self.right(operator, left))
            if self.at(*COMPARISONS, "~"):
                self.fail("'and' or 'or': write a < b and b < c")
            return found
        if self.take("in"):
            return In(self.operand(left), self.values())
        if self.take("not"):
            self.need("in")
            return Not(In(self.operand(left), self.values()))
        if self.take("is"):
            opposite = self.take("not")
            if self.kind != "word" or self.token.lower() not in ("none", "null"):
                self.fail("'none'")
            self.advance()
            missing = IsNull(self.operand(left))
            return Not(missing) if opposite else missing
        return left

    def right(self, operator: str, left: Expression | Operand) -> Operand:
        """Read the right side of a comparison; a bare word alone after ``name =`` is a text."""
        bare = self.kind == "word" and not isinstance(left, Number | Text)
        found = self.operand(self.sum())
        if operator in ("=", "!=") and bare and isinstance(found, Name):
            return Text(found.name)
        return found

    def glob(self) -> Text:
        """Read a pattern, in quotes or up to a space or parenthesis."""
        pattern = self.pattern()
        if pattern is not None:
            return Text(pattern)
        self.advance()
        if self.kind != "text":
            self.fail('a pattern such as "ada*"')
        return self.quoted()

    def values(self) -> tuple[Number | Text, ...]:
        """Read ``(a, b)``."""
        self.need("(")
        found = [self.value()]
        while self.take(","):
            found.append(self.value())
        self.need(")")
        return tuple(found)

    def value(self) -> Number | Text:
        """Read one of a list of values."""
        if self.kind == "word":
            word = Text(self.token)
            self.advance()
            return word
        found = self.sign()
        if not isinstance(found, Number | Text):
            self.fail("a number, a word or a text in quotes")
        return found

    def sum(self) -> Expression | Operand:
        """Read a sum."""
        left = self.product()
        while self.at("+", "-"):
            left = self.arithmetic(left, self.product)
        return left

    def product(self) -> Expression | Operand:
        """Read a product."""
        left = self.sign()
        while self.at("*", "/"):
            left = self.arithmetic(left, self.sign)
        return left

    def arithmetic(
        self, left: Expression | Operand, read: Callable[[], Expression | Operand]
    ) -> Arithmetic:
        """Read an operator and its right operand."""
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            self.fail(f"at most {MOST_OPERATIONS} arithmetic operations")
        operator, first = self.token, self.operand(left)
        self.advance()
        return Arithmetic(operator, first, self.operand(read()))

    def sign(self) -> Expression | Operand:
        """Read an operand with signs before it."""
        if not self.take("-"):
            return self.atom()
        self.deeper()
        found = self.operand(self.sign())
        self.depth -= 1
        return Number(-found.value) if isinstance(found, Number) else Minus(found)

    def atom(self) -> Expression | Operand:
        """Read a name, a number, a text, or what stands in parentheses."""
        if self.take("("):
            self.deeper()
            inside = self.either()
            self.need(")")
            self.depth -= 1
            return inside
        if self.kind == "text":
            return self.quoted()
        if self.kind not in ("number", "word"):
            self.fail("a name, a number or a text")
        kind, token = self.kind, self.token
        if kind == "number" and math.isinf(float(token)):
            self.fail("a number below 1.8e308")
        self.advance()
        if kind == "word":
            return Name(token)
        whole = token.isdigit() and len(token) <= _MOST_DIGITS and int(token) <= LARGEST
        return Number(int(token) if whole else float(token))

    def quoted(self) -> Text:
        """Read a text in quotes."""
        quote = self.token[0]
        found = Text(self.token[1:-1].replace(quote * 2, quote))
        self.advance()
        return found

    def condition(self, node: Expression | Operand) -> Expression:
        """Return a node that must be true or false."""
        if isinstance(node, Operand):
            self.fail("a comparison such as =, < or in")
        return node

    def operand(self, node: Expression | Operand) -> Operand:
        """Return a node that must have a value."""
        if not isinstance(node, Operand):
            self.fail("'and', 'or' or the end behind a condition")
        return node
