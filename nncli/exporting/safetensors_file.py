"""A network's weights as safetensors, by name, with a header that says what they mean.

The names are those of the database: ``layer 1 W`` (fan_in, fan_out), ``layer 1 b``, and for Batch
Normalization ``gamma``, ``beta``, ``running_mean`` and ``running_var``. The header's metadata are
texts, most of them JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
from safetensors.numpy import save

from nncli.exporting.source import Source

#: What an array is by the last word of its name; a layer is ``a = f(h W + b)``.
_MEANINGS = {
    "W": "weights (fan_in, fan_out) of a = f(h W + b)",
    "b": "bias (fan_out,) of a = f(h W + b)",
    "alpha": "number of the activation f: one, or one a unit",
    "gamma": "factor of Batch Normalization",
    "beta": "shift of Batch Normalization",
    "running_mean": "mean that Batch Normalization subtracts at inference",
    "running_var": "variance that Batch Normalization divides by at inference, by its root",
}


def safetensors_file(source: Source) -> bytes:
    """Return the weights with their metadata."""
    network = source.network
    arrays = {name: np.ascontiguousarray(array) for name, array in source.arrays.items()}
    described = {
        "layers": [asdict(layer) for layer in network.model.layers],
        "input_norm": network.model.input_norm,
        "norm_eps": network.norm_eps,
        "storage": network.storage,
    }
    documents = {
        "network": described,
        "arrays": {name: _MEANINGS[name.rpartition(" ")[2]] for name in arrays},
        "preprocessing": network.preprocessing.to_json(),
    }
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in documents.items()}
    metadata = {"format": "nncli", **source.text_facts(), **texts}
    return save(arrays, metadata=metadata)
