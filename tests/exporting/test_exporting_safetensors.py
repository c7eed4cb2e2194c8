"""safetensors files, by the safetensors library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exporting_samples import VARIANTS, sample
from safetensors import safe_open
from safetensors.numpy import load_file

from nncli.exporting.safetensors_file import safetensors_file


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_weights_by_name(options: dict[str, Any], tmp_path: Path) -> None:
    made = sample(**options)
    path = tmp_path / "net.safetensors"
    path.write_bytes(safetensors_file(made.source))
    found = load_file(path)
    assert found.keys() == made.source.arrays.keys()
    for name, array in made.source.arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    assert metadata["run"] == made.source.run.uuid
    assert json.loads(metadata["arrays"]).keys() == found.keys()
    network = json.loads(metadata["network"])
    shapes = [(each["fan_in"], each["fan_out"]) for each in network["layers"]]
    assert shapes == [found[f"layer {n} W"].shape for n in range(1, len(shapes) + 1)]
    assert json.loads(metadata["preprocessing"])["task"] == metadata["task"]


def test_layers_are_enough_to_compute(tmp_path: Path) -> None:
    """With nothing but the file: two layers, Batch Normalization, and the scaling of the inputs."""
    made = sample(data="iris", act="tanh", bn="after")
    path = tmp_path / "net.safetensors"
    path.write_bytes(safetensors_file(made.source))
    w = load_file(path)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    given, eps = (json.loads(metadata[each]) for each in ("preprocessing", "network"))
    x = (made.raw - np.array(given["shift"])) * np.array(given["scale"])
    a = np.tanh(x @ w["layer 1 W"] + w["layer 1 b"])
    deviation = np.sqrt(w["layer 1 running_var"] + eps["norm_eps"])
    h = (a - w["layer 1 running_mean"]) / deviation * w["layer 1 gamma"] + w["layer 1 beta"]
    z = h @ w["layer 2 W"] + w["layer 2 b"]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    # float32 weights in float64 sums against float32 sums of 12 products
    np.testing.assert_allclose(p, made.outputs, rtol=0, atol=1e-6)
