"""The update of the parameters, each rank on the ranges of ``theta`` that it owns."""

from __future__ import annotations

import numpy as np

from nncli.kernels.forward import UNIT_GRAIN
from nncli.kernels.hyper import DECOUPLED, L1, RATE, WEIGHT_DECAY
from nncli.kernels.jit import kernel
from nncli.kernels.network import END, FAN_IN, FAN_OUT, START, WEIGHTS
from nncli.kernels.slots import call_update
from nncli.kernels.threads import share


@kernel
def squared_norm(rank, ranks, layers, d_theta):
    """Return the sum of squares of the rank's share of the gradient."""
    total = 0.0
    for layer in range(layers.shape[0]):
        start, stop = own_range(rank, ranks, layers, layer)
        own = d_theta[start:stop]
        for i in range(own.size):
            total += own[i] * own[i]
    return total


@kernel
def own_range(rank, ranks, layers, layer):
    """Return the range of ``theta`` that a rank owns in a layer: rows of W, contiguous.

    The first rank also owns what stands before W, and the last one what stands behind it.
    """
    fan_in, fan_out = layers[layer, FAN_IN], layers[layer, FAN_OUT]
    first, last = share(fan_in, rank, ranks, UNIT_GRAIN)
    weights = layers[layer, WEIGHTS]
    start, stop = weights + first * fan_out, weights + last * fan_out
    if rank == 0:
        start = layers[layer, START]
    if rank == ranks - 1:
        stop = layers[layer, END]
    return start, stop


@kernel
def step(rank, ranks, network, d_theta, state, functions, hyper, shrink):
    """Clip, apply the penalties to the weights, and update the rank's share of theta.

    Weight decay and L1 are for the W alone: they are added to the gradient, or, decoupled, weights
    shrink by ``lr * weight_decay`` beside the step (Loshchilov & Hutter 2019).
    """
    layers, theta = network.layers, network.theta
    decay, l1 = theta.dtype.type(hyper[WEIGHT_DECAY]), theta.dtype.type(hyper[L1])
    kept = theta.dtype.type(1.0 - hyper[RATE] * hyper[WEIGHT_DECAY])
    decoupled = hyper[DECOUPLED] == 1.0
    factor = theta.dtype.type(shrink)
    for layer in range(layers.shape[0]):
        start, stop = own_range(rank, ranks, layers, layer)
        if shrink != 1.0:
            own = d_theta[start:stop]
            for i in range(own.size):
                own[i] *= factor
        if hyper[WEIGHT_DECAY] > 0.0 or hyper[L1] > 0.0:
            weights = layers[layer, WEIGHTS]
            first = max(start, weights)
            last = min(stop, weights + layers[layer, FAN_IN] * layers[layer, FAN_OUT])
            d_w, w = d_theta[first:last], theta[first:last]
            for i in range(w.size):
                d_w[i] += l1 * np.sign(w[i])
            if decoupled:
                for i in range(w.size):
                    w[i] *= kept
            else:
                for i in range(w.size):
                    d_w[i] += decay * w[i]
        if stop > start:
            call_update(functions.update, theta, d_theta, state, start, stop, hyper)
