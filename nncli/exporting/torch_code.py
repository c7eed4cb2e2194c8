"""Activations as PyTorch code: a module of ``torch.nn``, or a class written from a tree."""

from __future__ import annotations

import functools
from typing import Any

from nncli.exporting.activations import activation_tree
from nncli.exporting.literals import short
from nncli.exporting.trees import Tree
from nncli.model import Layer

#: Modules of torch.nn that compute the same; ``{alpha}`` is the activation's number.
_MODULES = {
    "identity": "nn.Identity()",
    "softmax": "nn.Softmax(dim=1)",
    "relu": "nn.ReLU()",
    "leaky_relu": "nn.LeakyReLU({alpha})",
    "elu": "nn.ELU({alpha})",
    "selu": "nn.SELU()",
    "relu6": "nn.ReLU6()",
    "gelu": "nn.GELU()",
    "gelu_tanh": 'nn.GELU("tanh")',
    "silu": "nn.SiLU()",
    "hard_silu": "nn.Hardswish()",
    "softplus": "nn.Softplus()",
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "softsign": "nn.Softsign()",
    "hard_sigmoid": "nn.Hardsigmoid()",
    "hard_tanh": "nn.Hardtanh()",
}

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}

#: What an operation is called where PyTorch has another name for it.
_CALLS = {
    "max": "torch.maximum",
    "min": "torch.minimum",
    "softplus": "nn.functional.softplus",
}

_CLASS = '''class {name}(nn.Module):
    """The activation {text}."""

    def forward(self, x):
        return {code}'''


class Activations:
    """The activations of a network as they are met, and the classes that they need."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def module(self, layer: Layer, alpha: Any) -> str:
        """Return the code that makes a layer's activation, given its numbers (k,) or None."""
        choice = layer.choice
        if choice.part.name == "prelu":
            if choice.learned:
                return f"nn.PReLU({choice.numbers(layer.fan_out)})"
            return f"nn.LeakyReLU({short(alpha[0])!r})"
        if choice.part.name in _MODULES:
            number = "" if alpha is None else repr(short(alpha[0]))
            return _MODULES[choice.part.name].format(alpha=number)
        name = self._names.setdefault(layer.activation, f"Activation{len(self._names) + 1}")
        return f"{name}()"

    def classes(self) -> list[str]:
        """Return the classes of all activations that torch.nn lacks."""
        return [
            _CLASS.format(name=name, text=text, code=_bare(code(activation_tree(text))))
            for text, name in self._names.items()
        ]


@functools.cache
def code(tree: Tree) -> str:
    """Return a tree as an expression of the tensor ``x``, within parentheses where it needs them.

    Infinite and NaN values pass through it as through the kernels.
    """
    if isinstance(tree, float):
        return repr(tree)
    if isinstance(tree, str):
        return tree
    operation, *operands = tree
    name = str(operation)
    if name in _INFIX:
        return f"({code(operands[0])} {_INFIX[name]} {code(operands[1])})"
    if name == "neg":
        return f"(-{code(operands[0])})"
    if name == "where":
        condition, then, otherwise = map(code, operands)
        if isinstance(operands[1], float):  # else PyTorch would choose a type of its own
            then = f"x.new_tensor({_bare(then)})"
        return f"torch.where({_bare(condition)} > 0, {_bare(then)}, {_bare(otherwise)})"
    if name in ("max", "min"):
        limits = [each for each in operands if isinstance(each, float)]
        if limits:
            (tensor,) = (each for each in operands if not isinstance(each, float))
            end = {"max": "min", "min": "max"}[name]  # the larger of two is at least the one
            return f"{code(tensor)}.clamp({end}={limits[0]!r})"
    listed = ", ".join(_bare(code(each)) for each in operands)
    return f"{_CALLS.get(name, f'torch.{name}')}({listed})"


def _bare(text: str) -> str:
    """Return an expression without the parentheses around all of it."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 and text.startswith("(") else text
    return text


__all__ = ["Activations", "code"]
