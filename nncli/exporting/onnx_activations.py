"""Activations as ONNX nodes: by the operator that is made for one, or by its tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncli.exporting.activations import activation_tree
from nncli.exporting.onnx_graph import Graph
from nncli.exporting.trees import Tree
from nncli.model import Layer

_OPERATORS = {
    **{name: name.capitalize() for name in ("add", "sub", "mul", "div", "pow", "max", "min")},
    **{name: name.capitalize() for name in ("neg", "abs", "sign", "sqrt", "exp", "log", "erf")},
    **{name: name.capitalize() for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan")},
    **{name: name.capitalize() for name in ("sigmoid", "softplus")},
}

#: Operations that onnxruntime runs in float32 alone, by others that it runs in float64.
_IN_FLOAT64: dict[str, Callable[[Tree], Tree]] = {
    "softplus": lambda u: ("add", ("max", u, 0.0), ("log1p", ("exp", ("neg", ("abs", u))))),
    "tan": lambda u: ("div", ("sin", u), ("cos", u)),
    "sinh": lambda u: ("mul", 0.5, ("sub", ("exp", u), ("exp", ("neg", u)))),
    "cosh": lambda u: ("mul", 0.5, ("add", ("exp", u), ("exp", ("neg", u)))),
}


def add_activation(graph: Graph, layer: Layer, z: str, alpha: Any, name: str) -> str:
    """Add ``f(z)`` of a layer; ``alpha`` are the numbers (1 or units,) of f, or None."""
    made = _by_operator(graph, layer, z, alpha, name)
    if made is not None:
        return made
    numbers = "" if alpha is None else graph.vector(alpha, f"{name} alpha")
    return _Writer(graph, z, numbers, name).write(activation_tree(layer.activation))


def _by_operator(graph: Graph, layer: Layer, z: str, alpha: Any, name: str) -> str | None:
    """Add the one operator that an activation is, if there is one.

    Those with attributes are for float32 alone: attributes are, and onnxruntime lacks others.
    """
    part = layer.choice.part.name
    if part in ("relu6", "hard_tanh"):
        low, high = (0.0, 6.0) if part == "relu6" else (-1.0, 1.0)
        return graph.add("Clip", z, graph.number(low), graph.number(high), name=name)
    if graph.dtype != "float32":
        return None
    if part == "leaky_relu":
        return graph.add("LeakyRelu", z, name=name, alpha=float(alpha[0]))
    if part == "prelu":
        return graph.add("PRelu", z, graph.vector(alpha, f"{name} alpha"), name=name)
    if part == "elu":
        return graph.add("Elu", z, name=name, alpha=float(alpha[0]))
    if part == "hard_sigmoid":
        return graph.add("HardSigmoid", z, name=name, alpha=1 / 6, beta=0.5)
    if part == "hard_silu" and graph.opset >= 14:
        return graph.add("HardSwish", z, name=name)
    if part in ("selu", "softsign"):
        return graph.add(part.capitalize(), z, name=name)
    return None


class _Writer:
    """Adds the nodes of a tree; equal parts of it are one node."""

    def __init__(self, graph: Graph, x: str, alpha: str, name: str) -> None:
        self._graph, self._name = graph, name
        self._known: dict[Tree, str] = {"x": x, "alpha": alpha}

    def write(self, tree: Tree) -> str:
        """Return the name of a tree's value."""
        if isinstance(tree, float):
            return self._graph.number(tree)
        if tree not in self._known:
            assert isinstance(tree, tuple)
            self._known[tree] = self._added(*tree)
        return self._known[tree]

    def _added(self, operation: Tree, *operands: Tree) -> str:
        if operation in _IN_FLOAT64 and self._graph.dtype == "float64":
            return self.write(_IN_FLOAT64[str(operation)](operands[0]))
        if operation == "max" and operands[1] == 0.0:
            return self._node("Relu", operands[0])
        if operation == "softmax":
            return self._node("Softmax", operands[0], axis=1)
        if operation == "where":
            above = self._named("Greater", self.write(operands[0]), self._graph.number(0.0))
            return self._named("Where", above, *(self.write(each) for each in operands[1:]))
        if operation == "log1p":
            return self._node("Log", ("add", 1.0, operands[0]))
        if operation == "expm1":  # exp(u) - 1 = tanh(u / 2) (exp(u) + 1), which does not cancel
            half = ("tanh", ("mul", 0.5, operands[0]))
            return self.write(("mul", half, ("add", 1.0, ("exp", operands[0]))))
        return self._node(_OPERATORS[str(operation)], *operands)

    def _node(self, operator: str, *operands: Tree, **settings: Any) -> str:
        return self._named(operator, *(self.write(each) for each in operands), **settings)

    def _named(self, operator: str, *inputs: str, **settings: Any) -> str:
        return self._graph.add(
            operator, *inputs, name=f"{self._name} {operator.lower()}", **settings
        )
