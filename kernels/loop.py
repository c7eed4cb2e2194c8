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

from nncli.kernels.backward import backward
from nncli.kernels.control import (
    BATCH,
    CURVE_ROWS,
    DIAGNOSE,
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
    MOMENTUM_PRODUCT,
    PLATEAU_FACTOR,
    POSITION,
    RATE,
    RUNNING,
    SCHEDULE,
    STATUS,
    SUM_LOSS,
    SUM_METRIC,
    SUM_SQUARES,
    UPDATE,
    WARMUP,
)
from nncli.kernels.diagnosis import ACTIVATIONS, GRADIENTS, RESULTS, UPDATES
from nncli.kernels.epoch import begin_epoch, end_epoch
from nncli.kernels.forward import hidden_forward, output_and_loss
from nncli.kernels.gather import gather_targets
from nncli.kernels.hyper import (
    BETA1,
    CLIP_NORM,
    MOMENTUM_DECAY,
    MU,
    MU_NEXT,
    MU_PRODUCT,
    STEP,
)
from nncli.kernels.hyper import RATE as HYPER_RATE
from nncli.kernels.jit import kernel
from nncli.kernels.random import derive
from nncli.kernels.schedules import mu_of, rate_factor
from nncli.kernels.slots import call_evaluate, call_gather, call_metric, call_observe
from nncli.kernels.step import squared_norm, step
from nncli.kernels.threads import barrier, share


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
    diagnosis,
    counter,
):
    """Train for up to ``budget`` mini-batches as rank ``rank`` of ``ranks``; return nothing.

    ``d_theta`` and ``best_theta`` are like ``theta``; ``state`` (slots, parameters). ``order``
    holds the epoch's stored-row numbers, shuffled; ``train_index`` and ``validation_index`` the
    splits'. ``buffers`` is shared, ``own_buffers`` belongs to the rank. ``control`` and ``numbers``
    are described in :mod:`nncli.kernels.control`, ``sums`` (ranks, 8). ``curve`` receives a
    row per logged epoch, from row 0, and ``diagnosis`` a row per layer if it is asked for.
    ``counter`` must be zero at the start.
    """
    samples, batch = train_index.size, control[BATCH]
    batches = (samples + batch - 1) // batch
    whole = batches == 1
    dropout, fused = numbers[DROPOUT], control[FUSED] == 1
    diagnoses = control[DIAGNOSE] == 1
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
        logged = (epoch + 1) % control[LOG_EVERY] == 0 or epoch + 1 == control[EPOCHS]
        watches = diagnoses and logged
        # gradients and activations are looked at in the last mini-batch that is whole
        measured = np.int64(1) if position == samples // batch - 1 else np.int64(0)
        meeting = hidden_forward(
            rank, ranks, network, buffers, panel, functions, functions.normalize_batch, count,
            dropout, key, counter, meeting,
        )  # fmt: skip
        if watches:
            call_observe(
                functions.observe, ACTIVATIONS, rank, ranks, network, d_theta, buffers, panel,
                diagnosis, count, measured,
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
            if hyper[MOMENTUM_DECAY] >= 0.0:
                hyper[MU] = mu_of(hyper[BETA1], hyper[MOMENTUM_DECAY], update + 1.0)
                hyper[MU_NEXT] = mu_of(hyper[BETA1], hyper[MOMENTUM_DECAY], update + 2.0)
                numbers[MOMENTUM_PRODUCT] *= hyper[MU]
                hyper[MU_PRODUCT] = numbers[MOMENTUM_PRODUCT]
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
        if watches and measured == 1:
            call_observe(
                functions.observe, GRADIENTS, rank, ranks, network, d_theta, buffers, panel,
                diagnosis, count, measured,
            )  # fmt: skip
        step(rank, ranks, network, d_theta, state, functions, hyper, shrink)
        if watches and measured == 1:
            call_observe(
                functions.observe, UPDATES, rank, ranks, network, d_theta, buffers, panel,
                diagnosis, count, measured,
            )  # fmt: skip

        if last:
            meeting += 1
            barrier(counter, ranks, meeting)
            if logged and validation_index.size > 0:
                start, stop = share(validation_index.size, rank, ranks, 1)
                loss, metric = call_evaluate(
                    functions.evaluate, network, rows, own_buffers, functions, fused,
                    validation_index, start, stop, metric_weights, counter,
                )  # fmt: skip
                sums[rank, SUM_LOSS], sums[rank, SUM_METRIC] = loss, metric
                meeting += 1
                barrier(counter, ranks, meeting)
            if watches:
                call_observe(
                    functions.observe, RESULTS, rank, ranks, network, d_theta, buffers, panel,
                    diagnosis, count, control[CURVE_ROWS],
                )  # fmt: skip
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
