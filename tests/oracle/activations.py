"""Activations ``f(z)``, and the product of dL/da with the derivative of f at z."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array) -> Array:
    """Rows of exp(z_j) / sum_k exp(z_k); the row's maximum cancels."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def softmax_pullback(z: Array, d_a: Array) -> Array:
    """Row by row with the whole Jacobian, J_jk = p_j (1[j = k] - p_k)."""
    rows = []
    for p, d in zip(softmax(z), d_a, strict=True):
        jacobian = np.diag(p) - np.outer(p, p)
        rows.append(jacobian.T @ d)
    return np.array(rows)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "softmax": softmax,
}

PULLBACKS: dict[str, Callable[[Array, Array], Array]] = {
    "identity": lambda z, d: d,
    "sigmoid": lambda z, d: d * sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z, d: d * (1 - np.tanh(z) ** 2),
    "relu": lambda z, d: np.where(z > 0, d, 0.0),
    "softmax": softmax_pullback,
}
