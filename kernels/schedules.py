"""Schedules: the factor on the learning rate at an update, and NAdam's momentum.

A schedule is a row of numbers, ``(kind, parameter, parameter)``, so that the native loop carries no
branches of Python. Warm-up multiplies the rate by a straight line from zero over the first epochs.
"""

from __future__ import annotations

import math

from nncli.kernels.jit import kernel

CONSTANT, STEP, EXPONENTIAL, COSINE, PLATEAU, INVERSE_ROOT = 0, 1, 2, 3, 4, 5

#: Name on the command line: (kind, defaults of its parameters, what they mean).
SCHEDULES: dict[str, tuple[int, tuple[float, ...], str]] = {
    "constant": (CONSTANT, (), "the rate stays"),
    "step": (STEP, (10.0, 0.5), "step:EVERY:FACTOR multiplies by FACTOR every EVERY epochs"),
    "exp": (EXPONENTIAL, (0.95,), "exp:FACTOR multiplies by FACTOR every epoch"),
    "cosine": (COSINE, (0.0,), "cosine:FLOOR falls along half a cosine to FLOOR times the rate"),
    "inverse_root": (INVERSE_ROOT, (), "divides by the root of the epoch's number, from 1 on"),
    "plateau": (
        PLATEAU,
        (5.0, 0.5),
        "plateau:PATIENCE:FACTOR multiplies by FACTOR when PATIENCE epochs brought no better loss",
    ),
}


@kernel
def rate_factor(schedule, epoch, update, updates_an_epoch, epochs, warmup, plateau):
    """Return the factor for update ``update`` (from 0, over the whole run) in ``epoch`` (from 0).

    ``schedule`` is (3,) float64, ``warmup`` a number of epochs, ``plateau`` the product of the
    reductions so far.
    """
    factor = 1.0
    if schedule[0] == STEP:
        factor = schedule[2] ** math.floor(epoch / schedule[1])
    elif schedule[0] == EXPONENTIAL:
        factor = schedule[1] ** epoch
    elif schedule[0] == COSINE:
        share = min(1.0, update / (updates_an_epoch * epochs))
        factor = schedule[1] + (1.0 - schedule[1]) * 0.5 * (1.0 + math.cos(math.pi * share))
    elif schedule[0] == INVERSE_ROOT:
        factor = 1.0 / math.sqrt(epoch + 1.0)
    elif schedule[0] == PLATEAU:
        factor = plateau
    rising = warmup * updates_an_epoch
    if update < rising:
        factor *= min(1.0, (update + 1) / rising)
    return factor


@kernel
def mu_of(beta1, momentum_decay, step):
    """Return NAdam's momentum of update ``step`` (from 1), which rises from half of beta1 to it.

    ``mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)`` (Dozat 2016, section 3.1).
    """
    return beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))
