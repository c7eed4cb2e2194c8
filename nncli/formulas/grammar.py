"""The grammar of formulas: text becomes a checked syntax tree, and nothing is ever evaluated.

Python's own parser reads the text; then every node must be one that is listed here: numbers, the
names of the kind of formula, ``+ - * / **``, calls of the listed functions, and comparisons as the
condition of ``where``. Limits on length, depth and nodes bound the time of all that follows.
"""

from __future__ import annotations

import ast
import re
import warnings

from nncli.errors import did_you_mean

#: The variables of each kind of formula; the first of an activation's may also be called ``z``.
VARIABLES = {"activation": ("x", "z"), "loss": ("p", "y")}

CONSTANTS = ("pi", "e")

#: Functions with the least and the most arguments that they take.
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sqrt"), (1, 1)),
    **dict.fromkeys(("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan"), (1, 1)),
    **dict.fromkeys(("sigmoid", "softplus", "relu", "erf", "abs", "sign"), (1, 1)),
    **dict.fromkeys(("max", "min"), (2, 8)),
    "where": (3, 3),
}

LONGEST = 500
DEEPEST = 40
MOST_NODES = 250

_ALLOWED = re.compile(r"[A-Za-z0-9_+\-*/().,<>=!^ \t\r\n]*")
_NAME = re.compile(r"\s*[A-Za-z_]\w*\s*(:.*)?", re.ASCII | re.DOTALL)


def is_formula(text: str) -> bool:
    """Return whether a text can only be a formula: it is no name, with or without ``:value``."""
    return bool(text.strip()) and _NAME.fullmatch(text) is None


def canonical(text: str, kind: str = "activation") -> str:
    """Return a valid formula without white space, which is how specs keep it.

    Raises ValueError for what is no formula of this ``kind``, ``activation`` or ``loss``.
    """
    parse(text, kind)
    return "".join(text.split())


def split_names(text: str) -> list[str]:
    """Split a list at its commas, but for those within parentheses: ``max(x,0),tanh`` is two."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def parse(text: str, kind: str) -> ast.expr:
    """Return the checked syntax tree of a formula; raises ValueError for anything else."""
    if len(text) > LONGEST:
        raise ValueError(f"the formula has {len(text)} characters, expected at most {LONGEST}")
    allowed = _ALLOWED.match(text)
    assert allowed is not None
    if allowed.end() < len(text):
        raise ValueError(
            f"a formula has no {text[allowed.end()]!r}: expected numbers, names, + - * / ** and "
            f"calls such as {_example(kind)}"
        )
    if "^" in text:
        raise ValueError("'^' is no operator of formulas: write ** for powers, such as x**2")
    try:
        with warnings.catch_warnings(action="ignore"):  # of numbers such as 1if
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) else ""
        raise ValueError(
            f"the formula cannot be read{place}: expected one such as {_example(kind)}"
        ) from None
    _Checker(kind).check(tree, 0)
    return tree


def _example(kind: str) -> str:
    return {"activation": "x*sigmoid(1.702*x)", "loss": "log(cosh(p-y))"}[kind]


_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class _Checker:
    """Walks a tree and raises ValueError at the first node that no formula may hold."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.nodes = 0

    def check(self, node: ast.AST, depth: int) -> None:
        """Check a node that stands for a number, and all below it."""
        self.nodes += 1
        if depth > DEEPEST:
            raise ValueError(f"the formula is nested more than {DEEPEST} deep: write it flatter")
        if self.nodes > MOST_NODES:
            raise ValueError(f"the formula has more than {MOST_NODES} terms: write it shorter")
        match node:
            case ast.BinOp(left, operator, right) if isinstance(operator, _OPERATORS):
                self.check(left, depth + 1)
                self.check(right, depth + 1)
            case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
                self.check(operand, depth + 1)
            case ast.Call(ast.Name(name), arguments, keywords):
                self._check_call(name, arguments, keywords, depth)
            case ast.Name(name):
                self._check_name(name)
            case ast.Constant(value) if type(value) in (int, float):
                pass
            case ast.Compare():
                raise ValueError(
                    "a comparison stands outside where(): write where(x > 0, this, that)"
                )
            case _:
                raise ValueError(
                    f"a formula cannot hold '{_shown(node)}': expected numbers, names, + - * / ** "
                    f"and calls such as {_example(self.kind)}"
                )

    def _check_call(
        self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword], depth: int
    ) -> None:
        if name not in FUNCTIONS:
            raise ValueError(
                f"unknown function '{name}': choose one of {', '.join(FUNCTIONS)}"
                f"{did_you_mean(name, FUNCTIONS)}"
            )
        least, most = FUNCTIONS[name]
        if keywords or not least <= len(arguments) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            raise ValueError(
                f"{name}() has {len(arguments)} plain arguments"
                f"{' and named ones' if keywords else ''}: expected {count}"
            )
        if name == "where":
            self._check_condition(arguments[0], depth + 1)
            arguments = arguments[1:]
        for each in arguments:
            self.check(each, depth + 1)

    def _check_condition(self, node: ast.expr, depth: int) -> None:
        if not isinstance(node, ast.Compare) or not all(
            isinstance(each, _COMPARISONS) for each in node.ops
        ):
            raise ValueError(
                f"the condition of where() is '{_shown(node)}': expected a comparison by <, <=, > "
                "or >=, such as where(x > 0, this, that)"
            )
        for each in (node.left, *node.comparators):
            self.check(each, depth + 1)

    def _check_name(self, name: str) -> None:
        variables = VARIABLES[self.kind]
        if name in variables or name in CONSTANTS:
            return
        called = f": write {name}(...)" if name in FUNCTIONS else ""
        known = (*variables, *CONSTANTS)
        raise ValueError(
            f"unknown name '{name}'{called or did_you_mean(name, known)}: the formula of "
            f"{'an activation' if self.kind == 'activation' else 'a loss'} has the names "
            f"{', '.join(known)}"
        )


def _shown(node: ast.AST) -> str:
    """Return the start of a node's source."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
