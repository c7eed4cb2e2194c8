"""Activations as trees of elementary operations, which every format can write in its own words.

A tree is a number, ``"x"`` for the weighted sum, ``"alpha"`` for the activation's own number, or a
tuple of an operation and its operands: ``("mul", "x", ("sigmoid", "x"))`` is SiLU. Softmax alone
looks at a whole row and is the operation ``("softmax", "x")``.
"""

from __future__ import annotations

from typing import TypeAlias, Union

Tree: TypeAlias = Union[float, str, tuple["Tree", ...]]  # noqa: UP007 (refers to itself)

#: The operations with the number of their operands. ``where`` is its second operand where the first
#: is above 0, else the third.
OPERATIONS = {
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "max", "min"), 2),
    **dict.fromkeys(("neg", "abs", "sign", "sqrt", "exp", "expm1", "log", "log1p", "erf"), 1),
    **dict.fromkeys(("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan"), 1),
    **dict.fromkeys(("sigmoid", "softplus", "softmax"), 1),
    "where": 3,
}

X, ALPHA = "x", "alpha"

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_ROOT_HALF = 0.7071067811865476  # sqrt(1 / 2)
_TWICE_ROOT, _CUBIC = 1.5957691216057308, 0.044715  # 2 sqrt(2 / pi)

_SIX_GATE: Tree = ("min", ("max", ("add", X, 3.0), 0.0), 6.0)  # hard sigmoid, times six

#: Every activation of the catalogue; what each is, and where from, stands beside its kernels.
ACTIVATIONS: dict[str, Tree] = {
    "identity": X,
    "step": ("where", X, 1.0, 0.0),
    "softmax": ("softmax", X),
    "relu": ("max", X, 0.0),
    "leaky_relu": ("where", X, X, ("mul", ALPHA, X)),
    "prelu": ("where", X, X, ("mul", ALPHA, X)),
    "elu": ("where", X, X, ("mul", ALPHA, ("expm1", X))),
    "selu": ("mul", _SELU_SCALE, ("where", X, X, ("mul", _SELU_ALPHA, ("expm1", X)))),
    "relu6": ("min", ("max", X, 0.0), 6.0),
    "gelu": ("mul", X, ("mul", 0.5, ("add", 1.0, ("erf", ("mul", _ROOT_HALF, X))))),
    "gelu_tanh": (
        "mul",
        X,
        ("sigmoid", ("mul", ("mul", _TWICE_ROOT, X), ("add", 1.0, ("mul", _CUBIC, ("mul", X, X))))),
    ),
    "silu": ("mul", X, ("sigmoid", X)),
    "hard_silu": ("mul", X, ("div", _SIX_GATE, 6.0)),
    "softplus": ("softplus", X),
    "sigmoid": ("sigmoid", X),
    "tanh": ("tanh", X),
    "softsign": ("div", X, ("add", 1.0, ("abs", X))),
    "hard_sigmoid": ("div", _SIX_GATE, 6.0),
    "hard_tanh": ("min", ("max", X, -1.0), 1.0),
}


__all__ = ["ACTIVATIONS", "ALPHA", "OPERATIONS", "Tree", "X"]
