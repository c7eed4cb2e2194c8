"""From raw columns to the inputs of the network, as ONNX nodes.

All-numeric data are one input ``x`` (n, columns). A table with texts has an input (n, 1) for each
column, of texts or numbers, called as the column is.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from nncli.data.expansion import Expansion
from nncli.data.preprocessing import InputColumn, Preprocessing
from nncli.exporting.columns import TRUE, every_case, missing_texts, products
from nncli.exporting.onnx_graph import ML, Graph


def add_inputs(graph: Graph, preprocessing: Preprocessing) -> str:
    """Add the inputs and their preprocessing; return the network's scaled inputs (n, width)."""
    if all(each.kind == "numeric" for each in preprocessing.inputs):
        rows = _numbers(graph, preprocessing.inputs)
    else:
        rows = _columns(graph, preprocessing.inputs)
    if preprocessing.expansion is not None:
        rows = _expanded(graph, preprocessing.expansion, rows)
    return _scaled(graph, rows, preprocessing.shift, preprocessing.scale, "scaled", graph.dtype)


def _numbers(graph: Graph, columns: tuple[InputColumn, ...]) -> str:
    """Add the input ``x`` (n, columns) of numbers, with NaN for missing ones."""
    rows = x = graph.input("x", graph.real, len(columns))
    marked = [place for place, each in enumerate(columns) if each.indicator]
    fill = [np.nan if each.fill is None else each.fill for each in columns]
    if np.isnan(fill).all():
        return rows
    absent = graph.add("IsNaN", x, name="missing")
    rows = graph.add("Where", absent, graph.vector(fill, "fill"), x, name="filled")
    if not marked:
        return rows
    marks = graph.cast(absent, graph.real, "missing marks")
    marks = graph.add("Gather", marks, graph.places(marked, "marked columns"), axis=1, name="marks")
    both = graph.add("Concat", rows, marks, axis=1, name="values and marks")
    order = []
    for place, each in enumerate(columns):
        order += [place] + [len(columns) + marked.index(place)] * each.indicator
    return graph.add("Gather", both, graph.places(order, "order"), axis=1, name="encoded")


def _columns(graph: Graph, columns: tuple[InputColumn, ...]) -> str:
    """Add an input (n, 1) for each column, and put together what they become."""
    parts: list[str] = []
    for place, column in enumerate(columns, 1):
        name = column.name or f"column {place}"
        if column.kind == "numeric":
            parts += _number(graph, column, name)
        else:
            parts += _text(graph, column, name)
    return graph.add("Concat", *parts, axis=1, name="encoded")


def _number(graph: Graph, column: InputColumn, name: str) -> list[str]:
    value = graph.input(name, graph.real, 1)
    if column.fill is None:
        return [value]
    absent = graph.add("IsNaN", value, name=f"{name} is missing")
    parts = [
        graph.add("Where", absent, graph.number(column.fill), value, name=f"{name} filled"),
    ]
    if column.indicator:
        parts.append(graph.cast(absent, graph.real, f"{name} mark"))
    return parts


def _text(graph: Graph, column: InputColumn, name: str) -> list[str]:
    value = graph.input(name, TensorProto.STRING, 1)
    if column.kind == "categorical":
        # zeros=1: a category that was not seen in training is none of them
        hot = graph.add(
            "OneHotEncoder", value, name=f"{name} one-hot", domain=ML,
            cats_strings=list(column.categories), zeros=1,
        )  # fmt: skip
        shape = graph.places([0, len(column.categories)], f"{name} shape")  # 0: as it is
        parts = [_real(graph, graph.add("Reshape", hot, shape, name=f"{name} categories"))]
    else:
        parts = [_marked(graph, value, every_case(TRUE), f"{name} is true")]
    if column.indicator:
        parts.append(_marked(graph, value, missing_texts(column), f"{name} is missing"))
    return parts


def _marked(graph: Graph, value: str, texts: list[str], name: str) -> str:
    """Add what is 1 where a text is one of some, else 0."""
    found = graph.add(
        "LabelEncoder", value, name=name, domain=ML,
        keys_strings=texts, values_floats=[1.0] * len(texts), default_float=0.0,
    )  # fmt: skip
    return _real(graph, found)


def _real(graph: Graph, value: str) -> str:
    """Return float32 values in the type that the network computes in."""
    return value if graph.dtype == "float32" else graph.cast(value, graph.real)


def _expanded(graph: Graph, expansion: Expansion, rows: str) -> str:
    """Add the products of scaled columns, in float64 as training computed them."""
    wide = graph.cast(rows, TensorProto.DOUBLE, "encoded wide")
    inputs = _scaled(graph, wide, expansion.shift, expansion.scale, "scaled columns", "float64")
    parts, below = [inputs], inputs
    for degree, pairs in enumerate(products(expansion), 2):
        name = f"degree {degree}"
        parents = graph.places([parent for parent, _ in pairs], f"{name} of columns")
        times = graph.places([place for _, place in pairs], f"{name} times columns")
        one = graph.add("Gather", below, parents, axis=1, name=f"{name} below")
        other = graph.add("Gather", inputs, times, axis=1, name=f"{name} factors")
        below = graph.add("Mul", one, other, name=f"{name} products")
        parts.append(below)
    return graph.cast(graph.add("Concat", *parts, axis=1, name="expanded"), graph.real)


def _scaled(
    graph: Graph,
    rows: str,
    shift: tuple[float, ...],
    scale: tuple[float, ...],
    name: str,
    dtype: str,
) -> str:
    """Add ``(rows - shift) * scale``, without what changes nothing."""
    if any(shift):
        rows = graph.add("Sub", rows, graph.vector(shift, f"{name} shift", dtype), name=name)
    if any(each != 1 for each in scale):
        rows = graph.add("Mul", rows, graph.vector(scale, f"{name} scale", dtype), name=name)
    return rows
