"""The forward pass of a mini-batch, shared out over ranks, and the evaluation of a split.

``h_0 = x``, then ``z_l = h_{l-1} W_l + b_l`` and ``a_l = f(z_l)``, layer by layer. Each rank
computes a slice of the units of a hidden layer. The output layer is small and is shared out by
rows instead, so that predictions, loss and its gradient follow without another barrier.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.dense import dense_forward
from nncli.kernels.dropout import dropout_forward
from nncli.kernels.gather import gather_targets
from nncli.kernels.jit import kernel
from nncli.kernels.network import ACTIVATION, BIAS, FAN_OUT, UNITS_BEFORE, WEIGHTS
from nncli.kernels.random import derive
from nncli.kernels.slots import call_backward, call_forward, call_gather, call_loss, call_metric
from nncli.kernels.threads import barrier, share
from nncli.kernels.views import flat, matrix

#: Units are shared out in groups of this many: two cache lines of float32, a tile's width.
UNIT_GRAIN = 32


@kernel
def activate(forward, z, a, constants, start, stop):
    """Write ``a = f(z)`` for columns ``[start, stop)``; whole matrices in one call."""
    units = z.shape[1]
    if stop - start == units:
        call_forward(forward, flat(z), flat(a), constants, units)
    else:
        for i in range(z.shape[0]):
            call_forward(forward, z[i, start:stop], a[i, start:stop], constants, stop - start)


@kernel
def hidden_forward(
    rank, ranks, network, buffers, panel, functions, count, rate, key, counter, meeting
):
    """Fill ``z``, ``a`` and ``h`` of all hidden layers for the first ``count`` rows of ``x``.

    ``rate`` is the share of units to drop, 0 for none, and ``key`` the masks' key. Returns the
    number of the last barrier.
    """
    layers, theta, capacity = network.layers, network.theta, buffers.x.shape[0]
    inputs = buffers.x[:count]
    first_row = np.int64(0)  # typed: see _alone
    for layer in range(layers.shape[0] - 1):
        units, place = layers[layer, FAN_OUT], capacity * layers[layer, UNITS_BEFORE]
        z = matrix(buffers.z, place, count, units)
        a = matrix(buffers.a, place, count, units)
        h = matrix(buffers.h, place, count, units)
        start, stop = share(units, rank, ranks, UNIT_GRAIN)
        weights, bias = layers[layer, WEIGHTS], layers[layer, BIAS]
        dense_forward(inputs, theta, weights, bias, z, first_row, count, start, stop, panel)
        function = functions.hidden_forward[layers[layer, ACTIVATION]]
        activate(function, z, a, network.constants, start, stop)
        if rate > 0.0:
            dropout_forward(a, h, derive(key, layer), rate, start, stop)
            inputs = h
        else:
            inputs = a
        meeting += 1
        barrier(counter, ranks, meeting)
    return meeting


@kernel
def output_and_loss(network, buffers, panel, functions, fused, count, start, stop, scale, dropped):
    """Compute ``z``, ``p``, loss and gradient ``d`` of the output layer for rows [start, stop).

    ``d`` becomes ``scale * dL/dz``. Returns the sum of the losses of those rows.
    """
    layers, capacity = network.layers, buffers.x.shape[0]
    last = layers.shape[0] - 1
    outputs, place = layers[last, FAN_OUT], capacity * layers[last, UNITS_BEFORE]
    z = matrix(buffers.z, place, count, outputs)
    d = matrix(buffers.d, place, count, outputs)
    inputs = buffers.x[:count]
    if last > 0:
        place = capacity * layers[last - 1, UNITS_BEFORE]
        source = buffers.h if dropped else buffers.a
        inputs = matrix(source, place, count, layers[last - 1, FAN_OUT])
    weights, bias = layers[last, WEIGHTS], layers[last, BIAS]
    first_unit = np.int64(0)
    dense_forward(inputs, network.theta, weights, bias, z, start, stop, first_unit, outputs, panel)
    z, d = z[start:stop], d[start:stop]
    p, y = buffers.p[start:stop], buffers.y[start:stop]
    if fused:
        return call_loss(functions.loss, z, p, y, d, scale)
    flat_z, flat_p, flat_d = flat(z), flat(p), flat(d)
    constants = network.constants
    call_forward(functions.output_forward, flat_z, flat_p, constants, outputs)
    total = call_loss(functions.loss, z, p, y, d, scale)
    function = functions.output_backward
    call_backward(function, flat_z, flat_p, flat_d, constants, constants, outputs)
    return total


@kernel
def _alone():
    """Return rank 0 of 1 ranks, a key, no dropout: typed values, not literals.

    Numba compiles a function once more for every literal that it is called with.
    """
    return np.int64(0), np.int64(1), np.uint64(0), np.float64(0.0), np.bool_(False)


@kernel
def predict(network, rows, buffers, functions, index, start, stop, counter, predictions):
    """Write the predictions of rows ``index[start:stop]`` into ``predictions[start:stop]``."""
    layers, capacity = network.layers, buffers.x.shape[0]
    last = layers.shape[0] - 1
    weights, bias, outputs = layers[last, WEIGHTS], layers[last, BIAS], layers[last, FAN_OUT]
    none, one, key, keep, _ = _alone()
    panel = buffers.panel
    for first in range(start, stop, capacity):
        count = min(capacity, stop - first)
        call_gather(
            functions.gather, rows.stored, index, first, 0, count, rows.shift, rows.scale, buffers.x
        )
        hidden_forward(
            none, one, network, buffers, panel, functions, count, keep, key, counter, none
        )
        inputs = buffers.x[:count]
        if last > 0:
            place = capacity * layers[last - 1, UNITS_BEFORE]
            inputs = matrix(buffers.a, place, count, layers[last - 1, FAN_OUT])
        z = matrix(buffers.z, capacity * layers[last, UNITS_BEFORE], count, outputs)
        dense_forward(inputs, network.theta, weights, bias, z, none, count, none, outputs, panel)
        p = predictions[first : first + count]
        call_forward(functions.output_forward, flat(z), flat(p), network.constants, outputs)


@kernel
def evaluate(network, rows, buffers, functions, fused, index, start, stop, metric_weights, counter):
    """Return the summed loss and the summed metric of rows ``index[start:stop]``, undropped."""
    capacity = buffers.x.shape[0]
    loss = metric = 0.0
    none, one, key, keep, dropped = _alone()
    panel = buffers.panel
    for first in range(start, stop, capacity):
        count = min(capacity, stop - first)
        call_gather(
            functions.gather, rows.stored, index, first, 0, count, rows.shift, rows.scale, buffers.x
        )
        gather_targets(rows.targets, index, first, 0, count, buffers.y)
        hidden_forward(
            none, one, network, buffers, panel, functions, count, keep, key, counter, none
        )
        loss += output_and_loss(
            network, buffers, panel, functions, fused, count, none, count, 1.0, dropped
        )
        metric += call_metric(
            functions.metric, buffers.p[:count], buffers.y[:count], metric_weights
        )
    return loss, metric
