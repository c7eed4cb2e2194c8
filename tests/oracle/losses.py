"""Losses of each row, (rows,), and their gradients, (rows, outputs).

Most are functions of the predictions p, with gradients dL/dp. Those in :data:`SUM_LOSSES` are
functions of the output layer's weighted sums z, with gradients dL/dz.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Settings:
    """A loss's one number, the share of label smoothing, and the weights of the classes.

    Where targets are yes or no the weights are those of 0 and of 1.
    """

    value: float = 1.0
    smoothing: float = 0.0
    weights: tuple[float, ...] | None = None

    def of_class(self, y: Array) -> Array:
        """The weight of each class, (outputs,)."""
        return np.ones(y.shape[1]) if self.weights is None else np.array(self.weights)

    def of_answer(self, y: Array) -> Array:
        """The weight of each yes or no, (rows, outputs)."""
        no, yes = self.weights or (1.0, 1.0)
        return np.where(y == 1, yes, no)


PLAIN = Settings()


def smooth_classes(y: Array, s: Settings) -> Array:
    """``w_j ((1 - s) y_j + s / K)``."""
    return np.asarray(s.of_class(y) * ((1 - s.smoothing) * y + s.smoothing / y.shape[1]))


def smooth_answers(y: Array, s: Settings) -> Array:
    """``(1 - s) y + s / 2``."""
    return (1 - s.smoothing) * y + s.smoothing / 2


def huber(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    e = np.abs(p - y)
    return np.where(e <= s.value, e**2 / 2, s.value * (e - s.value / 2)).mean(axis=1)


def huber_gradient(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    e = p - y
    return np.where(np.abs(e) <= s.value, e, s.value * np.sign(e)) / p.shape[1]


def binary_cross_entropy(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    t, w = smooth_answers(y, s), s.of_answer(y)
    return np.asarray(-(w * (t * np.log(p) + (1 - t) * np.log(1 - p))).sum(axis=1))


def binary_cross_entropy_gradient(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    t, w = smooth_answers(y, s), s.of_answer(y)
    return np.asarray(w * ((1 - t) / (1 - p) - t / p))


def hinge(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    sign = np.where(y == 1, 1.0, -1.0)
    return np.asarray((s.of_answer(y) * np.maximum(0, 1 - sign * p)).sum(axis=1))


def hinge_gradient(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    sign = np.where(y == 1, 1.0, -1.0)
    return np.where(sign * p < 1, -sign * s.of_answer(y), 0.0)


def multi_margin(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    rows = []
    for row, c in zip(p, y.argmax(axis=1), strict=True):
        lacking = [max(0.0, 1 - row[c] + row[j]) for j in range(len(row)) if j != c]
        rows.append(s.of_class(y)[c] * sum(lacking) / len(row))
    return np.array(rows)


def multi_margin_gradient(p: Array, y: Array, s: Settings = PLAIN) -> Array:
    found = np.zeros_like(p)
    for i, c in enumerate(y.argmax(axis=1)):
        for j in range(p.shape[1]):
            if j != c and p[i, j] > p[i, c] - 1:
                found[i, j] += s.of_class(y)[c] / p.shape[1]
                found[i, c] -= s.of_class(y)[c] / p.shape[1]
    return found


Function = Callable[..., Array]  #: of p (or z), y and, if they are not to be plain, settings

LOSSES: dict[str, Function] = {
    "squared_error": lambda p, y, s=PLAIN: ((p - y) ** 2).sum(axis=1),
    "mse": lambda p, y, s=PLAIN: ((p - y) ** 2).mean(axis=1),
    "mae": lambda p, y, s=PLAIN: np.abs(p - y).mean(axis=1),
    "huber": huber,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": lambda p, y, s=PLAIN: -(smooth_classes(y, s) * np.log(p)).sum(axis=1),
    "hinge": hinge,
    "multi_margin": multi_margin,
}

LOSS_GRADIENTS: dict[str, Function] = {
    "squared_error": lambda p, y, s=PLAIN: 2 * (p - y),
    "mse": lambda p, y, s=PLAIN: 2 * (p - y) / p.shape[1],
    "mae": lambda p, y, s=PLAIN: np.sign(p - y) / p.shape[1],
    "huber": huber_gradient,
    "binary_cross_entropy": binary_cross_entropy_gradient,
    "cross_entropy": lambda p, y, s=PLAIN: -smooth_classes(y, s) / p,
    "hinge": hinge_gradient,
    "multi_margin": multi_margin_gradient,
}

#: The perceptron's criterion: a wrong answer costs the size of its sum.
SUM_LOSSES: dict[str, Function] = {
    "perceptron": lambda z, y, s=PLAIN: np.where((z > 0) == (y == 1), 0, np.abs(z)).sum(axis=1),
}

SUM_LOSS_GRADIENTS: dict[str, Function] = {
    "perceptron": lambda z, y, s=PLAIN: np.where(z > 0, 1.0, 0.0) - y,
}
