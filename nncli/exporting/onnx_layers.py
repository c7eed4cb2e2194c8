"""The layers of a network as ONNX nodes: dense, Batch Normalization, activation."""

from __future__ import annotations

from nncli.exporting.onnx_activations import add_activation
from nncli.exporting.onnx_graph import Graph
from nncli.exporting.source import Source


def add_layers(graph: Graph, source: Source, inputs: str) -> str:
    """Add all layers on scaled inputs (n, width); return the activated outputs (n, outputs)."""
    arrays = source.arrays
    h = _normalized(graph, source, "input", inputs)
    for number, layer in enumerate(source.network.model.layers, 1):
        own = f"layer {number}"
        given = [h, graph.array(arrays[f"{own} W"], f"{own} W")]
        if f"{own} b" in arrays:
            given.append(graph.array(arrays[f"{own} b"], f"{own} b"))
        h = graph.add("Gemm", *given, name=f"{own} z")
        if layer.norm == "before":
            h = _normalized(graph, source, own, h)
        h = add_activation(graph, layer, h, arrays.get(f"{own} alpha"), f"{own} a")
        if layer.norm == "after":
            h = _normalized(graph, source, own, h)
    return h


def _normalized(graph: Graph, source: Source, owner: str, x: str) -> str:
    """Add the Batch Normalization of ``owner``, if it has one, by its running statistics."""
    normal = source.normal(owner)
    if normal is None:
        return x
    arrays = {
        "gamma": normal.gamma,
        "beta": normal.beta,
        "running_mean": normal.mean,
        "running_var": normal.variance,
    }
    constants = [graph.array(values, f"{owner} {name}") for name, values in arrays.items()]
    return graph.add(
        "BatchNormalization", x, *constants, name=f"{owner} normalized", epsilon=normal.eps
    )
