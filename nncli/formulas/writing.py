"""Kernels written from expressions: the source of a module with one operation a line.

Every subexpression gets a name once, so what a formula and its derivative share is computed once.
Numbers are cast to the network's type ahead of the loop. A choice whose condition is NaN gives NaN:
divergence must be seen.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import sympy

from nncli.formulas.expression import P, X, Y, derivative
from nncli.formulas.functions import (
    absolute,
    atan,
    choose,
    cos,
    cosh,
    expm1,
    larger,
    log1p,
    log_cosh,
    side,
    sigmoid,
    sin,
    sinh,
    softplus,
    switches_of,
    tan,
    tanh,
)
from nncli.kernels import elementary

#: Functions that are written as calls, with the name that NumPy and the kernels have for them.
_CALLS: dict[Any, str] = {
    sympy.exp: "exp",
    expm1: "expm1",
    sympy.log: "log",
    log1p: "log1p",
    sin: "sin",
    cos: "cos",
    tan: "tan",
    sinh: "sinh",
    cosh: "cosh",
    tanh: "tanh",
    atan: "arctan",
    sympy.erf: "erf",
}

_MODULE = '''"""Written by nncli from the {kind} formula {text}"""

{imports}


{functions}
'''

_FORWARD = """\
@kernel
def forward(z, a, parameters, width):
    {constants}
    for i in range(z.size):
        x = z[i]
        {lines}
        a[i] = {result}
"""

_BACKWARD = """\
@kernel
def backward(z, a, d, parameters, d_parameters, width):
    {constants}
    for i in range(z.size):
        x = z[i]
        {lines}
        d[i] *= {result}
"""

_LOSS = """\
@kernel
def loss(z, p, y, d, scale, settings):
    outputs = p.shape[1]
    factor = p.dtype.type(scale / outputs)
    {constants}
    total = 0.0
    p_, y_, d_ = flat(p), flat(y), flat(d)
    for i in range(p_.size):
        p_i, y_i = p_[i], y_[i]
        {lines}
        total += {result}
        d_[i] = {slope} * factor
    return total / outputs
"""

_SWITCHES = """\
def switches(values, found):
    {constants}
    {unpacked}
    {lines}
    {stored}
"""


def activation_source(text: str, formula: sympy.Expr) -> str:
    """Return the module of an activation: ``forward``, ``backward`` and perhaps ``switches``."""
    forward, backward = _Writer({X: "x"}, "z"), _Writer({X: "x"}, "z")
    result, slope = forward.name(formula), backward.name(derivative(formula, X))
    functions = [
        forward.fill(_FORWARD, result=result),
        backward.fill(_BACKWARD, result=slope),
        *_switches(formula, (X,)),
    ]
    return _module("activation", text, functions)


def loss_source(text: str, formula: sympy.Expr) -> str:
    """Return the module of a loss: ``loss``, a mean over the outputs, and perhaps ``switches``."""
    writer = _Writer({P: "p_i", Y: "y_i"}, "p")
    result, slope = writer.name(formula), writer.name(derivative(formula, P))
    functions = [
        writer.fill(_LOSS, result=result, slope=slope),
        *_switches(formula, (P, Y)),
    ]
    return _module("loss", text, functions)


def _switches(formula: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> list[str]:
    """Return the function that writes the values of all switches, if there are any."""
    writer = _Writer({each: str(each) for each in variables}, "values")
    results = [writer.name(each) for each in switches_of(formula)]
    if not results:
        return []
    unpacked = [f"{each} = values[{place}]" for place, each in enumerate(variables)]
    stored = [f"found[{place}] = {each}" for place, each in enumerate(results)]
    return [writer.fill(_SWITCHES, unpacked="\n".join(unpacked), stored="\n".join(stored))]


def _module(kind: str, text: str, functions: list[str]) -> str:
    body = "\n\n".join(functions).rstrip()
    fast = sorted(name for name in _elementary() if f" {name}(" in body)
    imports = ["import numpy as np", ""] if " np." in body else []
    if fast:
        imports.append(f"from nncli.kernels.elementary import {', '.join(fast)}")
    imports.append("from nncli.kernels.jit import kernel")
    if "flat(" in body:
        imports.append("from nncli.kernels.views import flat")
    return _MODULE.format(kind=kind, text=text, imports="\n".join(imports), functions=body)


def _elementary() -> set[str]:
    """Return the functions that kernels have as vector instructions; others are the C library's."""
    return {name for name in _CALLS.values() if hasattr(elementary, name)}


class _Writer:
    """Writes the lines that compute expressions of ``variables``, in the type of ``array``."""

    def __init__(self, variables: dict[sympy.Symbol, str], array: str) -> None:
        self._names: dict[Any, str] = dict(variables)
        self._array = array
        self._constants: dict[float, str] = {}
        self._lines: dict[str, str] = {}

    def fill(self, template: str, **results: str) -> str:
        """Return ``template`` with the lines that were written."""
        constants = [
            f"{name} = {self._array}.dtype.type({value!r})"
            for value, name in self._constants.items()
        ]
        lines = [f"{name} = {code}" for code, name in self._lines.items()]
        parts = {"constants": "\n".join(constants), "lines": "\n".join(lines), **results}
        return _filled(template, parts)

    def name(self, found: Any) -> str:
        """Return the name of the variable or constant that holds an expression's value."""
        if found not in self._names:
            self._names[found] = self._written(found)
        return self._names[found]

    def _line(self, code: str) -> str:
        return self._lines.setdefault(code, f"t{len(self._lines)}")

    def _constant(self, value: float) -> str:
        if not math.isfinite(value):
            raise ValueError("a number in the formula or its derivative is too large")
        return self._constants.setdefault(value, f"c{len(self._constants)}")

    def _written(self, found: Any) -> str:
        if found.is_number:
            try:
                return self._constant(float(found))
            except (TypeError, OverflowError):
                raise ValueError(f"'{found}' in the formula is not a finite number") from None
        if isinstance(found, sympy.Add):
            return self._sum(found)
        if isinstance(found, sympy.Mul):
            return self._product(found)
        if isinstance(found, sympy.Pow):
            return self._power(found.base, found.exp)
        arguments = [self.name(each) for each in found.args]
        if type(found) in _TEMPLATES:
            return self._expanded(type(found), arguments)
        if type(found) not in _CALLS:
            raise ValueError(f"'{found.func}' came up in the derivative, and kernels lack it")
        return self._call(_CALLS[type(found)], arguments[0])

    def _call(self, name: str, argument: str) -> str:
        prefix = "" if name in _elementary() else "np."
        return self._line(f"{prefix}{name}({argument})")

    def _sum(self, found: sympy.Add) -> str:
        terms = sorted(found.args, key=lambda each: each.could_extract_minus_sign())
        total = self.name(terms[0])
        for each in terms[1:]:
            if each.could_extract_minus_sign():
                total = self._line(f"{total} - {self.name(-each)}")
            else:
                total = self._line(f"{total} + {self.name(each)}")
        return total

    def _product(self, found: sympy.Mul) -> str:
        if found.args[0] == -1:
            return self._line(f"-{self.name(-found)}")
        above: list[Any] = []
        below: list[Any] = []
        for each in found.args:
            inverted = isinstance(each, sympy.Pow) and each.exp.could_extract_minus_sign()
            (below if inverted else above).append(1 / each if inverted else each)
        top = reduce(self._times, map(self.name, above)) if above else self._constant(1.0)
        if not below:
            return top
        return self._line(f"{top} / {reduce(self._times, map(self.name, below))}")

    def _times(self, a: str, b: str) -> str:
        return self._line(f"{a} * {b}")

    def _power(self, base: Any, exponent: Any) -> str:
        if exponent.could_extract_minus_sign():
            return self._line(f"{self._constant(1.0)} / {self.name(base**-exponent)}")
        if exponent == sympy.Rational(1, 2) or exponent == 0.5:
            return self._line(f"np.sqrt({self.name(base)})")
        if exponent.is_Integer:
            if exponent == 1:
                return self.name(base)
            half = self._power(base, exponent // 2)
            square = self._times(half, half)
            return square if exponent % 2 == 0 else self._times(square, self.name(base))
        return self._line(f"{self.name(base)} ** {self.name(exponent)}")

    def _expanded(self, kind: Any, arguments: list[str]) -> str:
        """Write the lines of a template; the last one is the result."""
        names = dict(zip("uvw", arguments, strict=False))
        for place, (call, code) in enumerate(_TEMPLATES[kind]):
            numbers = {word: self._constant(_NUMBERS[word]) for word in _NUMBERS if word in code}
            filled = code.format(**names, **numbers)
            result = self._call(call, filled) if call else self._line(filled)
            names[f"r{place}"] = result
        return result


_NUMBERS = {"zero": 0.0, "half": 0.5, "one": 1.0, "two": 2.0}

#: Lines as (function or nothing, argument or code); u, v, w are arguments, r0, r1, ... results.
_TEMPLATES: dict[Any, list[tuple[str, str]]] = {
    choose: [("", "{v} if {u} > {zero} else ({w} if {u} <= {zero} else {u})")],
    # u + v is NaN where the two cannot be compared
    larger: [("", "{u} if {u} > {v} else ({v} if {u} <= {v} else {u} + {v})")],
    absolute: [("", "-{u} if {u} < {zero} else {u}")],
    side: [("", "{one} if {u} > {zero} else (-{one} if {u} < {zero} else {u})")],
    sigmoid: [("exp", "-{u}"), ("", "{one} / ({one} + {r0})")],
    softplus: [
        ("", "-{u} if {u} < {zero} else {u}"),
        ("exp", "-{r0}"),
        ("log1p", "{r1}"),
        ("", "{u} if {u} > {zero} else {zero}"),
        ("", "{r3} + {r2}"),
    ],
    # ln(cosh u) = |u| + ln(1 + (exp(-2|u|) - 1) / 2)
    log_cosh: [
        ("", "-{u} if {u} < {zero} else {u}"),
        ("expm1", "-{two} * {r0}"),
        ("log1p", "{half} * {r1}"),
        ("", "{r0} + {r2}"),
    ],
}


def _filled(template: str, parts: dict[str, str]) -> str:
    """Fill ``{name}`` in a template; parts of several lines keep the place's indentation."""
    lines = []
    for line in template.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        filled = line.format(**parts) if "{" in line else line
        lines += [each if each.startswith(indent) else indent + each for each in filled.split("\n")]
    return "\n".join(line for line in lines if line.strip()) + "\n"
