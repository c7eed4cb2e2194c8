"""Forward and backward pass of a network of dense layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oracle.activations import ACTIVATIONS, PULLBACKS, Array
from oracle.losses import LOSS_GRADIENTS, LOSSES

#: Parameters of a network: (W, b) of each layer, from the input to the output.
Parameters = list[tuple[Array, Array]]


@dataclass
class Pass:
    """What a forward pass has computed: per layer the inputs ``h`` and sums ``z``; outputs."""

    h: list[Array]
    z: list[Array]
    masks: list[Array]
    p: Array


def forward(
    parameters: Parameters, activations: list[str], x: Array, masks: list[Array] | None = None
) -> Pass:
    """``z_l = h_{l-1} W_l + b_l``, ``h_l = f(z_l)``, hidden ones times their mask."""
    found = Pass([], [], masks or [], np.empty(0))
    h = x
    for layer, ((w, b), name) in enumerate(zip(parameters, activations, strict=True)):
        z = h @ w + b
        found.h.append(h)
        found.z.append(z)
        h = ACTIVATIONS[name](z)
        if masks and layer < len(parameters) - 1:
            h = h * masks[layer]
    found.p = h
    return found


def backward(
    parameters: Parameters, activations: list[str], done: Pass, loss: str, y: Array
) -> Parameters:
    """The gradient of the mean loss: ``dz = dh f'(z)``, ``dW = h^T dz``, ``dh_below = dz W^T``."""
    gradients: Parameters = []
    d_h = LOSS_GRADIENTS[loss](done.p, y) / len(y)
    for layer in reversed(range(len(parameters))):
        if done.masks and layer < len(parameters) - 1:
            d_h = d_h * done.masks[layer]
        d_z = PULLBACKS[activations[layer]](done.z[layer], d_h)
        gradients.insert(0, (done.h[layer].T @ d_z, d_z.sum(axis=0)))
        d_h = d_z @ parameters[layer][0].T
    return gradients


def mean_loss(
    parameters: Parameters, activations: list[str], loss: str, x: Array, y: Array
) -> float:
    return float(LOSSES[loss](forward(parameters, activations, x).p, y).mean())


def flat(parameters: Parameters) -> Array:
    """W row by row, then b, layer after layer."""
    return np.concatenate([part.ravel() for layer in parameters for part in layer])


def unflat(theta: Array, like: Parameters) -> Parameters:
    found, start = [], 0
    for w, b in like:
        middle, stop = start + w.size, start + w.size + b.size
        found.append((theta[start:middle].reshape(w.shape), theta[middle:stop]))
        start = stop
    return found
