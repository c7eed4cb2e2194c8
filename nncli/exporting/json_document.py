"""A network as one JSON object that says everything: to predict with it is a page of any language.

Its form is described in docs/export.md. Numbers are written with the fewest digits that read back
as the same number in the network's own type.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nncli.data.expansion import Expansion
from nncli.exporting.activations import activation_tree
from nncli.exporting.columns import TRUE, described, missing_texts, products
from nncli.exporting.literals import short_list
from nncli.exporting.source import Source

#: Goes up when a program that reads the former form would misread the new one.
VERSION = 1


def json_document(source: Source) -> bytes:
    """Return a network as JSON; each step of it is one line."""
    found = document(source)
    steps = ",\n    ".join(_compact(each) for each in found.pop("steps"))
    lines = [f'  "{name}": {_compact(value)}' for name, value in found.items()]
    lines.append(f'  "steps": [\n    {steps}\n  ]')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def document(source: Source) -> dict[str, Any]:
    """Return the object that is written."""
    preprocessing = source.network.preprocessing
    expansion = preprocessing.expansion
    return {
        "format": "nncli network",
        "version": VERSION,
        **source.facts,
        "columns": [described(each) for each in preprocessing.inputs],
        "missing": missing_texts(),
        "true": list(TRUE),
        "expansion": None if expansion is None else _expansion(expansion),
        "result": _result(source),
        "steps": [_scaling(source), *_steps(source)],
    }


def _expansion(expansion: Expansion) -> dict[str, Any]:
    """Return products as pairs: of a column so far, and of the input that it is multiplied with."""
    pairs: list[list[int]] = []
    first, count = 0, expansion.width
    for of_degree in products(expansion):
        pairs += [[first + parent, place] for parent, place in of_degree]
        first, count = count, count + len(of_degree)
    return {
        "subtract": list(expansion.shift),
        "multiply": list(expansion.scale),
        "products": pairs,
    }


def _scaling(source: Source) -> dict[str, Any]:
    preprocessing, dtype = source.network.preprocessing, source.network.dtype
    return {
        "kind": "scale",
        "subtract": short_list(np.asarray(preprocessing.shift, dtype)),
        "multiply": short_list(np.asarray(preprocessing.scale, dtype)),
        "add": [0.0] * preprocessing.width,
    }


def _steps(source: Source) -> list[dict[str, Any]]:
    """Return the layers as steps: dense, scale (Batch Normalization), activation."""
    arrays = source.arrays
    steps = _normal(source, "input")
    for number, layer in enumerate(source.network.model.layers, 1):
        own = f"layer {number}"
        weights = arrays[f"{own} W"]
        bias = arrays.get(f"{own} b", np.zeros(layer.fan_out))
        steps.append(
            {"kind": "dense", "weights": short_list(weights), "bias": short_list(bias)},
        )
        normal = _normal(source, own)
        steps += normal if layer.norm == "before" else []
        step: dict[str, Any] = {
            "kind": "activation",
            "name": layer.choice.part.name,
            "formula": activation_tree(layer.activation),
        }
        if f"{own} alpha" in arrays:
            alpha = np.broadcast_to(arrays[f"{own} alpha"], layer.fan_out)
            step["alpha"] = short_list(alpha)
        steps.append(step)
        steps += normal if layer.norm == "after" else []
    return steps


def _normal(source: Source, owner: str) -> list[dict[str, Any]]:
    normal = source.normal(owner)
    if normal is None:
        return []
    return [
        {
            "kind": "scale",
            "subtract": short_list(normal.mean),
            "multiply": short_list(normal.factor),
            "add": short_list(normal.beta),
        }
    ]


def _result(source: Source) -> dict[str, Any]:
    """Return how outputs become values in original units, or classes and labels."""
    network = source.network
    if network.task == "regression":
        return {
            "multiply": list(network.preprocessing.target_scale),
            "add": list(network.preprocessing.target_shift),
        }
    return {"probabilities": source.gives_probabilities, "threshold": source.threshold}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)


__all__ = ["VERSION", "document", "json_document"]
