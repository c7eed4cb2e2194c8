"""The functions of formulas that SymPy does not have in the form that kernels need.

Each knows its derivative. What jumps or bends is differentiated piece by piece: a derivative that
does not exist at a point is one of its neighbours' there, as that of ReLU, and SymPy's own forms,
with delta functions and solved inequalities, never come up. Nor do SymPy's trigonometric and
hyperbolic functions, which may expand a power of a long sum to learn whether they are real.
"""

from __future__ import annotations

from typing import Any

import sympy


class Real(sympy.Function):  # type: ignore[misc]
    """A function that SymPy leaves as it is, real wherever there is a value at all."""

    is_commutative = True
    is_real = True


class choose(Real):
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


class larger(Real):
    """``max(a, b)``. As a choice it would hold both twice, and nested ones would grow like 2^n."""

    nargs = 2

    def _eval_derivative(self, symbol: Any) -> Any:
        a, b = self.args
        return choose(a - b, a.diff(symbol), b.diff(symbol))


class absolute(Real):
    """``|u|``, with the derivative ``sign(u)``, which is 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``sign(u)``."""
        return side(self.args[0])


class side(Real):
    """``sign(u)``, flat on both sides of its jump."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return 0."""
        return sympy.Integer(0)


class sigmoid(Real):
    """``s = 1 / (1 + exp(-u))``; its derivative ``s (1 - s)`` cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``s (1 - s)``."""
        return self * (1 - self)


class softplus(Real):
    """``ln(1 + exp(u))``, written so that it cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``sigmoid(u)``."""
        return sigmoid(self.args[0])


class log_cosh(Real):
    """``ln(cosh(u))``, written so that it cannot overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``tanh(u)``."""
        return tanh(self.args[0])


class log1p(Real):
    """``ln(1 + u)``, exact for small u."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``1 / (1 + u)``."""
        return 1 / (1 + self.args[0])


class expm1(Real):
    """``exp(u) - 1``, exact for small u."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``exp(u)``."""
        return sympy.exp(self.args[0])


class sin(Real):
    """The sine, of radians."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``cos(u)``."""
        return cos(self.args[0])


class cos(Real):
    """The cosine, of radians."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``-sin(u)``."""
        return -sin(self.args[0])


class tan(Real):
    """The tangent, of radians."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``1 + tan(u)^2``."""
        return 1 + self**2


class sinh(Real):
    """``(exp(u) - exp(-u)) / 2``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``cosh(u)``."""
        return cosh(self.args[0])


class cosh(Real):
    """``(exp(u) + exp(-u)) / 2``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``sinh(u)``."""
        return sinh(self.args[0])


class tanh(Real):
    """``sinh(u) / cosh(u)``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``1 - tanh(u)^2``."""
        return 1 - self**2


class atan(Real):
    """The inverse of the tangent."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return ``1 / (1 + u^2)``."""
        return 1 / (1 + self.args[0] ** 2)


def switches_of(formula: Any) -> list[Any]:
    """Return the expressions whose signs tell the pieces of a formula apart, in a fixed order."""
    found = {each.args[0] for each in formula.atoms(choose, absolute, side)}
    found |= {each.args[0] - each.args[1] for each in formula.atoms(larger)}
    return sorted(found, key=sympy.default_sort_key)


def logarithm(u: Any) -> Any:
    """Return ``ln(u)``, in a form that cannot overflow where ``u`` is a well-known one."""
    if isinstance(u, cosh):
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
