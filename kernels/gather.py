"""Gathering: rows of the stored data set become the inputs and targets of a mini-batch.

Data stay as they are stored, bytes for images and floats for tables, and are converted and scaled
row by row on their way into the batch. So a split is an index, scaling is never materialised,
and the training loop has one signature for every kind of storage.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import kernel


@kernel
def gather_uint8(stored, index, first, start, stop, shift, scale, x):
    """Write ``x[i] = (row - shift) * scale`` for ``i`` in ``[start, stop)``.

    Batch row ``i`` is the stored row ``index[first + i]``; ``x`` is (rows, width).
    """
    for i in range(start, stop):
        row = stored[index[first + i]]
        for j in range(x.shape[1]):
            x[i, j] = (row[j] - shift[j]) * scale[j]


@kernel
def gather_float32(stored, index, first, start, stop, shift, scale, x):
    """The same for rows stored as float32."""
    for i in range(start, stop):
        row = stored[index[first + i]].view(np.float32)
        for j in range(x.shape[1]):
            x[i, j] = (row[j] - shift[j]) * scale[j]


@kernel
def gather_float64(stored, index, first, start, stop, shift, scale, x):
    """The same for rows stored as float64."""
    for i in range(start, stop):
        row = stored[index[first + i]].view(np.float64)
        for j in range(x.shape[1]):
            x[i, j] = (row[j] - shift[j]) * scale[j]


GATHERS = {"uint8": gather_uint8, "float32": gather_float32, "float64": gather_float64}


@kernel
def gather_targets(targets, index, first, start, stop, y):
    """Write the targets of the same rows into ``y`` (rows, outputs); class codes become one-hot."""
    outputs = y.shape[1]
    if targets.shape[1] == outputs:
        for i in range(start, stop):
            for j in range(outputs):
                y[i, j] = targets[index[first + i], j]
    else:
        for i in range(start, stop):
            for j in range(outputs):
                y[i, j] = 0
            y[i, np.int64(targets[index[first + i], 0])] = 1
