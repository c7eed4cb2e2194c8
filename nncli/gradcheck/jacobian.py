"""The check of the input-output Jacobian dp/dx of a network at inference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.gradcheck.check import Check, Tally
from nncli.gradcheck.differences import derivative, relative_error
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
    for k in range(model.outputs):
        size = float(np.abs(jacobian[k]).max())
        pieces: list[bytes] = []

        def output(point: NDArray[Any], k: int = k, pieces: list[bytes] = pieces) -> float:
            steps = network.forward(point[None])
            sides = [
                np.searchsorted(layer.choice.part.kinks, step.z, side="left").astype(np.int8)
                for layer, step in zip(model.layers, steps, strict=True)
            ]
            pieces.append(b"".join(each.tobytes() for each in sides))
            return float(steps[-1].a[0, k])

        for i in range(k % every, model.inputs, every):
            direction = np.zeros_like(x)
            direction[i] = 1.0
            numeric = derivative(
                output, lambda pieces=pieces: pieces[-1], x, direction, abs(float(x[i]))
            )
            if numeric.kind == "kink":
                tally.skip()
                continue
            analytic = float(jacobian[k, i])
            error = relative_error(analytic, numeric, size)
            tally.add("dp/dx", f"dp[{k}]/dx[{i}]", analytic, numeric.value, error)
    return tally.check()
