"""Batch Normalization of the columns ``[start, stop)`` that a rank owns.

In training, with mean and variance over the rows of the mini-batch::

    n = (x - mean) / sqrt(variance + eps)        y = gamma n + beta

and at inference with their running averages, ``r = (1 - momentum) r + momentum batch`` (Ioffe &
Szegedy 2015, Alg. 1 and 2; torch.nn.BatchNorm1d(momentum, eps)). The batch's variance divides by
the number of rows; the running variance is of the unbiased one, as in PyTorch. With
``gamma = sqrt(variance + eps)`` and ``beta = mean`` it changes nothing.

``x``, ``normed`` and ``y`` are (rows, units), and ``y`` may be ``x``. ``gamma`` (units,) lies in
``theta`` at that offset and ``beta`` behind it; the running mean at ``running`` and the running
variance behind it. ``mean`` and ``inverse`` (units,) keep the batch's mean and 1 / deviation.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import kernel
from nncli.kernels.network import NORM_EPS, NORM_MOMENTUM


@kernel
def normalize_batch(x, normed, y, theta, gamma, running, mean, inverse, normal, start, stop):
    """Normalize by the batch's statistics and move the running ones towards them."""
    rows, units, size = x.shape[0], x.shape[1], stop - start
    one = x.dtype.type(1)
    share = one / x.dtype.type(rows)
    m, v = mean[start:stop], inverse[start:stop]
    for j in range(size):
        m[j] = 0
        v[j] = 0
    for i in range(rows):
        x_i = x[i, start:stop]
        for j in range(size):
            m[j] += x_i[j]
    for j in range(size):
        m[j] *= share
    for i in range(rows):
        x_i = x[i, start:stop]
        for j in range(size):
            v[j] += (x_i[j] - m[j]) * (x_i[j] - m[j])
    if rows > 1:  # a single row tells nothing of the variance
        move = normal[NORM_MOMENTUM]
        keep, unbiased = one - move, move / x.dtype.type(rows - 1)
        average = theta[running + start : running + stop]
        spread = theta[running + units + start : running + units + stop]
        for j in range(size):
            average[j] = keep * average[j] + move * m[j]
            spread[j] = keep * spread[j] + unbiased * v[j]
    eps = normal[NORM_EPS]
    for j in range(size):
        v[j] = one / np.sqrt(v[j] * share + eps)
    factor = theta[gamma + start : gamma + stop]
    shift = theta[gamma + units + start : gamma + units + stop]
    for i in range(rows):
        x_i, n_i, y_i = x[i, start:stop], normed[i, start:stop], y[i, start:stop]
        for j in range(size):
            n_i[j] = (x_i[j] - m[j]) * v[j]
            y_i[j] = factor[j] * n_i[j] + shift[j]


@kernel
def normalize_running(x, normed, y, theta, gamma, running, mean, inverse, normal, start, stop):
    """Normalize by the running statistics; ``normed`` is left alone."""
    units, size = x.shape[1], stop - start
    eps = normal[NORM_EPS]
    m, v = mean[start:stop], inverse[start:stop]
    average = theta[running + start : running + stop]
    spread = theta[running + units + start : running + units + stop]
    factor = theta[gamma + start : gamma + stop]
    shift = theta[gamma + units + start : gamma + units + stop]
    for j in range(size):
        v[j] = factor[j] / np.sqrt(spread[j] + eps)
        m[j] = shift[j] - average[j] * v[j]
    for i in range(x.shape[0]):
        x_i, y_i = x[i, start:stop], y[i, start:stop]
        for j in range(size):
            y_i[j] = x_i[j] * v[j] + m[j]


@kernel
def normalize_backward(d, normed, theta, d_theta, gamma, inverse, start, stop):
    """Turn ``d`` from dL/dy into dL/dx in place and write the gradients of gamma and beta.

    ``dx = gamma / sqrt(variance + eps) (dy - mean(dy) - n mean(dy n))``, means over the rows.
    """
    rows, units, size = d.shape[0], d.shape[1], stop - start
    share = d.dtype.type(1) / d.dtype.type(rows)
    d_factor = d_theta[gamma + start : gamma + stop]
    d_shift = d_theta[gamma + units + start : gamma + units + stop]
    for j in range(size):
        d_factor[j] = 0
        d_shift[j] = 0
    for i in range(rows):
        d_i, n_i = d[i, start:stop], normed[i, start:stop]
        for j in range(size):
            d_factor[j] += d_i[j] * n_i[j]
            d_shift[j] += d_i[j]
    factor, v = theta[gamma + start : gamma + stop], inverse[start:stop]
    for i in range(rows):
        d_i, n_i = d[i, start:stop], normed[i, start:stop]
        for j in range(size):
            centred = d_i[j] - share * (d_shift[j] + n_i[j] * d_factor[j])
            d_i[j] = factor[j] * v[j] * centred
