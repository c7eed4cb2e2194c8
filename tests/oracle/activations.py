"""Activations ``f(z)``, and the product of dL/da with the derivative of f at z.

Those that have a number take it as ``value``, a scalar or one for each unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, ndtr

Array = NDArray[np.float64]

#: Klambauer et al. 2017: the fixed point of mean 0 and variance 1 gives alpha and lambda.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_LAMBDA = 1.0507009873554804934193349852946


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


def density(z: Array) -> Array:
    """The standard normal density, the derivative of ``ndtr``."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def gelu_tanh(z: Array) -> Array:
    """``z (1 + tanh u) / 2``, where ``(1 + tanh u) / 2 = sigmoid(2 u)``."""
    return z * sigmoid(2 * np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))


def gelu_tanh_slope(z: Array) -> Array:
    u = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    d_u = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return np.asarray((1 + np.tanh(u)) / 2 + z / np.cosh(u) ** 2 / 2 * d_u)


def bent(z: Array, value: Any) -> Array:
    return np.where(z > 0, z, value * z)


def bent_pullback(z: Array, d: Array, value: Any) -> Array:
    return np.where(z > 0, d, value * d)


def exponential(z: Array, scale: float, alpha: Any) -> Array:
    return np.asarray(scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))))


def exponential_pullback(z: Array, d: Array, scale: float, alpha: Any) -> Array:
    return np.asarray(d * scale * np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))))


def inside(z: Array, low: float, high: float) -> Array:
    return np.asarray((z > low) & (z < high), np.float64)


ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda z: z,
    "step": lambda z: np.where(z > 0, 1.0, 0.0),
    "softmax": softmax,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "leaky_relu": lambda z, value=0.01: bent(z, value),
    "prelu": lambda z, value=0.25: bent(z, value),
    "elu": lambda z, value=1.0: exponential(z, 1.0, value),
    "selu": lambda z: exponential(z, SELU_LAMBDA, SELU_ALPHA),
    "relu6": lambda z: np.clip(z, 0, 6),
    "gelu": lambda z: z * ndtr(z),
    "gelu_tanh": gelu_tanh,
    "silu": lambda z: z * sigmoid(z),
    "hard_silu": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "softplus": lambda z: np.logaddexp(0, z),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softsign": lambda z: z / (1 + np.abs(z)),
    "hard_sigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "hard_tanh": lambda z: np.clip(z, -1, 1),
}

PULLBACKS: dict[str, Callable[..., Array]] = {
    "identity": lambda z, d: d,
    "step": lambda z, d: 0 * d,
    "softmax": softmax_pullback,
    "relu": lambda z, d: np.where(z > 0, d, 0.0),
    "leaky_relu": lambda z, d, value=0.01: bent_pullback(z, d, value),
    "prelu": lambda z, d, value=0.25: bent_pullback(z, d, value),
    "elu": lambda z, d, value=1.0: exponential_pullback(z, d, 1.0, value),
    "selu": lambda z, d: exponential_pullback(z, d, SELU_LAMBDA, SELU_ALPHA),
    "relu6": lambda z, d: d * inside(z, 0, 6),
    "gelu": lambda z, d: d * ((1 + erf(z / np.sqrt(2))) / 2 + z * density(z)),
    "gelu_tanh": lambda z, d: d * gelu_tanh_slope(z),
    "silu": lambda z, d: d * (sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z))),
    "hard_silu": lambda z, d: d * np.where(z >= 3, 1, (z / 3 + 0.5) * inside(z, -3, 3)),
    "softplus": lambda z, d: d * sigmoid(z),
    "sigmoid": lambda z, d: d * sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z, d: d * (1 - np.tanh(z) ** 2),
    "softsign": lambda z, d: d / (1 + np.abs(z)) ** 2,
    "hard_sigmoid": lambda z, d: d * inside(z, -3, 3) / 6,
    "hard_tanh": lambda z, d: d * inside(z, -1, 1),
}

#: Each unit's derivative of the loss by the activation's number, where that is learned.
D_VALUE: dict[str, Callable[[Array, Array], Array]] = {
    "prelu": lambda z, d: np.where(z > 0, 0.0, z * d).sum(axis=0),
}
