"""Losses of each row, (rows,), and their gradients dL/dp, (rows, outputs)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOSSES: dict[str, Callable[[Array, Array], Array]] = {
    "squared_error": lambda p, y: ((p - y) ** 2).sum(axis=1),
    "mse": lambda p, y: ((p - y) ** 2).mean(axis=1),
    "binary_cross_entropy": lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1),
    "cross_entropy": lambda p, y: -(y * np.log(p)).sum(axis=1),
}

LOSS_GRADIENTS: dict[str, Callable[[Array, Array], Array]] = {
    "squared_error": lambda p, y: 2 * (p - y),
    "mse": lambda p, y: 2 * (p - y) / p.shape[1],
    "binary_cross_entropy": lambda p, y: (1 - y) / (1 - p) - y / p,
    "cross_entropy": lambda p, y: -y / p,
}
