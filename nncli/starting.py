"""Where a run starts: the key of its random numbers and its first weights, both from the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices, lsuv
from nncli.arrays import scaled_rows, some_rows
from nncli.data import Dataset
from nncli.model import Model
from nncli.spec import Spec


def start(
    spec: Spec, model: Model, dataset: Dataset, dtype: str | None = None
) -> tuple[int, NDArray[Any]]:
    """Return the key and the first ``theta`` (size,) of a resolved spec's run.

    ``theta`` has the type that the spec trains in, unless another is named. Biases are drawn after
    all weights, which are therefore the same under any ``--bias-init``.
    """
    rng = np.random.default_rng(spec.seed)
    key = int(rng.integers(0, 2**63))
    theta = model.initialize(rng, spec.init, dtype or spec.dtype)
    if spec.bias_init is not None:
        draw_biases(model, theta, rng, spec.bias_init)
    if choices.is_adaptive(spec.init):
        x, _ = scaled_rows(dataset, some_rows(dataset, lsuv.ROWS))
        lsuv.scale_weights(model, theta, x, spec.bn_eps or 0.0)
    return key, theta


def draw_biases(
    model: Model, theta: NDArray[Any], rng: np.random.Generator, bias_init: str
) -> None:
    """Draw every b in ``theta`` (size,) in place, as a further row of its layer's weights."""
    chosen = choices.initializer(bias_init)
    views = model.views(theta)
    for number, layer in enumerate(model.layers, 1):
        biases = views.get(f"layer {number} b")
        if biases is not None:  # Batch Normalization before the activation leaves none
            biases[:] = chosen.part.draw(
                rng, layer.fan_in, layer.fan_out, chosen.value, biases.shape
            )
