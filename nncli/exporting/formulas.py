"""From a formula of the user to a tree of elementary operations.

The tree is of the expression that the formula's kernels were written from, with the forms that
cannot overflow (:mod:`nncli.formulas.functions`), so that what is exported computes what was
trained.
"""

from __future__ import annotations

import functools
import math
from functools import reduce
from typing import Any

import sympy

from nncli.exporting.trees import Tree
from nncli.formulas import functions as f
from nncli.formulas.expression import X, expression

_LN2 = math.log(2)

#: Functions of one operand that are operations themselves.
_SAME: dict[Any, str] = {
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.erf: "erf",
    f.expm1: "expm1",
    f.log1p: "log1p",
    f.sin: "sin",
    f.cos: "cos",
    f.tan: "tan",
    f.sinh: "sinh",
    f.cosh: "cosh",
    f.tanh: "tanh",
    f.atan: "atan",
    f.sigmoid: "sigmoid",
    f.softplus: "softplus",
    f.absolute: "abs",
    f.side: "sign",
    f.choose: "where",
    f.larger: "max",
}


@functools.cache
def formula_tree(text: str) -> Tree:
    """Return the tree of a formula of ``x``; raises ValueError for what is no formula."""
    return _tree(expression(text, "activation"))


def _tree(found: Any) -> Tree:
    if found == X:
        return "x"
    if found.is_number:
        return float(found)
    if isinstance(found, sympy.Add):
        return _sum(found)
    if isinstance(found, sympy.Mul):
        return _product(found)
    if isinstance(found, sympy.Pow):
        return _power(found.base, found.exp)
    operands = [_tree(each) for each in found.args]
    if isinstance(found, f.log_cosh):
        # ln(cosh u) = |u| + ln(1 + exp(-2 |u|)) - ln 2
        size: Tree = ("abs", operands[0])
        return ("sub", ("add", size, ("softplus", ("mul", -2.0, size))), _LN2)
    return (_SAME[type(found)], *operands)


def _sum(found: sympy.Add) -> Tree:
    terms = sorted(found.args, key=lambda each: each.could_extract_minus_sign())
    total = _tree(terms[0])
    for each in terms[1:]:
        negative = each.could_extract_minus_sign()
        total = ("sub", total, _tree(-each)) if negative else ("add", total, _tree(each))
    return total


def _product(found: sympy.Mul) -> Tree:
    if found.args[0] == -1:
        return ("neg", _tree(-found))
    above: list[Tree] = []
    below: list[Tree] = []
    for each in found.args:
        inverted = isinstance(each, sympy.Pow) and each.exp.could_extract_minus_sign()
        (below if inverted else above).append(_tree(1 / each if inverted else each))
    top = reduce(_times, above) if above else 1.0
    return ("div", top, reduce(_times, below)) if below else top


def _times(a: Tree, b: Tree) -> Tree:
    return ("mul", a, b)


def _power(base: Any, exponent: Any) -> Tree:
    if exponent.could_extract_minus_sign():
        return ("div", 1.0, _tree(base**-exponent))
    if exponent in (sympy.Rational(1, 2), 0.5):
        return ("sqrt", _tree(base))
    if exponent == 2:
        return ("mul", _tree(base), _tree(base))
    return ("pow", _tree(base), _tree(exponent))
