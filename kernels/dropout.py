"""Dropout with a mask that is a function of (key, unit) and is never stored.

Whether a unit of a batch row is kept is decided by hashing its position with the update's key. So
the backward pass finds the same mask again, ranks need not agree on an order of drawing, and a
frozen key freezes the mask for a gradient check. Kept activations are divided by the
probability of keeping (inverted dropout), so that inference changes nothing.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import kernel
from nncli.kernels.random import mix


@kernel
def dropout_forward(a, h, key, rate, start, stop):
    """Write ``h = a * mask / (1 - rate)`` for columns ``[start, stop)`` of (rows, units)."""
    limit, zero = np.uint64(rate * 18446744073709551615.0), a.dtype.type(0)
    factor = a.dtype.type(1.0 / (1.0 - rate))
    units = a.shape[1]
    for i in range(a.shape[0]):
        first, a_i, h_i = key + np.uint64(i * units + start), a[i, start:stop], h[i, start:stop]
        for j in range(stop - start):
            kept = mix(first + np.uint64(j)) >= limit
            h_i[j] = a_i[j] * factor if kept else zero


@kernel
def dropout_backward(d, key, rate, start, stop):
    """Turn ``d`` from dL/dh into dL/da in place, with the same mask."""
    limit, zero = np.uint64(rate * 18446744073709551615.0), d.dtype.type(0)
    factor = d.dtype.type(1.0 / (1.0 - rate))
    units = d.shape[1]
    for i in range(d.shape[0]):
        first, d_i = key + np.uint64(i * units + start), d[i, start:stop]
        for j in range(stop - start):
            kept = mix(first + np.uint64(j)) >= limit
            d_i[j] = d_i[j] * factor if kept else zero
