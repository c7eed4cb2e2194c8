"""The backward pass of a mini-batch, and the gradient of its mean loss.

From the output layer down: ``dW_l = h_{l-1}^T dz_l``, ``db_l = sum dz_l`` and
``dh_{l-1} = dz_l W_l^T``, then back through dropout, Batch Normalization and f. Each rank computes
a slice of the units of the layer below.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.dense import dense_backward_input, dense_backward_parameters
from nncli.kernels.dropout import dropout_backward
from nncli.kernels.forward import UNIT_GRAIN, hidden_forward, output_and_loss
from nncli.kernels.jit import kernel
from nncli.kernels.network import (
    ACTIVATION,
    ALPHA,
    ALPHAS,
    BIAS,
    FAN_IN,
    FAN_OUT,
    GAMMA,
    INPUT_GAMMA,
    LEARNED,
    NORM,
    NORM_AFTER,
    NORM_BEFORE,
    UNITS_BEFORE,
    WEIGHTS,
)
from nncli.kernels.random import derive
from nncli.kernels.slots import call_backward, call_normalize_backward
from nncli.kernels.threads import barrier, share
from nncli.kernels.views import flat, matrix


@kernel
def backward(
    rank, ranks, network, d_theta, buffers, panel, functions, count, dropout, key, counter,
    meeting,
):  # fmt: skip
    """Propagate the output layer's ``d`` down to the first layer and fill ``d_theta``.

    Returns the number of the last barrier.
    """
    layers, theta, capacity = network.layers, network.theta, buffers.x.shape[0]
    product = functions.multiply
    for layer in range(layers.shape[0] - 1, -1, -1):
        weights, bias = layers[layer, WEIGHTS], layers[layer, BIAS]
        place = capacity * layers[layer, UNITS_BEFORE]
        d_z = matrix(buffers.d, place, count, layers[layer, FAN_OUT])
        start, stop = share(layers[layer, FAN_IN], rank, ranks, UNIT_GRAIN)
        if rank == 0 and layers[layer, LEARNED] == 1:
            gather_alphas(layers, layer, buffers.d_alpha, d_theta)
        if layer == 0:
            if layers[0, INPUT_GAMMA] >= 0:
                backward_normalized_input(
                    network, d_theta, buffers, panel, functions, d_z, start, stop
                )
            else:
                inputs = buffers.x[:count]
                dense_backward_parameters(
                    inputs, d_z, d_theta, weights, bias, start, stop, product, panel
                )
        else:
            below = layer - 1
            units, place = layers[below, FAN_OUT], capacity * layers[below, UNITS_BEFORE]
            z = matrix(buffers.z, place, count, units)
            a = matrix(buffers.a, place, count, units)
            d = matrix(buffers.d, place, count, units)
            dense_backward_input(d_z, theta, weights, d, start, stop, product, panel)
            norm = layers[below, NORM]
            inputs = a
            if dropout > 0.0 or norm == NORM_AFTER:
                inputs = matrix(buffers.h, place, count, units)
            if dropout > 0.0:
                dropout_backward(d, derive(key, below), dropout, start, stop)
            dense_backward_parameters(
                inputs, d_z, d_theta, weights, bias, start, stop, product, panel
            )
            if norm == NORM_AFTER:
                backward_normalized(
                    layers, below, d, buffers, functions, theta, d_theta, start, stop
                )
            activate_backward(layers, below, z, a, d, buffers, functions, theta, start, stop)
            if norm == NORM_BEFORE:
                backward_normalized(
                    layers, below, d, buffers, functions, theta, d_theta, start, stop
                )
        meeting += 1
        barrier(counter, ranks, meeting)
    return meeting


@kernel
def activate_backward(layers, layer, z, a, d, buffers, functions, theta, start, stop):
    """Turn ``d`` from dL/da into dL/dz for columns ``[start, stop)`` of a hidden layer."""
    units, before = layers[layer, FAN_OUT], layers[layer, UNITS_BEFORE]
    alpha, alphas = layers[layer, ALPHA], layers[layer, ALPHAS]
    first, last = alpha, alpha + alphas
    if alphas > 1:
        first, last = alpha + start, alpha + stop
    parameters = theta[first:last]
    d_alpha = buffers.d_alpha[before + start : before + stop]
    if layers[layer, LEARNED] == 1:
        for j in range(d_alpha.size):
            d_alpha[j] = 0
    function = functions.hidden_backward[layers[layer, ACTIVATION]]
    if stop - start == units:
        flat_z, flat_a, flat_d = flat(z), flat(a), flat(d)
        call_backward(function, flat_z, flat_a, flat_d, parameters, d_alpha, units)
    else:
        for i in range(a.shape[0]):
            call_backward(
                function, z[i, start:stop], a[i, start:stop], d[i, start:stop],
                parameters, d_alpha, stop - start,
            )  # fmt: skip


@kernel
def gather_alphas(layers, layer, d_alpha, d_theta):
    """Write the gradient of a layer's learned alphas: every unit's, or the sum for a shared one."""
    units, before = layers[layer, FAN_OUT], layers[layer, UNITS_BEFORE]
    alpha, alphas = layers[layer, ALPHA], layers[layer, ALPHAS]
    own, found = d_alpha[before : before + units], d_theta[alpha : alpha + alphas]
    if alphas == 1:
        found[0] = 0
        for j in range(units):
            found[0] += own[j]
    else:
        for j in range(units):
            found[j] = own[j]


@kernel
def backward_normalized(layers, layer, d, buffers, functions, theta, d_theta, start, stop):
    """Take ``d`` (rows, units) back through a layer's Batch Normalization."""
    units, before = layers[layer, FAN_OUT], layers[layer, UNITS_BEFORE]
    normed = matrix(buffers.normed, buffers.x.shape[0] * before, d.shape[0], units)
    inverse = buffers.inverse[before : before + units]
    call_normalize_backward(
        functions.normalize_backward, d, normed, theta, d_theta, layers[layer, GAMMA], inverse,
        start, stop,
    )  # fmt: skip


@kernel
def backward_normalized_input(network, d_theta, buffers, panel, functions, d_z, start, stop):
    """Write rows ``[start, stop)`` of the first dW and the gradients of their gamma and beta.

    The layer is fed ``gamma n + beta``. With ``M = n^T dz`` that needs no gradient of the inputs:
    ``dW_jk = gamma_j M_jk + beta_j s_k`` for ``s = sum dz`` over the rows,
    ``dgamma_j = sum_k W_jk M_jk`` and ``dbeta_j = sum_k W_jk s_k``.
    """
    layers, theta = network.layers, network.theta
    rows, width, fan_out = d_z.shape[0], layers[0, FAN_IN], layers[0, FAN_OUT]
    weights, gamma = layers[0, WEIGHTS], layers[0, INPUT_GAMMA]
    normed = matrix(buffers.normed, np.int64(0), rows, width)
    bias, product = layers[0, BIAS], functions.multiply
    dense_backward_parameters(normed, d_z, d_theta, weights, bias, start, stop, product, panel)
    zero = theta.dtype.type(0)
    d_gamma, d_beta = d_theta[gamma : gamma + width], d_theta[gamma + width : gamma + 2 * width]
    for j in range(start, stop):
        d_gamma[j] = zero
        d_beta[j] = zero
    for first in range(0, fan_out, panel.size):
        size = min(panel.size, fan_out - first)
        sums = panel[:size]
        for k in range(size):
            sums[k] = zero
        for i in range(rows):
            d_i = d_z[i, first : first + size]
            for k in range(size):
                sums[k] += d_i[k]
        for j in range(start, stop):
            place = weights + j * fan_out + first
            w, m = theta[place : place + size], d_theta[place : place + size]
            factor, shift = theta[gamma + j], theta[gamma + width + j]
            by_gamma, by_beta = zero, zero
            for k in range(size):
                by_gamma += w[k] * m[k]
                by_beta += w[k] * sums[k]
                m[k] = factor * m[k] + shift * sums[k]
            d_gamma[j] += by_gamma
            d_beta[j] += by_beta


@kernel
def loss_and_gradient(
    rank, ranks, learn, network, d_theta, buffers, panel, functions, fused, count, dropout, key,
    counter,
):  # fmt: skip
    """Return a rank's part of the mean loss over the first ``count`` rows of ``x`` and ``y``.

    The forward pass is that of training: units are dropped, and the batch's own statistics
    normalize. With ``learn``, ``d_theta`` becomes the gradient. ``panel`` is the rank's own;
    ``counter`` must be zero at the start.
    """
    meeting = hidden_forward(
        rank, ranks, network, buffers, panel, functions, functions.normalize_batch, count, dropout,
        key, counter, np.int64(0),
    )  # fmt: skip
    start, stop = share(count, rank, ranks, 1)
    total = output_and_loss(
        network, buffers, panel, functions, fused, count, start, stop, 1.0 / count, dropout > 0.0
    )
    if learn:
        meeting += 1
        barrier(counter, ranks, meeting)
        backward(
            rank, ranks, network, d_theta, buffers, panel, functions, count, dropout, key, counter,
            meeting,
        )  # fmt: skip
    return total / count
