"""The training loop: shuffle, gather, forward, loss, backward, update, validate, record.

Python calls :func:`train` about every 50 ms with a number of mini-batches to do and is
re-entered for progress, Ctrl-C and saving alone. With several ranks every rank runs this function
on the same arrays. Each matrix is shared out over the ranks so that a rank needs others'
results only behind a barrier, and writes memory that is its own:

    gather           rows of the batch
    hidden layers    units (columns of W)            a barrier after each layer
    output and loss  rows of the batch               a barrier
    backward         units of the layer below        a barrier after each layer
    update           rows of W, that is contiguous ranges of ``theta``
"""

from __future__ import annotations

import math

import numpy as np

from nncli.kernels.control import (
    BATCH,
    BEST_EPOCH,
    BEST_LOSS,
    CLASSIFIES,
    COMPLETED,
    CURVE_EPOCH,
    CURVE_GRADIENT_NORM,
    CURVE_RATE,
    CURVE_ROWS,
    CURVE_TRAIN_LOSS,
    CURVE_TRAIN_METRIC,
    CURVE_UPDATES,
    CURVE_VAL_LOSS,
    CURVE_VAL_METRIC,
    DIVERGED,
    DROPOUT,
    EPOCH,
    EPOCHS,
    FUSED,
    GRADIENT_NORM,
    KEY,
    LOG_EVERY,
    LOSS_SUM,
    METRIC_SUM,
    ORDERED,
    PATIENCE,
    PLATEAU_BEST,
    PLATEAU_FACTOR,
    PLATEAU_WAITED,
    POSITION,
    RATE,
    RUNNING,
    SCHEDULE,
    STATUS,
    STOPPED_EARLY,
    SUM_LOSS,
    SUM_METRIC,
    SUM_SQUARES,
    UPDATE,
    WAITED,
    WARMUP,
)
from nncli.kernels.dense import dense_backward_input, dense_backward_parameters
from nncli.kernels.dropout import dropout_backward
from nncli.kernels.forward import (
    UNIT_GRAIN,
    evaluate,
    hidden_forward,
    output_and_loss,
)
from nncli.kernels.gather import gather_targets
from nncli.kernels.hyper import CLIP_NORM, L1, STEP, WEIGHT_DECAY
from nncli.kernels.hyper import RATE as HYPER_RATE
from nncli.kernels.jit import kernel
from nncli.kernels.network import ACTIVATION, BIAS, FAN_IN, FAN_OUT, UNITS_BEFORE, WEIGHTS
from nncli.kernels.random import derive, shuffle
from nncli.kernels.schedules import PLATEAU as PLATEAU_SCHEDULE
from nncli.kernels.schedules import rate_factor
from nncli.kernels.slots import call_backward, call_gather, call_metric, call_update
from nncli.kernels.threads import barrier, share
from nncli.kernels.views import flat, matrix


@kernel
def train(
    rank,
    ranks,
    budget,
    network,
    d_theta,
    state,
    best_theta,
    rows,
    train_index,
    validation_index,
    order,
    buffers,
    own_buffers,
    functions,
    metric_weights,
    hyper,
    control,
    numbers,
    sums,
    curve,
    counter,
):
    """Train for up to ``budget`` mini-batches as rank ``rank`` of ``ranks``; return nothing.

    ``d_theta`` and ``best_theta`` are like ``theta``; ``state`` (slots, parameters). ``order``
    holds the epoch's stored-row numbers, shuffled; ``train_index`` and ``validation_index`` the
    splits'. ``buffers`` is shared, ``own_buffers`` belongs to the rank. ``control`` and ``numbers``
    are described in :mod:`nncli.kernels.control`, ``sums`` (ranks, 8). ``curve`` receives a
    row per logged epoch, from row 0. ``counter`` must be zero at the start.
    """
    samples, batch = train_index.size, control[BATCH]
    batches = (samples + batch - 1) // batch
    whole = batches == 1
    dropout, fused = numbers[DROPOUT], control[FUSED] == 1
    panel = own_buffers.panel
    meeting = 0
    for turn in range(budget):
        position, update, epoch = control[POSITION], control[UPDATE], control[EPOCH]
        if position == 0 or turn == 0:
            if rank == 0:
                begin_epoch(train_index, order, whole, control, numbers)
            meeting += 1
            barrier(counter, ranks, meeting)

        first = position * batch
        count = min(batch, samples - first)
        row_start, row_stop = share(count, rank, ranks, 1)
        if turn == 0 or not whole:  # a full batch is gathered once a call
            call_gather(
                functions.gather,
                rows.stored,
                order,
                first,
                row_start,
                row_stop,
                rows.shift,
                rows.scale,
                buffers.x,
            )
            gather_targets(rows.targets, order, first, row_start, row_stop, buffers.y)
            meeting += 1
            barrier(counter, ranks, meeting)

        key = derive(derive(control[KEY], epoch), position)
        meeting = hidden_forward(
            rank, ranks, network, buffers, panel, functions, count, dropout, key, counter, meeting,
        )  # fmt: skip
        sums[rank, SUM_LOSS] = output_and_loss(
            network, buffers, panel, functions, fused, count, row_start, row_stop, 1.0 / count,
            dropout > 0.0,
        )  # fmt: skip
        sums[rank, SUM_METRIC] = call_metric(
            functions.metric,
            buffers.p[row_start:row_stop],
            buffers.y[row_start:row_stop],
            metric_weights,
        )
        meeting += 1
        barrier(counter, ranks, meeting)
        loss = 0.0
        for other in range(ranks):
            loss += sums[other, SUM_LOSS]
        # every rank sees the same sum and so takes the same way out
        if not math.isfinite(loss):
            if rank == 0:
                control[STATUS] = DIVERGED
                numbers[LOSS_SUM] += loss
            break

        # while nobody reads them: all ranks have passed the forward pass of this update
        if rank == 0:
            factor = rate_factor(
                numbers[SCHEDULE : SCHEDULE + 3], epoch, update, batches, control[EPOCHS],
                numbers[WARMUP], numbers[PLATEAU_FACTOR],
            )  # fmt: skip
            hyper[HYPER_RATE] = numbers[RATE] * factor
            hyper[STEP] = update + 1.0
            for other in range(ranks):
                numbers[LOSS_SUM] += sums[other, SUM_LOSS]
                numbers[METRIC_SUM] += sums[other, SUM_METRIC]
            control[UPDATE] = update + 1
            control[POSITION] = position + 1

        meeting = backward(
            rank, ranks, network, d_theta, buffers, panel, functions, count, dropout, key,
            counter, meeting,
        )  # fmt: skip

        last = position == batches - 1
        clip = hyper[CLIP_NORM]
        norm = 0.0
        if last or clip > 0.0:
            sums[rank, SUM_SQUARES] = squared_norm(rank, ranks, network.layers, d_theta)
            meeting += 1
            barrier(counter, ranks, meeting)
            for other in range(ranks):
                norm += sums[other, SUM_SQUARES]
            norm = math.sqrt(norm)
        if last and rank == 0:
            numbers[GRADIENT_NORM] = norm
        shrink = clip / norm if clip > 0.0 and norm > clip else 1.0
        step(rank, ranks, network, d_theta, state, functions, hyper, shrink)

        if last:
            logged = (epoch + 1) % control[LOG_EVERY] == 0 or epoch + 1 == control[EPOCHS]
            meeting += 1
            barrier(counter, ranks, meeting)
            if logged and validation_index.size > 0:
                start, stop = share(validation_index.size, rank, ranks, 1)
                loss, metric = evaluate(
                    network, rows, own_buffers, functions, fused, validation_index, start, stop,
                    metric_weights, counter,
                )  # fmt: skip
                sums[rank, SUM_LOSS], sums[rank, SUM_METRIC] = loss, metric
                meeting += 1
                barrier(counter, ranks, meeting)
            if rank == 0:
                end_epoch(
                    logged, ranks, network.theta, best_theta, samples, validation_index.size,
                    hyper, control, numbers, sums, curve,
                )  # fmt: skip
            meeting += 1
            barrier(counter, ranks, meeting)
            if control[STATUS] != RUNNING:
                break


@kernel
def begin_epoch(train_index, order, whole, control, numbers):
    """Bring ``order`` to the epoch's order of rows and, at its start, its sums to zero.

    The order is a function of key and epoch, so that a run that is resumed in the middle of an
    epoch finds it again. A full batch is the same set of rows in any order and is not shuffled.
    """
    epoch = control[EPOCH]
    if control[ORDERED] != epoch + 1 and not whole:
        shuffle(derive(control[KEY], epoch), train_index, order)
    elif control[ORDERED] == 0:
        for i in range(order.size):
            order[i] = train_index[i]
    control[ORDERED] = epoch + 1
    if control[POSITION] == 0:
        numbers[LOSS_SUM] = 0.0
        numbers[METRIC_SUM] = 0.0


@kernel
def backward(
    rank, ranks, network, d_theta, buffers, panel, functions, count, dropout, key, counter,
    meeting,
):  # fmt: skip
    """Propagate the output layer's ``d`` down to the first layer and fill ``d_theta``."""
    layers, capacity = network.layers, buffers.x.shape[0]
    for layer in range(layers.shape[0] - 1, -1, -1):
        weights, bias = layers[layer, WEIGHTS], layers[layer, BIAS]
        place = capacity * layers[layer, UNITS_BEFORE]
        d_z = matrix(buffers.d, place, count, layers[layer, FAN_OUT])
        start, stop = share(layers[layer, FAN_IN], rank, ranks, UNIT_GRAIN)
        if layer == 0:
            inputs = buffers.x[:count]
            dense_backward_parameters(inputs, d_z, d_theta, weights, bias, start, stop, panel)
        else:
            below = layer - 1
            units, place = layers[below, FAN_OUT], capacity * layers[below, UNITS_BEFORE]
            z = matrix(buffers.z, place, count, units)
            a = matrix(buffers.a, place, count, units)
            d = matrix(buffers.d, place, count, units)
            dense_backward_input(d_z, network.theta, weights, d, start, stop, panel)
            inputs = a
            if dropout > 0.0:
                inputs = matrix(buffers.h, place, count, units)
                dropout_backward(d, derive(key, below), dropout, start, stop)
            dense_backward_parameters(inputs, d_z, d_theta, weights, bias, start, stop, panel)
            function = functions.hidden_backward[layers[below, ACTIVATION]]
            activate_backward(function, z, a, d, network.constants, start, stop)
        meeting += 1
        barrier(counter, ranks, meeting)
    return meeting


@kernel
def activate_backward(backward, z, a, d, constants, start, stop):
    """Turn ``d`` from dL/da into dL/dz for columns ``[start, stop)``."""
    units = a.shape[1]
    if stop - start == units:
        flat_z, flat_a, flat_d = flat(z), flat(a), flat(d)
        call_backward(backward, flat_z, flat_a, flat_d, constants, constants, units)
    else:
        for i in range(a.shape[0]):
            call_backward(
                backward, z[i, start:stop], a[i, start:stop], d[i, start:stop],
                constants, constants, stop - start,
            )  # fmt: skip


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
    """Return the range of ``theta`` that a rank owns in a layer: rows of W; the last one also b.

    W is row-major and b stands right behind it, so that the range is contiguous.
    """
    fan_in, fan_out = layers[layer, FAN_IN], layers[layer, FAN_OUT]
    start, stop = share(fan_in, rank, ranks, UNIT_GRAIN)
    weights = layers[layer, WEIGHTS]
    end = weights + stop * fan_out
    if rank == ranks - 1:
        end += fan_out
    return weights + start * fan_out, end


@kernel
def step(rank, ranks, network, d_theta, state, functions, hyper, shrink):
    """Clip, add the penalties' gradient to the weights, and update the rank's share of theta."""
    layers, theta = network.layers, network.theta
    decay, l1 = theta.dtype.type(hyper[WEIGHT_DECAY]), theta.dtype.type(hyper[L1])
    factor = theta.dtype.type(shrink)
    for layer in range(layers.shape[0]):
        start, stop = own_range(rank, ranks, layers, layer)
        if shrink != 1.0:
            own = d_theta[start:stop]
            for i in range(own.size):
                own[i] *= factor
        if hyper[WEIGHT_DECAY] > 0.0 or hyper[L1] > 0.0:
            end = min(stop, layers[layer, BIAS])
            d_w, w = d_theta[start:end], theta[start:end]
            for i in range(w.size):
                d_w[i] += decay * w[i] + l1 * np.sign(w[i])
        if stop > start:
            call_update(functions.update, theta, d_theta, state, start, stop, hyper)


@kernel
def end_epoch(
    logged, ranks, theta, best_theta, samples, validation, hyper, control, numbers, sums, curve
):
    """Close an epoch: write its curve row, note the best parameters, decide whether to go on.

    What counts is the validation loss, or without a validation split the training loss.
    """
    epoch = control[EPOCH] + 1
    control[EPOCH] = epoch
    control[POSITION] = 0
    if logged:
        train_loss = numbers[LOSS_SUM] / samples
        val_loss = val_metric = math.nan
        if validation > 0:
            val_loss = val_metric = 0.0
            for other in range(ranks):
                val_loss += sums[other, SUM_LOSS]
                val_metric += sums[other, SUM_METRIC]
            val_loss /= validation
            val_metric = metric_of(val_metric, validation, control[CLASSIFIES])
        row = control[CURVE_ROWS]
        curve[row, CURVE_EPOCH] = epoch
        curve[row, CURVE_TRAIN_LOSS] = train_loss
        curve[row, CURVE_TRAIN_METRIC] = metric_of(
            numbers[METRIC_SUM], samples, control[CLASSIFIES]
        )
        curve[row, CURVE_VAL_LOSS] = val_loss
        curve[row, CURVE_VAL_METRIC] = val_metric
        curve[row, CURVE_RATE] = hyper[HYPER_RATE]
        curve[row, CURVE_GRADIENT_NORM] = numbers[GRADIENT_NORM]
        curve[row, CURVE_UPDATES] = control[UPDATE]
        control[CURVE_ROWS] = row + 1

        watched = val_loss if validation > 0 else train_loss
        if validation == 0 and not all_finite(theta):
            watched = math.nan  # nothing has been computed from the last update's weights
        if watched < numbers[BEST_LOSS]:
            numbers[BEST_LOSS] = watched
            control[BEST_EPOCH] = epoch
            for i in range(theta.size):
                best_theta[i] = theta[i]
        if watched < numbers[PLATEAU_BEST]:
            numbers[PLATEAU_BEST] = watched
            control[PLATEAU_WAITED] = epoch
        elif (
            numbers[SCHEDULE] == PLATEAU_SCHEDULE
            and epoch - control[PLATEAU_WAITED] >= numbers[SCHEDULE + 1]
        ):
            numbers[PLATEAU_FACTOR] *= numbers[SCHEDULE + 2]
            control[PLATEAU_WAITED] = epoch
        control[WAITED] = epoch - control[BEST_EPOCH]
        if not math.isfinite(watched):
            control[STATUS] = DIVERGED
        elif control[PATIENCE] > 0 and control[WAITED] >= control[PATIENCE]:
            control[STATUS] = STOPPED_EARLY
    if control[STATUS] == RUNNING and epoch >= control[EPOCHS]:
        control[STATUS] = COMPLETED


@kernel
def all_finite(values):
    """Return whether no element is NaN or infinite."""
    strange = 0
    for i in range(values.size):
        if not math.isfinite(values[i]):
            strange += 1
    return strange == 0


@kernel
def metric_of(total, count, classifies):
    """Return the accuracy, or the root mean squared error, from a sum over ``count`` rows."""
    return total / count if classifies else math.sqrt(total / count)
