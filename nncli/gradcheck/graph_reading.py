"""From the text of an expression to the nodes of its computation graph; nothing is evaluated.

Python's own parser reads the text, and every node of its tree must be one that is listed here. A
sub-expression that occurs twice becomes one node with two paths to the output.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from nncli.errors import UsageError, did_you_mean
from nncli.gradcheck.graph_rules import FUNCTIONS, RULES

EXAMPLE = '"((a+b)*c)**2" --at a=2,b=-1,c=3'

LONGEST = 400
DEEPEST = 60

_ALLOWED = re.compile(r"[A-Za-z0-9_+\-*/().,=; \t\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}

_ATOM, _UNARY = 5, 3
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "negative": _UNARY, "**": 4}


@dataclass
class Step:
    """A node before it has a value: ``operation`` of operands, or an input if that is None.

    An operand is the place of an earlier step, or a number. ``text`` is the expression as written,
    ``strength`` how tightly its outermost operator binds.
    """

    operation: str | None
    operands: tuple[int | float, ...]
    text: str
    strength: int = _ATOM
    name: str | None = None


@dataclass
class Reading:
    """The steps in the order of their evaluation, and the places of the outputs."""

    steps: list[Step] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


def parse_at(text: str) -> dict[str, float]:
    """Read ``a=2,b=-1`` as values by name. Raises UsageError."""
    values: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = (each.strip() for each in part.partition("="))
        if not equals or not _NAME.fullmatch(name):
            raise UsageError(f"--at has '{part.strip()}': expected name=number, such as a=2,b=-1")
        if name in values:
            raise UsageError(f"--at gives '{name}' twice: expected one value for each name")
        try:
            values[name] = float(number)
        except ValueError:
            values[name] = math.nan
        if not math.isfinite(values[name]):
            raise UsageError(f"--at gives {name} the value '{number}': expected a finite number")
    return values


def read(text: str, known: Collection[str]) -> Reading:
    """Read an expression whose inputs are among the names ``known``. Raises UsageError."""
    if len(text) > LONGEST:
        raise UsageError(f"the expression has {len(text)} characters: expected at most {LONGEST}")
    if not text.strip():
        raise UsageError(f"the expression is empty: expected one such as {EXAMPLE}")
    allowed = _ALLOWED.match(text)
    assert allowed is not None
    if allowed.end() < len(text):
        wrong = text[allowed.end()]
        power = " (powers are written **)" if wrong == "^" else ""
        raise UsageError(
            f"an expression has no {wrong!r}{power}: expected names, numbers, + - * / **, calls "
            f"and assignments, such as {EXAMPLE}"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of numbers such as 1if
            body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise UsageError(
            f"the expression '{_shown(text)}' cannot be read: expected one such as {EXAMPLE}"
        ) from None
    return _Reader(known).read(body)


class _Reader:
    """Turns statements into steps; ``names`` says what inputs and assigned names stand for."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = known
        self.reading = Reading()
        self.names: dict[str, int | float] = {}
        self.assigned: set[str] = set()
        self.places: dict[tuple[object, ...], int] = {}

    def read(self, body: list[ast.stmt]) -> Reading:
        """Read all statements; the last one has the outputs."""
        results: list[int | float] = []
        for place, statement in enumerate(body):
            last = place == len(body) - 1
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    results = [self.assign(name, value)]
                case ast.Expr(value=ast.Tuple(elts=values)) if last and values:
                    results = [self.operand(each, 0) for each in values]
                case ast.Expr(value=value) if last:
                    results = [self.operand(value, 0)]
                case _:
                    raise UsageError(
                        f"the expression cannot hold '{_shown(ast.unparse(statement))}': expected "
                        "assignments and then the outputs, such as u=a*b; u+a, u*2"
                    )
        if not results or any(isinstance(each, float) for each in results):
            raise UsageError(
                f"an output is a number, without any name: expected an expression such as {EXAMPLE}"
            )
        self.reading.outputs = [each for each in results if isinstance(each, int)]
        return self.reading

    def assign(self, name: str, value: ast.expr) -> int | float:
        """Give a name to the step of an expression."""
        if name in self.assigned or name in self.names or name in self.known or name in FUNCTIONS:
            raise UsageError(
                f"the expression assigns to '{name}', which is taken by a value, a function or an "
                "earlier assignment: expected a new name"
            )
        found = self.operand(value, 0)
        self.names[name] = found
        self.assigned.add(name)
        if isinstance(found, int) and self.reading.steps[found].name is None:
            # Not with u=a*b; v=a*b: that is one node, which keeps its first name.
            self.reading.steps[found].name = name
        return found

    def operand(self, node: ast.expr, depth: int) -> int | float:
        """Return the step or the number that a tree stands for."""
        if depth > DEEPEST:
            raise UsageError(
                f"the expression is nested more than {DEEPEST} deep: assign its parts to names, "
                "such as u=a*b; u**2"
            )
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.number(value)
            case ast.Name(name):
                return self.named(name)
            case ast.UnaryOp(ast.UAdd(), inner):
                return self.operand(inner, depth + 1)
            case ast.UnaryOp(ast.USub(), inner):
                return self.step("negative", self.operand(inner, depth + 1))
            case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
                operands = (self.operand(each, depth + 1) for each in (left, right))
                return self.step(_OPERATORS[type(operator)], *operands)
            case ast.Call(ast.Name(name), arguments, []):
                return self.call(name, arguments, depth)
        raise UsageError(
            f"the expression cannot hold '{_shown(ast.unparse(node))}': expected names, numbers, "
            f"+ - * / ** and calls, such as {EXAMPLE}"
        )

    def number(self, value: float) -> float:
        """Return a number of the text, which must be one of float64."""
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if not math.isfinite(found):
            raise UsageError("a number of the expression is too large: expected at most 1.7e308")
        return found

    def named(self, name: str) -> int | float:
        """Return what a name stands for; an input becomes a step when it is met first."""
        if name not in self.names:
            if name in FUNCTIONS:
                raise UsageError(f"'{name}' is a function: write {name}(...)")
            if name not in self.known:
                options = {*self.known, *self.assigned}
                raise UsageError(
                    f"'{name}' has no value: expected one in --at, such as --at {name}=1"
                    f"{did_you_mean(name, options)}"
                )
            self.names[name] = self.add(Step(None, (), name, name=name))
        return self.names[name]

    def call(self, name: str, arguments: list[ast.expr], depth: int) -> int | float:
        """Return the step of a function."""
        if name not in FUNCTIONS:
            raise UsageError(
                f"unknown function '{name}': choose one of {', '.join(FUNCTIONS)}"
                f"{did_you_mean(name, FUNCTIONS)}"
            )
        least, most = (2, 8) if RULES[name].any_number else (1, 1)
        if not least <= len(arguments) <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            raise UsageError(f"{name}() has {len(arguments)} arguments: expected {expected}")
        return self.step(name, *(self.operand(each, depth + 1) for each in arguments))

    def step(self, operation: str, *operands: int | float) -> int | float:
        """Return the step of an operation, a former one if it is the same; numbers are folded."""
        if all(isinstance(each, float) for each in operands):
            return self.number(fold(operation, operands))
        # The type tells the number 2.0 from the place 2, which are equal as keys.
        key = (operation, *((type(each), each) for each in operands))
        if key not in self.places:
            text, strength = self.written(operation, operands)
            self.places[key] = self.add(Step(operation, operands, text, strength))
        return self.places[key]

    def add(self, step: Step) -> int:
        self.reading.steps.append(step)
        return len(self.reading.steps) - 1

    def written(self, operation: str, operands: tuple[int | float, ...]) -> tuple[str, int]:
        """Return an operation as text of its operands' texts, and how tightly it binds."""
        parts = []
        for each in operands:
            if isinstance(each, float):
                parts.append((number_text(each), _UNARY if each < 0 else _ATOM))
            else:
                step = self.reading.steps[each]
                parts.append((step.name, _ATOM) if step.name else (step.text, step.strength))
        return written(operation, parts)


def written(operation: str, parts: list[tuple[str, int]]) -> tuple[str, int]:
    """Return an operation as text, with the parentheses that its operands need."""
    if operation in FUNCTIONS:
        return f"{operation}({','.join(text for text, _ in parts)})", _ATOM
    strength = _STRENGTH[operation]
    if operation == "negative":
        return f"-{_within(parts[0], strength)}", strength
    left, right = (strength + 1, _UNARY) if operation == "**" else (strength, strength + 1)
    return f"{_within(parts[0], left)}{operation}{_within(parts[1], right)}", strength


def _within(part: tuple[str, int], least: int) -> str:
    text, strength = part
    return text if strength >= least else f"({text})"


def fold(operation: str, operands: tuple[int | float, ...]) -> float:
    """Return the value of an operation on numbers. Raises UsageError where it is not finite."""
    with np.errstate(all="ignore"):
        found = float(RULES[operation].value(*(np.float64(each) for each in operands)))
    if not math.isfinite(found):
        text, _ = written(operation, [(number_text(float(each)), _ATOM) for each in operands])
        raise UsageError(f"'{text}' is {found}: expected a finite number")
    return found


def number_text(value: float) -> str:
    """Return a number as people write it: ``2``, ``0.5``."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
