"""The check of the input-output Jacobian dp/dx of a network at inference."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.gradcheck.check import Check, Place, Tally
from nncli.layerwise import Layerwise
from nncli.model import Model


def check_jacobian(
    name: str,
    model: Model,
    theta: NDArray[Any],
    x: NDArray[Any],
    *,
    eps: float,
    most: int | None = None,
) -> Check:
    """Compare dp/dx at ``x`` (inputs,) with central differences of the outputs.

    Every entry, or ``most`` of them, chosen evenly.
    """
    network, tally = Layerwise(model, theta, eps), Tally(name)
    jacobian = network.jacobian(x)
    every = max(1, model.inputs * model.outputs // (most or model.inputs * model.outputs))
    last: dict[str, bytes] = {}

    def output(k: int, point: NDArray[Any]) -> float:
        steps = network.forward(point[None])
        last["piece"] = b"".join(
            np.searchsorted(layer.choice.part.kinks, step.z).astype(np.int8).tobytes()
            for layer, step in zip(model.layers, steps, strict=True)
        )
        return float(steps[-1].a[0, k])

    def piece() -> bytes:
        return last["piece"]

    for k in range(model.outputs):
        size = float(np.abs(jacobian[k]).max())
        for i in range(k % every, model.inputs, every):
            at = Place.of_entry(partial(output, k), piece, x, i)
            tally.compare("dp/dx", f"dp[{k}]/dx[{i}]", float(jacobian[k, i]), size, at)
    return tally.check()
