"""The beginning and the end of an epoch, which one rank does for all."""

from __future__ import annotations

import math

from nncli.kernels.control import (
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
    EPOCH,
    EPOCHS,
    GRADIENT_NORM,
    KEY,
    LOSS_SUM,
    METRIC_SUM,
    ORDERED,
    PATIENCE,
    PLATEAU_BEST,
    PLATEAU_FACTOR,
    PLATEAU_WAITED,
    POSITION,
    RUNNING,
    SCHEDULE,
    STATUS,
    STOPPED_EARLY,
    SUM_LOSS,
    SUM_METRIC,
    UPDATE,
    WAITED,
)
from nncli.kernels.hyper import RATE as HYPER_RATE
from nncli.kernels.jit import kernel
from nncli.kernels.random import derive, shuffle
from nncli.kernels.schedules import PLATEAU as PLATEAU_SCHEDULE


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
