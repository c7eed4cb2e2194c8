"""The functions of formulas that SymPy does not have in the form that kernels need.

Each knows its derivative. What jumps or bends is differentiated piece by piece: a derivative that
does not exist at a point is one of its neighbours' there, as that of ReLU, and SymPy's own forms,
with delta functions and solved inequalities, never come up.
"""

from __future__ import annotations

from typing import Any

import sympy


class choose(sympy.Function):  # type: ignore[misc]
    """``choose(t, a, b)`` is a where ``t > 0``, else b. The derivative is that of the piece."""

    nargs = 3

    @classmethod
    def eval(cls, t: Any, a: Any, b: Any) -> Any:
        """Return the piece where there is but one."""
        if a == b:
            return a
        return (a if t > 0 else b) if t.is_number else None

    def _eval_derivative(self, symbol: Any) -> Any:
        t, a, b = self.args
        return choose(t, a.diff(symbol), b.diff(symbol))


class larger(sympy.Function):  # type: ignore[misc]
    """``max(a, b)``. As a choice it would hold both twice, and nested ones would grow like 2^n."""

    nargs = 2

    def _eval_derivative(self, symbol: Any) -> Any:
        a, b = self.args
        return choose(a - b, a.diff(symbol), b.diff(symbol))


class absolute(sympy.Function):  # type: ignore[misc]
    """``|u|``, with the derivative ``sign(u)``, which is 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``sign(u)``."""
        return side(self.args[0])


class side(sympy.Function):  # type: ignore[misc]
    """``sign(u)``, flat on both sides of its jump."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return 0."""
        return sympy.Integer(0)


class sigmoid(sympy.Function):  # type: ignore[misc]
    """``s = 1 / (1 + exp(-u))``; its derivative ``s (1 - s)`` cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``s (1 - s)``."""
        return self * (1 - self)


class softplus(sympy.Function):  # type: ignore[misc]
    """``ln(1 + exp(u))``, written so that it cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``sigmoid(u)``."""
        return sigmoid(self.args[0])


class log_cosh(sympy.Function):  # type: ignore[misc]
    """``ln(cosh(u))``, written so that it cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``tanh(u)``."""
        return sympy.tanh(self.args[0])


class log1p(sympy.Function):  # type: ignore[misc]
    """``ln(1 + u)``, exact for small u."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``1 / (1 + u)``."""
        return 1 / (1 + self.args[0])


class expm1(sympy.Function):  # type: ignore[misc]
    """``exp(u) - 1``, exact for small u."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``exp(u)``."""
        return sympy.exp(self.args[0])


def switches_of(formula: Any) -> list[Any]:
    """Return the expressions whose signs tell the pieces of a formula apart, in a fixed order."""
    found = {each.args[0] for each in formula.atoms(choose, absolute, side)}
    found |= {each.args[0] - each.args[1] for each in formula.atoms(larger)}
    return sorted(found, key=sympy.default_sort_key)


def logarithm(u: Any) -> Any:
    """Return ``ln(u)``, in a form that cannot overflow where ``u`` is a well-known one."""
    if isinstance(u, sympy.cosh):
        return log_cosh(u.args[0])
    if isinstance(u, sigmoid):
        return -softplus(-u.args[0])
    if isinstance(u, sympy.Add) and len(u.args) == 2 and u.args[0] == 1:
        if isinstance(u.args[1], sympy.exp):
            return softplus(u.args[1].args[0])
        return log1p(u.args[1])
    return sympy.log(u)


def quotient(a: Any, b: Any) -> Any:
    """Return ``a / b``, where ``1 / (1 + exp(u))`` is ``sigmoid(-u)``, which cannot overflow."""
    one_more = isinstance(b, sympy.Add) and len(b.args) == 2 and b.args[0] == 1
    if one_more and isinstance(b.args[1], sympy.exp):
        return a * sigmoid(-b.args[1].args[0])
    return a / b
