"""The forward pass of a mini-batch, shared out over ranks, and the evaluation of a split.

``h_0 = x``, then ``z_l = h_{l-1} W_l + b_l`` and ``a_l = f(z_l)``, layer by layer; Batch
Normalization stands before or after f, and dropout makes ``h_l`` of it. Each rank
computes a slice of the units of a hidden layer. The output layer is small and is shared out by
rows instead, so that predictions, loss and its gradient follow without another barrier.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.dense import dense_forward
from nncli.kernels.dropout import dropout_forward
from nncli.kernels.gather import gather_targets
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
    INPUT_RUNNING,
    NORM,
    NORM_AFTER,
    NORM_BEFORE,
    RUNNING,
    UNITS_BEFORE,
    WEIGHTS,
)
from nncli.kernels.random import derive
from nncli.kernels.slots import (
    call_backward,
    call_forward,
    call_gather,
    call_loss,
    call_metric,
    call_normalize,
)
from nncli.kernels.threads import barrier, share
from nncli.kernels.views import flat, matrix

#: Units are shared out in groups of this many: two cache lines of float32, a tile's width.
UNIT_GRAIN = 32


@kernel
def activate(forward, z, a, theta, alpha, alphas, start, stop):
    """Write ``a = f(z)`` for columns ``[start, stop)``; whole matrices in one call.

    f has one number at ``theta[alpha]``, or one for each unit from there on.
    """
    units = z.shape[1]
    first, last = alpha, alpha + alphas
    if alphas > 1:
        first, last = alpha + start, alpha + stop
    parameters = theta[first:last]
    if stop - start == units:
        call_forward(forward, flat(z), flat(a), parameters, units)
    else:
        for i in range(z.shape[0]):
            call_forward(forward, z[i, start:stop], a[i, start:stop], parameters, stop - start)


@kernel
def normalize(function, layers, layer, x, buffers, y, theta, normal, start, stop):
    """Normalize columns ``[start, stop)`` of a layer's ``x`` (rows, units) into ``y``."""
    rows, units, before = x.shape[0], x.shape[1], layers[layer, UNITS_BEFORE]
    normed = matrix(buffers.normed, buffers.x.shape[0] * before, rows, units)
    mean, inverse = buffers.mean[before : before + units], buffers.inverse[before : before + units]
    call_normalize(
        function, x, normed, y, theta, layers[layer, GAMMA], layers[layer, RUNNING], mean, inverse,
        normal, start, stop,
    )  # fmt: skip


@kernel
def normalize_input(function, network, buffers, count, start, stop):
    """Normalize columns ``[start, stop)`` of ``x`` into the first matrix of ``h``."""
    layers = network.layers
    width, nowhere = layers[0, FAN_IN], np.int64(0)
    normed = matrix(buffers.normed, nowhere, count, width)
    h = matrix(buffers.h, nowhere, count, width)
    call_normalize(
        function, buffers.x[:count], normed, h, network.theta, layers[0, INPUT_GAMMA],
        layers[0, INPUT_RUNNING], buffers.mean[:width], buffers.inverse[:width], network.normal,
        start, stop,
    )  # fmt: skip


@kernel
def hidden_forward(
    rank, ranks, network, buffers, panel, functions, normal_function, count, rate, key, counter,
    meeting,
):  # fmt: skip
    """Fill ``z``, ``a`` and ``h`` of all hidden layers for the first ``count`` rows of ``x``.

    ``normal_function`` is the slot that normalizes, by the batch's or by running statistics;
    ``rate`` is the share of units to drop, 0 for none, and ``key`` the masks' key. Returns the
    number of the last barrier.
    """
    layers, theta, capacity = network.layers, network.theta, buffers.x.shape[0]
    inputs = buffers.x[:count]
    first_row = np.int64(0)  # typed: see _alone
    if layers[0, INPUT_GAMMA] >= 0:
        width = layers[0, FAN_IN]
        start, stop = share(width, rank, ranks, UNIT_GRAIN)
        normalize_input(normal_function, network, buffers, count, start, stop)
        inputs = matrix(buffers.h, first_row, count, width)
        meeting += 1
        barrier(counter, ranks, meeting)
    for layer in range(layers.shape[0] - 1):
        units, place = layers[layer, FAN_OUT], capacity * layers[layer, UNITS_BEFORE]
        z = matrix(buffers.z, place, count, units)
        a = matrix(buffers.a, place, count, units)
        h = matrix(buffers.h, place, count, units)
        start, stop = share(units, rank, ranks, UNIT_GRAIN)
        norm = layers[layer, NORM]
        # out of the way of what it is normalized to
        sums = a if norm == NORM_BEFORE else z
        weights, bias = layers[layer, WEIGHTS], layers[layer, BIAS]
        dense_forward(
            inputs, theta, weights, bias, sums, first_row, count, start, stop, functions.multiply,
            panel,
        )  # fmt: skip
        if norm == NORM_BEFORE:
            normalize(
                normal_function, layers, layer, a, buffers, z, theta, network.normal, start, stop
            )
        function = functions.hidden_forward[layers[layer, ACTIVATION]]
        alpha, alphas = layers[layer, ALPHA], layers[layer, ALPHAS]
        activate(function, z, a, theta, alpha, alphas, start, stop)
        inputs = a
        if norm == NORM_AFTER:
            normalize(
                normal_function, layers, layer, a, buffers, h, theta, network.normal, start, stop
            )
            inputs = h
        if rate > 0.0:
            dropout_forward(inputs, h, derive(key, layer), rate, start, stop)
            inputs = h
        meeting += 1
        barrier(counter, ranks, meeting)
    return meeting


@kernel
def output_and_loss(network, buffers, panel, functions, fused, count, start, stop, scale, dropped):
    """Compute ``z``, ``p``, loss and gradient ``d`` of the output layer for rows [start, stop).

    ``d`` becomes ``scale * dL/dz``. Returns the sum of the losses of those rows.
    """
    layers, capacity, theta = network.layers, buffers.x.shape[0], network.theta
    last = layers.shape[0] - 1
    outputs, place = layers[last, FAN_OUT], capacity * layers[last, UNITS_BEFORE]
    z = matrix(buffers.z, place, count, outputs)
    d = matrix(buffers.d, place, count, outputs)
    output_sums(network, buffers, functions.multiply, panel, count, start, stop, dropped)
    z, d = z[start:stop], d[start:stop]
    p, y = buffers.p[start:stop], buffers.y[start:stop]
    if fused:
        return call_loss(functions.loss, z, p, y, d, scale, network.settings)
    flat_z, flat_p, flat_d = flat(z), flat(p), flat(d)
    parameters = theta[layers[last, ALPHA] : layers[last, ALPHA] + 1]
    call_forward(functions.output_forward, flat_z, flat_p, parameters, outputs)
    total = call_loss(functions.loss, z, p, y, d, scale, network.settings)
    function, d_alpha = functions.output_backward, buffers.d_alpha
    call_backward(function, flat_z, flat_p, flat_d, parameters, d_alpha, outputs)
    return total


@kernel
def output_sums(network, buffers, product, panel, count, start, stop, dropped):
    """Write the output layer's weighted sums ``z`` of rows [start, stop)."""
    layers, capacity = network.layers, buffers.x.shape[0]
    last = layers.shape[0] - 1
    outputs, first_unit = layers[last, FAN_OUT], np.int64(0)
    z = matrix(buffers.z, capacity * layers[last, UNITS_BEFORE], count, outputs)
    inputs = buffers.x[:count]
    if last > 0:
        below = last - 1
        fed = dropped or layers[below, NORM] == NORM_AFTER
        source = buffers.h if fed else buffers.a
        place = capacity * layers[below, UNITS_BEFORE]
        inputs = matrix(source, place, count, layers[below, FAN_OUT])
    elif layers[0, INPUT_GAMMA] >= 0:
        inputs = matrix(buffers.h, first_unit, count, layers[0, FAN_IN])
    weights, bias = layers[last, WEIGHTS], layers[last, BIAS]
    dense_forward(
        inputs, network.theta, weights, bias, z, start, stop, first_unit, outputs, product, panel
    )


@kernel
def _alone():
    """Return rank 0 of 1 ranks, a key, no dropout: typed values, not literals.

    Numba compiles a function once more for every literal that it is called with.
    """
    return np.int64(0), np.int64(1), np.uint64(0), np.float64(0.0), np.bool_(False)


@kernel
def predict(network, rows, buffers, functions, index, start, stop, counter, predictions):
    """Write the predictions of rows ``index[start:stop]`` into ``predictions[start:stop]``."""
    layers, capacity, theta = network.layers, buffers.x.shape[0], network.theta
    last = layers.shape[0] - 1
    outputs, alpha = layers[last, FAN_OUT], layers[last, ALPHA]
    none, one, key, keep, dropped = _alone()
    panel, normal_function = buffers.panel, functions.normalize_running
    for first in range(start, stop, capacity):
        count = min(capacity, stop - first)
        call_gather(
            functions.gather, rows.stored, index, first, 0, count, rows.shift, rows.scale, buffers.x
        )
        hidden_forward(
            none, one, network, buffers, panel, functions, normal_function, count, keep, key,
            counter, none,
        )  # fmt: skip
        output_sums(network, buffers, functions.multiply, panel, count, none, count, dropped)
        z = matrix(buffers.z, capacity * layers[last, UNITS_BEFORE], count, outputs)
        p = predictions[first : first + count]
        parameters = theta[alpha : alpha + 1]
        call_forward(functions.output_forward, flat(z), flat(p), parameters, outputs)


@kernel
def evaluate(network, rows, buffers, functions, fused, index, start, stop, metric_weights, counter):
    """Return the summed loss and the summed metric of rows ``index[start:stop]``, undropped."""
    capacity = buffers.x.shape[0]
    loss = metric = 0.0
    none, one, key, keep, dropped = _alone()
    panel, normal_function = buffers.panel, functions.normalize_running
    for first in range(start, stop, capacity):
        count = min(capacity, stop - first)
        call_gather(
            functions.gather, rows.stored, index, first, 0, count, rows.shift, rows.scale, buffers.x
        )
        gather_targets(rows.targets, index, first, 0, count, buffers.y)
        hidden_forward(
            none, one, network, buffers, panel, functions, normal_function, count, keep, key,
            counter, none,
        )  # fmt: skip
        loss += output_and_loss(
            network, buffers, panel, functions, fused, count, none, count, 1.0, dropped
        )
        metric += call_metric(
            functions.metric, buffers.p[:count], buffers.y[:count], metric_weights
        )
    return loss, metric
