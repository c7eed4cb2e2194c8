"""How inputs are scaled: a shift and a scale per column, learned on the training split alone.

The rows may be a memory map of millions: they are read in blocks that fit the processor's cache,
so the only memory taken is that of one block. Sums are in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Numbers in a block: 1 MB of float64, which stays in the second-level cache.
BLOCK_NUMBERS = 1 << 17

Columns = NDArray[np.float64]


def learn(
    rows: NDArray[Any], train: NDArray[np.int64], how: str, *, maximum: float | None = None
) -> tuple[Columns, Columns]:
    """Return shift and scale (width,) such that inputs are ``(rows - shift) * scale``.

    ``rows`` (n, width), ``train`` the row numbers to learn from. ``how`` is one of

    - ``standard``: mean 0 and standard deviation 1,
    - ``minmax``: from 0 to 1,
    - ``none``: as they are,
    - ``auto``: divided by ``maximum`` where one is known beforehand (the white of an image), else
      standard.

    The scale of a column that is constant in the training split is 1: it becomes zero.
    """
    width = rows.shape[1]
    if how == "none":
        return np.zeros(width), np.ones(width)
    if how == "auto" and maximum is not None:
        return np.zeros(width), np.full(width, 1 / maximum)
    if how == "minmax":
        low, high = extremes(rows, train)
        return low, _inverse(high - low)
    mean, variance = moments(rows, train)
    return mean, _inverse(np.sqrt(variance))


def moments(rows: NDArray[Any], train: NDArray[np.int64]) -> tuple[Columns, Columns]:
    """Return mean and variance (divided by n) of the rows ``train``, each (width,).

    Sums are of differences from the first row: so a constant column has exactly the variance 0,
    and a large mean with a small spread loses no digits.
    """
    width = rows.shape[1]
    first = np.asarray(rows[train[0]], np.float64)
    total, squares = np.zeros(width), np.zeros(width)
    for block in _blocks(rows, train):
        block -= first
        total += np.add.reduce(block, axis=0)
        np.multiply(block, block, out=block)
        squares += np.add.reduce(block, axis=0)
    mean = total / len(train)
    return first + mean, np.maximum(squares / len(train) - mean * mean, 0.0)


def extremes(rows: NDArray[Any], train: NDArray[np.int64]) -> tuple[Columns, Columns]:
    """Return the least and the greatest value of each column in the rows ``train``, (width,)."""
    low = np.asarray(rows[train[0]], np.float64).copy()
    high = low.copy()
    for block in _blocks(rows, train):
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    return low, high


def _blocks(rows: NDArray[Any], train: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    """Yield the rows ``train`` in float64 blocks; each is overwritten by the next."""
    plain = np.asarray(rows)
    step = max(1, BLOCK_NUMBERS // max(1, rows.shape[1]))
    stored = np.empty((min(step, len(train)), rows.shape[1]), plain.dtype)
    wide = np.empty(stored.shape)
    for start in range(0, len(train), step):
        index = train[start : start + step]
        # mode="clip" alone writes straight into `out`; the row numbers are known to be valid.
        np.take(plain, index, axis=0, out=stored[: len(index)], mode="clip")
        wide[: len(index)] = stored[: len(index)]
        yield wide[: len(index)]


def _inverse(spread: Columns) -> Columns:
    return np.divide(1.0, spread, out=np.ones_like(spread), where=spread > 0)
