"""A network as an ONNX model: from raw values to what ``nncli predict`` says.

The network computes in the type that it was trained in. A regression's ``prediction`` is float64,
as in ``nncli predict``: in float32 a target with a large mean would lose its digits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nncli.errors import NncliError, UsageError
from nncli.exporting.source import Source

#: The oldest opset with all operators in the form used here, and the one that is written where none
#: is asked for: nearly all programs that read ONNX know it.
OLDEST, USUAL = 13, 17

#: Bytes of weights, at most: a protobuf message ends at 2 GiB.
MOST_BYTES = (1 << 31) - (1 << 20)


@dataclass(frozen=True)
class OnnxModel:
    """The bytes of a model, and what stands in its place of inputs and outputs."""

    content: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def onnx_model(source: Source, opset: int | None = None) -> OnnxModel:
    """Return a network as an ONNX model.

    Raises UsageError without the package onnx and for an opset that it does not know, NncliError
    for a network that is too large.
    """
    try:
        from onnx import checker, defs, helper

        from nncli.exporting.onnx_graph import ML, ML_OPSET, Graph
    except ImportError as error:
        raise UsageError(
            f"--format onnx needs the package onnx, which cannot be loaded ({error}): "
            "pip install 'nncli[onnx]'"
        ) from None
    from nncli.exporting.onnx_inputs import add_inputs
    from nncli.exporting.onnx_layers import add_layers
    from nncli.exporting.onnx_outputs import add_outputs, output_names

    newest = defs.onnx_opset_version()
    wanted = USUAL if opset is None else opset
    if not OLDEST <= wanted <= newest:
        raise UsageError(
            f"--opset {wanted}: expected {OLDEST} to {newest}, the newest that the installed onnx "
            f"knows; most programs know {USUAL}"
        )
    if source.network.theta.nbytes > MOST_BYTES:
        raise NncliError(
            f"the weights are {source.network.theta.nbytes / 1e9:.1f} GB, and an ONNX file holds "
            "less than 2.1: use --format safetensors"
        )
    graph = Graph(source.network.dtype, wanted)
    graph.reserve(*output_names(source))
    preprocessing = source.network.preprocessing
    outputs = add_layers(graph, source, add_inputs(graph, preprocessing))
    add_outputs(graph, source, outputs)
    opsets = [helper.make_opsetid("", wanted), helper.make_opsetid(ML, ML_OPSET)]
    domains = {each.domain for each in graph.nodes}
    used = [each for each in opsets if not each.domain or each.domain in domains]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "nncli", graph.inputs, graph.outputs, list(graph.constants.values())
        ),
        opset_imports=used,
        ir_version=helper.find_min_ir_version_for(used),
        producer_name="nncli",
        producer_version=source.facts["nncli_version"],
        doc_string=f"nncli run {source.run.id}, trained on {source.facts['data']}",
    )
    columns = json.dumps([each.name for each in preprocessing.inputs], ensure_ascii=False)
    helper.set_model_props(model, {**source.text_facts(), "columns": columns})
    checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    names = tuple(each.name for each in graph.inputs)
    return OnnxModel(content, names, tuple(each.name for each in graph.outputs))


__all__ = ["OLDEST", "USUAL", "OnnxModel", "onnx_model"]
