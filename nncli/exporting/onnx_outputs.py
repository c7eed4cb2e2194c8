"""What a network says, as ONNX nodes: classes with their probabilities, labels, or numbers."""

from __future__ import annotations

from onnx import TensorProto

from nncli.exporting.onnx_graph import Graph
from nncli.exporting.source import Source


def output_names(source: Source) -> tuple[str, ...]:
    """Return the names of a model's outputs."""
    if source.network.task == "regression":
        return ("prediction",)
    return ("label", "probabilities" if source.gives_probabilities else "scores")


def add_outputs(graph: Graph, source: Source, outputs: str) -> None:
    """Add what follows on activated outputs (n, outputs), as :class:`Preprocessing` decodes them.

    ``label`` holds class names (n,), or 0 and 1 (n, labels); ``probabilities`` are (n, classes) or
    (n, labels), and ``scores`` the outputs themselves; ``prediction`` is (n, targets).
    """
    task = source.network.task
    if task == "regression":
        _add_numbers(graph, source, outputs)
        return
    shares = outputs
    if task == "multiclass":
        place = graph.add("ArgMax", outputs, axis=1, keepdims=0, name="place")
    else:
        yes = graph.cast(_says_yes(graph, source, outputs), TensorProto.INT64, "yes 0 or 1")
        if task == "multilabel":
            place = yes
        else:
            axis = graph.places([1], "axis")
            place = graph.add("Squeeze", yes, axis, name="place")
            if source.gives_probabilities:
                no = graph.add("Sub", graph.number(1.0), outputs, name="probability of no")
                shares = graph.add("Concat", no, outputs, axis=1, name="both probabilities")
    names = source.score_names
    if task == "multilabel":
        graph.output(place, "label", TensorProto.INT64, len(names))
    else:
        classes = graph.texts(source.network.preprocessing.classes, "classes")
        label = graph.add("Gather", classes, place, axis=0, name="class")
        graph.output(label, "label", TensorProto.STRING)
    graph.output(shares, output_names(source)[1], graph.real, len(names))


def _says_yes(graph: Graph, source: Source, outputs: str) -> str:
    """Add whether outputs are from 0.5 on, or from 0 on where the loss draws the line there."""
    shift = 0.5 - source.threshold
    if shift:
        outputs = graph.add("Add", outputs, graph.number(shift), name="shifted")
    return graph.add("GreaterOrEqual", outputs, graph.number(0.5), name="yes")


def _add_numbers(graph: Graph, source: Source, outputs: str) -> None:
    """Add predictions in original units: ``p * target_scale + target_shift``."""
    preprocessing = source.network.preprocessing
    wide = graph.cast(outputs, TensorProto.DOUBLE, "outputs wide")
    scale = graph.vector(preprocessing.target_scale, "target scale", "float64")
    shift = graph.vector(preprocessing.target_shift, "target shift", "float64")
    scaled = graph.add("Mul", wide, scale, name="spread")
    moved = graph.add("Add", scaled, shift, name="in original units")
    graph.output(moved, "prediction", TensorProto.DOUBLE, source.network.model.outputs)
