"""A computation graph as a table in the terminal, from the back to the front."""

from __future__ import annotations

from nncli.gradcheck.graph import Graph, Node

_HEADS = ("node", "value", "adjoint", "numeric", "check", "adjoint by the chain rule")
_LEAST = 16
"""Characters that an expression gets, however narrow the terminal."""


def lines(graph: Graph, width: int = 100) -> list[str]:
    """Return the table: the last node comes first, as back-propagation goes.

    ``d_v`` is the derivative of the output by node v. What does not fit into ``width`` characters
    is cut, the expression of the node before the rest.
    """
    names = [node.name for node in graph.nodes]
    rows = [_HEADS] + [_row(node, names) for node in reversed(graph.nodes)]
    sizes = [max(len(row[k]) for row in rows) for k in range(len(_HEADS))]
    spare = width - sum(sizes) - 2 * (len(sizes) - 1)
    if spare < 0:
        sizes[0] = max(_LEAST, sizes[0] + spare)
    shown = [_line(rows[0], sizes, width)]
    for node, row in zip(reversed(graph.nodes), rows[1:], strict=True):
        shown.append(_line(row, sizes, width))
        if node.check.kink:
            left, right = (_number(each) for each in node.check.kink)
            shown.append(f"  at a kink: derivative {left} from the left, {right} from the right")
    return shown


def _row(node: Node, names: list[str]) -> tuple[str, ...]:
    title = f"{node.name} = {node.local}" if node.local else node.name
    verdict = "FAILED" if not node.check.passed else "kink" if node.check.kink else "ok"
    numbers = tuple(_number(each) for each in (node.value, node.adjoint, node.numeric))
    return (title, *numbers, verdict, derivation(node, names))


def derivation(node: Node, names: list[str]) -> str:
    """Return how an adjoint comes about: ``d_v3 * 2*v2``; ``names`` are those of all nodes."""
    terms = ["1"] * node.outputs
    terms += [f"d_{names[edge.start]} * {edge.text}" for edge in reversed(node.edges)]
    if not terms:
        text = "0: no path to an output"
    elif not node.edges and len(terms) == 1:
        text = "1: the output"
    elif len(terms) == 1:
        text = terms[0]
    else:
        text = f"sum over {len(terms)} paths: {' + '.join(terms)}"
    return text


def _line(row: tuple[str, ...], sizes: list[int], width: int) -> str:
    cells = [_cut(row[0], sizes[0]).ljust(sizes[0])]
    cells += [row[k].rjust(sizes[k]) for k in (1, 2, 3)]
    cells += [row[4].ljust(sizes[4]), row[5]]
    return _cut("  ".join(cells).rstrip(), max(width, _LEAST))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _number(value: float) -> str:
    return f"{value + 0.0:.6g}"  # -0 is 0
