"""Batch Normalization, Ioffe & Szegedy 2015: Alg. 1 in training, Alg. 2 at inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Mean and variance that run along the mini-batches.
Running = tuple[Array, ...]


@dataclass(frozen=True)
class Normalized:
    """``y = gamma n + beta`` of the centred and scaled ``n = (x - mean) / deviation``."""

    y: Array
    n: Array
    deviation: Array
    gamma: Array


def by_batch(
    x: Array, gamma: Array, beta: Array, running: Running, eps: float, share: float
) -> tuple[Normalized, Running]:
    """Normalize by the batch; return also the running statistics as they move.

    The running variance is of the unbiased one, of which a single row tells nothing.
    """
    mean = x.mean(axis=0)
    deviation = np.sqrt(x.var(axis=0) + eps)
    n = (x - mean) / deviation
    if len(x) > 1:
        new = (mean, x.var(axis=0, ddof=1))
        running = tuple((1 - share) * a + share * b for a, b in zip(running, new, strict=True))
    return Normalized(gamma * n + beta, n, deviation, gamma), running


def by_running(x: Array, gamma: Array, beta: Array, running: Running, eps: float) -> Array:
    mean, variance = running
    return np.asarray(gamma * (x - mean) / np.sqrt(variance + eps) + beta)


def pullback(done: Normalized, d: Array) -> tuple[Array, Array, Array]:
    """Gradients by x, gamma and beta from that by y, with the whole Jacobian of every column.

    ``dn_i/dx_k = (1[i = k] - 1/rows - n_i n_k / rows) / deviation``.
    """
    rows, units = d.shape
    d_x = np.empty_like(d)
    for unit in range(units):
        n = done.n[:, unit]
        jacobian = (np.eye(rows) - 1 / rows - np.outer(n, n) / rows) / done.deviation[unit]
        d_x[:, unit] = jacobian.T @ (done.gamma[unit] * d[:, unit])
    return d_x, (d * done.n).sum(axis=0), d.sum(axis=0)
