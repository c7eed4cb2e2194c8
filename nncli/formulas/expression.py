"""From a checked syntax tree to SymPy expressions: a formula and its derivative.

Whatever has no variable in it is computed in floating point at once, with a check, before SymPy
sees it: exact arithmetic on ``9**9**9`` would never end.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy

from nncli.formulas.functions import (
    absolute,
    atan,
    choose,
    cos,
    cosh,
    expm1,
    larger,
    log1p,
    logarithm,
    quotient,
    side,
    sigmoid,
    sin,
    sinh,
    softplus,
    tan,
    tanh,
)
from nncli.formulas.grammar import parse

#: The largest exponent, in size, that a formula may raise its variable to.
LARGEST_POWER = 64

#: Whole numbers up to this stay exact, so that ``x**2`` is a product and ``2*x/2`` is x.
_EXACT = 1000

#: A derivative with more operations than this is refused: it would take minutes to compile.
MOST_OPERATIONS = 3000

X, P, Y = (sympy.Symbol(name, real=True) for name in "xpy")

_SYMBOLS = {"x": X, "z": X, "p": P, "y": Y}
_CONSTANTS = {"pi": math.pi, "e": math.e}

Value = Any  #: a float, or a SymPy expression with a variable in it


def expression(text: str, kind: str) -> sympy.Expr:
    """Return the expression of a formula; raises ValueError for one that is none, or constant."""
    found = _value(parse(text, kind))
    variables = {"activation": (X,), "loss": (P, Y)}[kind]
    absent = [
        str(each)
        for each in variables
        if isinstance(found, float) or each not in found.free_symbols
    ]
    if absent:
        raise ValueError(
            f"the formula does not depend on {' and '.join(absent)}: "
            + ("expected a function of x" if kind == "activation" else "expected both p and y")
        )
    return found


def derivative(formula: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """Return the derivative of an expression; raises ValueError, with the reason, if there is none.

    At a jump or a kink it is that of one of the pieces.
    """
    found = formula.diff(variable)
    if found.has(sympy.Derivative, sympy.Subs, sympy.DiracDelta):
        raise ValueError(f"the formula cannot be differentiated with respect to {variable}")
    _check(found, "the derivative")
    if found == 0:
        raise ValueError(
            f"the derivative with respect to {variable} is 0 wherever there is one: nothing could "
            "be learned through it, expected a formula with a slope"
        )
    if found.count_ops() > MOST_OPERATIONS:
        raise ValueError(
            f"the derivative has more than {MOST_OPERATIONS} operations: write the formula shorter"
        )
    return found


def _value(node: ast.AST) -> Value:
    match node:
        case ast.Constant(int() | float() as value):
            return _finite(lambda: float(value), node)
        case ast.Name(name):
            return _CONSTANTS[name] if name in _CONSTANTS else _SYMBOLS[name]
        case ast.UnaryOp(operator, operand):
            inner = _value(operand)
            return -inner if isinstance(operator, ast.USub) else inner
        case ast.BinOp(left, operator, right):
            return _operation(operator, _value(left), _value(right), node)
        case ast.Call(ast.Name("where"), [condition, then, otherwise]):
            return _where(condition, _value(then), _value(otherwise))
        case ast.Call(ast.Name(name), arguments):
            return _call(name, [_value(each) for each in arguments], node)
    raise AssertionError(f"the grammar let {type(node).__name__} through")


def _operation(operator: ast.operator, a: Value, b: Value, node: ast.AST) -> Value:
    compute = _OPERATIONS[type(operator)]
    if isinstance(a, float) and isinstance(b, float):
        return _finite(lambda: compute(a, b), node)
    if isinstance(operator, ast.Div) and b == 0.0:
        raise ValueError(f"'{_shown(node)}' divides by zero")
    if isinstance(operator, ast.Pow):
        return _power(a, b, node)
    if isinstance(operator, ast.Div):
        return _checked(quotient(_exact(a), _exact(b)), node)
    return _checked(compute(_exact(a), _exact(b)), node)


def _power(a: Value, b: Value, node: ast.AST) -> Value:
    if isinstance(a, float) and a <= 0:
        raise ValueError(
            f"'{_shown(node)}' raises {a:g} to a power that varies: expected a base above 0"
        )
    if isinstance(b, float) and abs(b) > LARGEST_POWER:
        raise ValueError(
            f"the power {b:g} is too large: expected an exponent from -{LARGEST_POWER} to "
            f"{LARGEST_POWER}"
        )
    found = sympy.exp(_exact(b)) if a == math.e else _exact(a) ** _exact(b)
    return _checked(found, node)


def _where(condition: ast.AST, a: Value, b: Value) -> Value:
    """Return a where all of ``l < m < r`` holds, else b.

    Of several comparisons a number is made first, 1 or 0, so that b is not written several times.
    """
    assert isinstance(condition, ast.Compare)
    sides = [_value(each) for each in (condition.left, *condition.comparators)]
    if len(condition.ops) == 1:
        return _where_one(sides[0], condition.ops[0], sides[1], a, b)
    holds: Value = 1.0
    for left, operator, right in zip(sides[:-1], condition.ops, sides[1:], strict=True):
        holds = _where_one(left, operator, right, holds, 0.0)
    return _choose(holds, a, b)


def _where_one(left: Value, operator: ast.cmpop, right: Value, a: Value, b: Value) -> Value:
    match operator:
        case ast.Gt():
            return _choose(_difference(left, right), a, b)
        case ast.Lt():
            return _choose(_difference(right, left), a, b)
        case ast.GtE():  # unless left < right
            return _choose(_difference(right, left), b, a)
        case _:
            return _choose(_difference(left, right), b, a)


def _choose(t: Value, a: Value, b: Value) -> Value:
    if isinstance(t, float):
        return a if t > 0 else b
    if isinstance(a, float) and a == b:
        return a
    return choose(t, _exact(a), _exact(b))


def _larger(a: Value, b: Value) -> Value:
    if isinstance(a, float) and isinstance(b, float):
        return max(a, b)
    return a if a == b else larger(_exact(a), _exact(b))


def _difference(a: Value, b: Value) -> Value:
    both = isinstance(a, float) and isinstance(b, float)
    return a - b if both else _as_float(_exact(a) - _exact(b))


def _as_float(found: sympy.Expr) -> Value:
    """Return an expression, or the number that it has turned out to be."""
    return found if found.free_symbols else float(found)


def _call(name: str, arguments: list[Value], node: ast.AST) -> Value:
    if name in _CHOICES:
        return reduce(_CHOICES[name], arguments)
    build, compute = _FUNCTIONS[name]
    (argument,) = arguments
    if isinstance(argument, float):
        return _finite(lambda: compute(argument), node)
    return _checked(build(argument), node)


def _checked(found: Value, node: ast.AST) -> Value:
    """Return an expression that holds what kernels can compute, as a float if it is constant."""
    _check(found, f"'{_shown(node)}'")
    if not found.free_symbols:
        return _finite(lambda: float(found), node)
    return found.replace(sympy.Abs, absolute).replace(sympy.sign, side)


def _check(found: sympy.Expr, what: str) -> None:
    if found.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise ValueError(f"{what} is not finite anywhere")
    if found.has(sympy.I):
        raise ValueError(f"{what} is not a real number")
    # SymPy joins powers of powers, so that small exponents may have become a large one
    for power in found.atoms(sympy.Pow):
        if power.exp.is_number and abs(float(power.exp)) > 4 * LARGEST_POWER:
            raise ValueError(f"the power {float(power.exp):g} in {what} is too large")


def _finite(compute: Callable[[], Any], node: ast.AST) -> float:
    """Return the value of a constant part; raises ValueError for what is no finite real number."""
    try:
        found = compute()
    except (ArithmeticError, ValueError, TypeError):
        found = math.nan
    if isinstance(found, complex) or not math.isfinite(found):
        raise ValueError(f"'{_shown(node)}' is not a finite real number: write it otherwise")
    return float(found)


def _exact(value: Value) -> sympy.Expr:
    """Return a number for SymPy: small whole ones exact, others as the float that they are."""
    if not isinstance(value, float):
        return value
    whole = value.is_integer() and abs(value) <= _EXACT
    return sympy.Integer(int(value)) if whole else sympy.Float(value)


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _sigmoid(u: float) -> float:
    return 1 / (1 + math.exp(-u)) if u >= 0 else math.exp(u) / (1 + math.exp(u))


def _softplus(u: float) -> float:
    return max(u, 0.0) + math.log1p(math.exp(-abs(u)))


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}

_CHOICES: dict[str, Callable[[Value, Value], Value]] = {
    "max": lambda a, b: _larger(a, b),
    "min": lambda a, b: -_larger(-a, -b),
}

#: Of each function, what builds its expression and what computes it of a number.
_FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "exp": (sympy.exp, math.exp),
    "expm1": (expm1, math.expm1),
    "log": (logarithm, math.log),
    "log1p": (log1p, math.log1p),
    "sqrt": (sympy.sqrt, math.sqrt),
    "sin": (sin, math.sin),
    "cos": (cos, math.cos),
    "tan": (tan, math.tan),
    "sinh": (sinh, math.sinh),
    "cosh": (cosh, math.cosh),
    "tanh": (tanh, math.tanh),
    "atan": (atan, math.atan),
    "erf": (sympy.erf, math.erf),
    "sigmoid": (sigmoid, _sigmoid),
    "softplus": (softplus, _softplus),
    "relu": (lambda u: larger(u, sympy.Integer(0)), lambda u: max(u, 0.0)),
    "abs": (absolute, abs),
    "sign": (side, lambda u: float((u > 0) - (u < 0))),
}
