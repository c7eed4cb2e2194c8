"""Formulas of the user: ``x*sigmoid(1.702*x)`` as an activation, ``log(cosh(p-y))`` as a loss.

A formula is text, perhaps out of somebody's database, and is never evaluated as Python: a grammar
of few names and functions is read (:mod:`~nncli.formulas.grammar`) into a SymPy expression
(:mod:`~nncli.formulas.expression`), which SymPy differentiates; out of both, kernels are written
(:mod:`~nncli.formulas.writing`) that Numba compiles like all others. What comes out is an ordinary
part of a network (:mod:`nncli.kernels.parts`).

Importing this package loads neither SymPy nor Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.formulas.grammar import canonical, is_formula, split_names

if TYPE_CHECKING:
    from nncli.formulas.checks import check_derivative, check_finite
    from nncli.formulas.making import activation, loss, register_activation, register_loss

__all__ = [
    "activation",
    "canonical",
    "check_derivative",
    "check_finite",
    "is_formula",
    "loss",
    "register_activation",
    "register_loss",
    "split_names",
]

_HOMES = {
    "activation": "nncli.formulas.making",
    "check_derivative": "nncli.formulas.checks",
    "check_finite": "nncli.formulas.checks",
    "loss": "nncli.formulas.making",
    "register_activation": "nncli.formulas.making",
    "register_loss": "nncli.formulas.making",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
