"""The chain rule on a computation graph, node by node: reverse-mode differentiation of scalars.

An expression such as ``((a+b)*c)**2`` is a graph of nodes ``v = f(u, ...)``. With ``d_v`` for the
derivative of the output by node v, its adjoint, the chain rule reads

    d_output = 1,    d_u = sum over all v that use u of d_v * dv/du,

so that one pass from the back to the front finds all of them, and a node with several paths to the
output gets a sum over the paths (Griewank & Walther 2008, ch. 3). Of several outputs the derivative
of their sum is taken: the gradient is a sum over paths there too.

Every adjoint is compared with numeric derivatives: the value of the node is moved a little, what
depends on it is evaluated again, and the outputs are looked at (``graph_check.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.errors import UsageError, did_you_mean
from nncli.gradcheck import graph_check
from nncli.gradcheck.graph_check import Comparison
from nncli.gradcheck.graph_reading import Reading, number_text, parse_at, read, written
from nncli.gradcheck.graph_rules import RULES

__all__ = ["Edge", "Graph", "Node", "parse_at", "trace"]


@dataclass(frozen=True)
class Edge:
    """A path of one step: ``d_from * derivative`` is what node ``start`` adds to an operand."""

    start: int
    derivative: float
    text: str


@dataclass(frozen=True)
class Node:
    """A node with its value and its adjoint, and what the numeric derivatives say of that.

    ``name`` is the one of an input or an assignment, else ``v1``, ``v2``, ...; ``label`` is the
    same but for the latter, which it calls by their expression ``text``. ``local`` is the
    expression by the names of the operands, empty for an input. ``inputs`` are the names of the
    operands that are nodes, with ``derivatives`` of the node by each of them. ``edges`` are the
    paths by which the adjoint comes; ``outputs`` counts how often the node is an output.
    """

    name: str
    label: str
    text: str
    local: str
    value: float
    adjoint: float
    check: Comparison
    inputs: tuple[str, ...]
    derivatives: tuple[float, ...]
    edges: tuple[Edge, ...]
    outputs: int

    @property
    def numeric(self) -> float:
        """The derivative by central differences."""
        return self.check.numeric


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of evaluation; the value is the sum over the outputs."""

    nodes: tuple[Node, ...]
    value: float

    @property
    def passed(self) -> bool:
        """Whether the adjoints of all nodes agree with the numeric derivatives."""
        return all(node.check.passed for node in self.nodes)

    def to_json(self) -> dict[str, Any]:
        """Return the nodes from the back to the front, as ``--json`` prints them."""
        return {
            "nodes": [
                {
                    "node": node.label,
                    "value": node.value,
                    "adjoint": node.adjoint,
                    "numeric": node.numeric,
                }
                for node in reversed(self.nodes)
            ]
        }


def trace(text: str, at: dict[str, float]) -> Graph:
    """Evaluate an expression at the values ``at`` and differentiate it by every node.

    ``text`` is an expression, or assignments and then outputs: ``u=a*b; u+a, u*2``. Raises
    UsageError for what cannot be read, for a name that has no value or is not used, and where a
    value or a derivative is not finite.
    """
    reading = read(text, at)
    steps = reading.steps
    used = {step.name for step in steps if step.operation is None}
    if unused := [name for name in at if name not in used]:
        raise UsageError(
            f"--at gives '{unused[0]}' a value, but the expression does not use it: expected "
            f"{', '.join(f'{each}=...' for each in at if each in used)}"
            f"{did_you_mean(unused[0], {each for each in used if each})}"
        )
    with np.errstate(all="ignore"):  # what is not finite is refused by name below
        values = graph_check.evaluate(reading, {n: np.float64(v) for n, v in at.items()})
        names = _names(reading)
        for step, value, name in zip(steps, values, names, strict=True):
            if not math.isfinite(value):
                raise UsageError(
                    f"node {_titled(name, step.text)} is {value}: expected a finite value; try "
                    "others in --at"
                )
        derivatives = [_derivatives(reading, place, values, names) for place in range(len(steps))]
        adjoints, weights, edges = _backward(reading, derivatives, names)
        checks = [
            graph_check.compare(reading, values, place, adjoints[place], weights[place])
            for place in range(len(steps))
        ]
    nodes = [
        Node(
            name=names[place],
            label=step.name or step.text,
            text=step.text,
            local=_local(reading, place, names),
            value=float(values[place]),
            adjoint=adjoints[place],
            check=checks[place],
            inputs=tuple(names[each] for each in step.operands if isinstance(each, int)),
            derivatives=tuple(derivatives[place]),
            edges=tuple(edges[place]),
            outputs=reading.outputs.count(place),
        )
        for place, step in enumerate(steps)
    ]
    for node in nodes:
        if not math.isfinite(node.adjoint) or not math.isfinite(node.numeric):
            raise UsageError(
                f"node {_titled(node.name, node.text)} has the adjoint {node.adjoint:g} and the "
                f"numeric derivative {node.numeric:g}: expected finite ones; try values in --at "
                "that are farther from the edge of its domain"
            )
    return Graph(tuple(nodes), float(sum(values[each] for each in reading.outputs)))


def _derivatives(reading: Reading, place: int, values: list[Any], names: list[str]) -> list[float]:
    """Return the derivative of a node by each of its operands that is a node."""
    step = reading.steps[place]
    if step.operation is None:
        return []
    rule = RULES[step.operation]
    operands = graph_check.operands_of(step, values)
    found = []
    for position, each in enumerate(step.operands):
        if isinstance(each, int):
            slope = rule.slope(position, values[place], operands)
            if not math.isfinite(slope):
                raise UsageError(
                    f"the derivative of node {_titled(names[place], step.text)} by {names[each]} "
                    f"is {slope} at {names[each]} = {values[each]:g}: expected a finite one; try "
                    "other values in --at"
                )
            found.append(slope)
    return found


def _backward(
    reading: Reading, derivatives: list[list[float]], names: list[str]
) -> tuple[list[float], list[float], list[list[Edge]]]:
    """Return adjoints, their weights and the paths that each is the sum of.

    The weight is the same sum over paths of absolute values: what the terms were before they
    cancelled, and so the scale of rounding.
    """
    count = len(reading.steps)
    adjoints = [float(reading.outputs.count(place)) for place in range(count)]
    weights = adjoints.copy()
    edges: list[list[Edge]] = [[] for _ in range(count)]
    for place in reversed(range(count)):
        step = reading.steps[place]
        nodes = [(k, each) for k, each in enumerate(step.operands) if isinstance(each, int)]
        for (position, operand), slope in zip(nodes, derivatives[place], strict=True):
            adjoints[operand] += adjoints[place] * slope
            weights[operand] += weights[place] * abs(slope)
            edges[operand].append(Edge(place, slope, _slope_text(reading, place, position, names)))
    return adjoints, weights, edges


def _names(reading: Reading) -> list[str]:
    """Return the names of all nodes; those without one are numbered, past names that are taken."""
    taken = {step.name for step in reading.steps}
    free = (name for k in range(1, 10**6) if (name := f"v{k}") not in taken)
    return [step.name or next(free) for step in reading.steps]


def _operand_texts(reading: Reading, place: int, names: list[str]) -> list[tuple[str, int]]:
    return [
        (names[each], 5) if isinstance(each, int) else (number_text(each), 5 if each >= 0 else 3)
        for each in reading.steps[place].operands
    ]


def _local(reading: Reading, place: int, names: list[str]) -> str:
    operation = reading.steps[place].operation
    return written(operation, _operand_texts(reading, place, names))[0] if operation else ""


def _slope_text(reading: Reading, place: int, position: int, names: list[str]) -> str:
    """Return the derivative of a node by one operand, in the names of nodes: ``2*v2``."""
    step = reading.steps[place]
    assert step.operation is not None
    operands = tuple(text for text, _ in _operand_texts(reading, place, names))
    if step.operation == "**" and position == 0 and isinstance(step.operands[1], float):
        power = step.operands[1] - 1
        raised = operands[0] if power == 1 else f"{operands[0]}**{number_text(power)}"
        return f"{operands[1]}*{raised}"
    return RULES[step.operation].text(position, names[place], operands)


def _titled(name: str, text: str) -> str:
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return f"'{short}'" if name == text else f"{name} = '{short}'"
