"""What a run's layers look like while it trains: the numbers behind ``--diagnose``.

The loop calls :func:`observe` in four phases of an epoch that is logged. Gradients, updates and
activations are those of its last mini-batch that is whole; whether a unit is dead is asked of
every row of the epoch. Each rank adds up what it owns, and
:mod:`nncli.diagnosis.watching` joins the ranks' sums to the columns of ``layer_stats``.

The similarity of two units with incoming weights ``v`` and ``w``, their bias among them, is

    s(v, w) = 2 v.w / (|v|^2 + |w|^2) = 1 - |v - w|^2 / (|v|^2 + |w|^2)

It is 1 for equal units alone, and for units of the same norm it is the cosine. The cosine itself is
1 for all multiples too, that is for half of all pairs where a layer has one input.
"""

from __future__ import annotations

import math

import numpy as np

from nncli.kernels.forward import UNIT_GRAIN
from nncli.kernels.jit import kernel
from nncli.kernels.multiply import ZERO
from nncli.kernels.network import BIAS, FAN_IN, FAN_OUT, UNITS_BEFORE, WEIGHTS
from nncli.kernels.slots import call_multiply
from nncli.kernels.step import own_range
from nncli.kernels.threads import share
from nncli.kernels.views import matrix

#: When the loop calls :func:`observe`: after the forward pass of every mini-batch of a logged
#: epoch, before and after the observed update, and at the end of the epoch.
ACTIVATIONS, GRADIENTS, UPDATES, RESULTS = 0, 1, 2, 3

# Columns of ``Diagnosis.limits``, NaN where a layer's activation declares none.
LOW, HIGH, DEAD_AT, LIMITS = 0, 1, 2, 3

# Columns of ``Diagnosis.sums``, a row per rank and layer.
GRADIENT = 0  #: squares of the gradient of the layer's parameters, before clipping
CHANGE = 1  #: squares of the change of W by the observed update
WEIGHT = 2  #: squares of W before it
COUNT = 3  #: activations observed
TOTAL = 4  #: their sum
SQUARES = 5  #: the sum of their squares
SATURATED = 6  #: how many are at a limit or beyond
DEAD = 7  #: units that were not above ``DEAD_AT`` in any row of the epoch up to now
SIMILARITY = 8  #: largest of two units
SUMS = 9

#: Units of a block: their products with those of another block are computed at once.
BLOCK = 64

ONE = np.int64(1)


@kernel
def observe(phase, rank, ranks, network, d_theta, buffers, panel, diagnosis, count, row):
    """Do what ``phase`` asks for; return nothing.

    ``count`` is the number of rows of the mini-batch. ``row`` is whether it is the observed one,
    or at the end of an epoch the row of the curve.
    """
    if phase == ACTIVATIONS:
        observe_activations(rank, ranks, network, buffers, diagnosis, count, row)
    elif phase == GRADIENTS:
        observe_gradients(rank, ranks, network, d_theta, buffers, diagnosis, count)
    elif phase == UPDATES:
        observe_updates(rank, ranks, network, diagnosis)
    else:
        close_epoch(rank, ranks, network, panel, diagnosis, row)


@kernel
def observe_activations(rank, ranks, network, buffers, diagnosis, count, measured):
    """Look at the rank's units of the hidden layers, at ``a`` before dropout and normalization."""
    layers, capacity = network.layers, buffers.x.shape[0]
    for layer in range(layers.shape[0] - 1):
        units, before = layers[layer, FAN_OUT], layers[layer, UNITS_BEFORE]
        a = matrix(buffers.a, capacity * before, count, units)
        start, stop = share(units, rank, ranks, UNIT_GRAIN)
        limits, sums = diagnosis.limits[layer], diagnosis.sums[rank, layer]
        if sums[DEAD] > 0.0:  # once all have been seen alive there is nothing more to find out
            highest = diagnosis.highest[before + start : before + stop]
            sums[DEAD] = count_dead(a, start, stop, highest, limits[DEAD_AT])
        if measured == 1:
            add_up(a, np.int64(0), count, start, stop, limits, sums)


@kernel
def count_dead(a, start, stop, highest, dead_at):
    """Raise ``highest`` (stop - start,) to those columns of ``a`` (rows, units).

    Returns how many of them are not above ``dead_at``.
    """
    for i in range(a.shape[0]):
        row = a[i, start:stop]
        for j in range(row.size):
            highest[j] = row[j] if row[j] > highest[j] else highest[j]
    limit = highest.dtype.type(dead_at)
    alive = 0
    for j in range(highest.size):
        alive += highest[j] > limit
    return highest.size - alive


@kernel
def add_up(a, row_start, row_stop, start, stop, limits, sums):
    """Write count, sum, squares and the number of saturated ones of a part of ``a``."""
    low, high = a.dtype.type(limits[LOW]), a.dtype.type(limits[HIGH])
    total = squares = 0.0
    saturated = 0
    for i in range(row_start, row_stop):
        row = a[i, start:stop]
        for j in range(row.size):
            value = np.float64(row[j])
            total += value
            squares += value * value
            saturated += (row[j] <= low) | (row[j] >= high)
    sums[COUNT] = (row_stop - row_start) * (stop - start)
    sums[TOTAL], sums[SQUARES], sums[SATURATED] = total, squares, saturated


@kernel
def observe_gradients(rank, ranks, network, d_theta, buffers, diagnosis, count):
    """Square the rank's gradient, look at its rows of ``p``, and remember its ``theta``."""
    layers, theta, before = network.layers, network.theta, diagnosis.before
    for layer in range(layers.shape[0]):
        start, stop = own_range(rank, ranks, layers, layer)
        own, old, d_own = theta[start:stop], before[start:stop], d_theta[start:stop]
        gradient = 0.0
        for i in range(own.size):
            old[i] = own[i]
            gradient += np.float64(d_own[i]) * np.float64(d_own[i])
        diagnosis.sums[rank, layer, GRADIENT] = gradient
    last = layers.shape[0] - 1
    row_start, row_stop = share(count, rank, ranks, ONE)
    limits, sums = diagnosis.limits[last], diagnosis.sums[rank, last]
    add_up(buffers.p, row_start, row_stop, np.int64(0), layers[last, FAN_OUT], limits, sums)


@kernel
def observe_updates(rank, ranks, network, diagnosis):
    """Square the rank's weights as they were, and their change."""
    layers, theta, before = network.layers, network.theta, diagnosis.before
    for layer in range(layers.shape[0]):
        start, stop = own_range(rank, ranks, layers, layer)
        weights = layers[layer, WEIGHTS]
        first = max(start, weights)
        last = min(stop, weights + layers[layer, FAN_IN] * layers[layer, FAN_OUT])
        new, old = theta[first:last], before[first:last]
        change = weight = 0.0
        for i in range(new.size):
            step = np.float64(new[i]) - np.float64(old[i])
            change += step * step
            weight += np.float64(old[i]) * np.float64(old[i])
        sums = diagnosis.sums[rank, layer]
        sums[CHANGE], sums[WEIGHT] = change, weight


@kernel
def close_epoch(rank, ranks, network, panel, diagnosis, row):
    """Compare the units, write the rank's sums of the epoch, and begin the next."""
    layers = network.layers
    last = layers.shape[0] - 1
    scratch = diagnosis.scratch[rank]
    for layer in range(layers.shape[0]):
        sums, result = diagnosis.sums[rank, layer], diagnosis.rows[rank, row, layer]
        sums[SIMILARITY] = largest_similarity(
            rank, ranks, layers[layer], network.theta, scratch, diagnosis.multiply, panel
        )
        for each in range(SUMS):
            result[each] = sums[each]
        if layer < last:
            units, before = layers[layer, FAN_OUT], layers[layer, UNITS_BEFORE]
            start, stop = share(units, rank, ranks, UNIT_GRAIN)
            begin_watch(
                diagnosis.highest[before + start : before + stop], diagnosis.limits[layer], sums
            )


@kernel
def begin_watch(highest, limits, sums):
    """Take the units of ``highest`` (units,) for dead until they are seen alive."""
    for j in range(highest.size):
        highest[j] = -math.inf
    sums[DEAD] = 0.0 if math.isnan(limits[DEAD_AT]) else highest.size


@kernel
def largest_similarity(rank, ranks, layer, theta, scratch, product, panel):
    """Return the largest similarity of two units in the rank's blocks of pairs.

    It is -infinity where no pair is the rank's, or where none has a number.
    ``layer`` is its row of the layer table, ``scratch`` (BLOCK * BLOCK + units + BLOCK,),
    ``product`` the slot of the matrix product. The blocks ``W_I^T W_J`` of the Gram matrix with
    J >= I go round the ranks.
    """
    fan_in, units = layer[FAN_IN], layer[FAN_OUT]
    weights, bias = layer[WEIGHTS], layer[BIAS]
    gram = scratch[: BLOCK * BLOCK]
    squares = scratch[BLOCK * BLOCK : BLOCK * BLOCK + units]
    square_units(fan_in, units, weights, bias, theta, squares)
    best, one, other, turn = -math.inf, np.int64(-1), np.int64(-1), 0
    for first in range(0, units, BLOCK):
        rows = min(BLOCK, units - first)
        for second in range(first, units, BLOCK):
            turn += 1
            if (turn - 1) % ranks != rank:
                continue
            columns = min(BLOCK, units - second)
            call_multiply(
                product, rows, columns, fan_in,
                theta, weights + first, ONE, units,
                theta, weights + second, units, ONE, panel,
                ZERO, theta, np.int64(0), gram, np.int64(0), columns,
            )  # fmt: skip
            found = compare(first, rows, second, columns, bias, theta, squares, scratch)
            if found > best:
                best = found
                place = position_of(scratch.dtype.type(found), gram[: rows * columns])
                one, other = first + place // columns, second + place % columns
    if one < 0:
        return -math.inf
    # the Gram matrix has rounded: whether units are equal is asked of the differences
    return similarity(fan_in, units, weights, bias, theta, one, other)


@kernel
def square_units(fan_in, units, weights, bias, theta, squares):
    """Write every unit's sum of squares of its weights and its bias into ``squares`` (units,)."""
    for j in range(units):
        squares[j] = 0
    for i in range(fan_in):
        w = theta[weights + i * units : weights + (i + 1) * units]
        for j in range(units):
            squares[j] += w[j] * w[j]
    if bias >= 0:
        b = theta[bias : bias + units]
        for j in range(units):
            squares[j] += b[j] * b[j]


@kernel
def compare(first, rows, second, columns, bias, theta, squares, scratch):
    """Turn a block of the Gram matrix, without biases, into similarities; return the largest.

    The block (rows, columns) is the front of ``scratch``, of units from ``first`` and from
    ``second``. A pair that stands in it twice, or a unit with itself, becomes -infinity.
    """
    least = -math.inf
    gram = matrix(scratch, np.int64(0), rows, columns)
    largest = scratch[scratch.size - columns :]
    theirs = squares[second : second + columns]
    two, zero, one = gram.dtype.type(2), gram.dtype.type(0), gram.dtype.type(1)
    for j in range(columns):
        largest[j] = least
    for i in range(rows):
        done = i + 1 if first == second else 0
        passed = gram[i, :done]
        for j in range(passed.size):
            passed[j] = least
        g, most, square = gram[i, done:], largest[done:], theirs[done:]
        own = squares[first + i]
        if bias >= 0:
            own_b, b = (
                theta[bias + first + i],
                theta[bias + second + done : bias + second + columns],
            )
            for j in range(g.size):
                g[j] += own_b * b[j]
        for j in range(g.size):
            both = own + square[j]
            g[j] = one if both == zero else two * g[j] / both  # units of zeros are equal
            most[j] = g[j] if g[j] > most[j] else most[j]
    found = least
    for j in range(columns):
        found = max(found, np.float64(largest[j]))
    return found


@kernel
def position_of(value, values):
    """Return the first place of ``value`` in ``values``, or 0."""
    for i in range(values.size):
        if values[i] == value:
            return np.int64(i)
    return np.int64(0)


@kernel
def similarity(fan_in, units, weights, bias, theta, one, other):
    """Return ``1 - |v - w|^2 / (|v|^2 + |w|^2)`` of two units, 1 for equal ones."""
    difference = squares = 0.0
    for i in range(fan_in + 1 if bias >= 0 else fan_in):
        row = weights + i * units if i < fan_in else bias
        v, w = np.float64(theta[row + one]), np.float64(theta[row + other])
        difference += (v - w) * (v - w)
        squares += v * v + w * w
    return 1.0 if squares == 0.0 else 1.0 - difference / squares
