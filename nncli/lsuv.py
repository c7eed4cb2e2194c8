"""LSUV: weights scaled on a batch of data until every layer's sums have unit variance.

Mishkin & Matas 2015, Alg. 1: after an orthonormal start, layer by layer, ``W /= std(z)``. A layer's
sums h W are linear in W, so that one division does what the paper iterates. Biases, which the paper
starts at zero, are left out of a layer's own sums; later layers see what they do to its outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.layerwise import Layerwise
from nncli.model import Model

#: Rows of the batch: enough for a deviation to a few percent.
ROWS = 256


def scale_weights(
    model: Model, theta: NDArray[Any], x: NDArray[np.float64], norm_eps: float
) -> None:
    """Scale every W in ``theta`` (size,) in place, by its sums on scaled inputs ``x``."""
    exact = theta.astype(np.float64)
    layers = Layerwise(model, exact, norm_eps)
    inputs = layers.first_inputs(x)
    for number in range(1, len(model.layers) + 1):
        weights = layers.views[f"layer {number} W"]
        deviation = float((inputs @ weights).std())
        if deviation > 0:  # inputs that are all zero give nothing to scale by
            weights /= deviation
        inputs = layers.step(number, inputs).fed
    theta[:] = exact
