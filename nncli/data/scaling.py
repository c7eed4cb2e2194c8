"""Shift and scale of input columns, learned on the training rows alone.

Statistics are taken in blocks of rows, so that a table mapped from disk is read once and never
copied. The mean and the squared deviations of blocks are joined by Chan, Golub & LeVeque 1979,
which loses no digits where the mean is large against the spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_BLOCK = 1 << 18  # cells: fits into the cache of a core as float64


@dataclass(frozen=True)
class Statistics:
    """Of each column (width,), NaN left out: values counted, mean, standard deviation (divided by
    the count), minimum and maximum."""

    count: NDArray[np.int64]
    mean: Float
    std: Float
    minimum: Float
    maximum: Float


def statistics(matrix: NDArray[Any], index: NDArray[np.int64]) -> Statistics:
    """Return the statistics of the columns of ``matrix (n, width)`` over the rows ``index``."""
    width = matrix.shape[1]
    count, mean, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    minimum, maximum = np.full(width, np.inf), np.full(width, -np.inf)
    step = max(1, _BLOCK // max(1, width))
    for start in range(0, len(index) if width else 0, step):
        rows = index[start : start + step]
        contiguous = rows[-1] - rows[0] == len(rows) - 1
        read = matrix[rows[0] : rows[-1] + 1] if contiguous else matrix[rows]
        block = np.asarray(read, np.float64)
        lowest, highest = block.min(axis=0), block.max(axis=0)
        absent = None
        added: Any = float(len(block))
        if np.isnan(lowest).any():
            absent = np.isnan(block)
            added = len(block) - absent.sum(axis=0)
            lowest = np.where(absent, np.inf, block).min(axis=0)
            highest = np.where(absent, -np.inf, block).max(axis=0)
            block = np.where(absent, 0.0, block)
        total = count + added
        of_block = block.sum(axis=0) / np.maximum(added, 1)
        block = block - of_block
        if absent is not None:
            block[absent] = 0.0
        share = added / np.maximum(total, 1)
        apart = of_block - mean
        mean += apart * share
        squares += np.einsum("ij,ij->j", block, block) + apart**2 * count * share
        count = total
        np.minimum(minimum, lowest, out=minimum)
        np.maximum(maximum, highest, out=maximum)
    std = np.sqrt(squares / np.maximum(count, 1))
    std[minimum >= maximum] = 0.0  # exactly, whatever the rounding
    return Statistics(count.astype(np.int64), mean, std, minimum, maximum)


def fit_scaling(
    method: str,
    found: Statistics | None,
    numeric: NDArray[np.bool_],
    pixel_maximum: float | None,
) -> tuple[Float, Float]:
    """Return ``shift`` and ``scale`` (width,), for inputs ``(row - shift) * scale``.

    "standard" brings numeric columns to mean 0 and variance 1, "minmax" to 0..1; "auto" is
    standard, but divides pixels by ``pixel_maximum``. Columns that are not ``numeric`` hold 0 and
    1 and stay so; a constant column is only shifted. ``found`` may be None where no
    statistics are needed.
    """
    width = len(numeric)
    shift, scale = np.zeros(width), np.ones(width)
    if method == "auto" and pixel_maximum is not None:
        return shift, scale / pixel_maximum
    if method == "none":
        return shift, scale
    assert found is not None
    low, spread = (
        (found.minimum, found.maximum - found.minimum)
        if method == "minmax"
        else (found.mean, found.std)
    )
    changed = numeric & (spread > 0)
    shift[numeric] = low[numeric]
    scale[changed] = 1.0 / spread[changed]
    return shift, scale


def needs_statistics(method: str, pixel_maximum: float | None) -> bool:
    """Return whether :func:`fit_scaling` needs the statistics of the columns."""
    return method in ("standard", "minmax") or (method == "auto" and pixel_maximum is None)
