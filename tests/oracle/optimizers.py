"""Optimizers: one step of theta, with a state that is kept between calls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Optimizer:
    """The update rules of the documents (K5-K10) and of papers, one parameter vector at a time.

    Each method is one rule: it is named in ``spec.opt`` and returns the new theta.
    """

    spec: Any
    steps: int = 0
    memory: dict[str, Array] = field(default_factory=dict)

    def step(self, theta: Array, g: Array, rate: float) -> Array:
        self.steps += 1
        moved: Array = theta - getattr(self, self.spec.opt)(g, rate)
        return moved

    def recall(self, name: str, like: Array) -> Array:
        return self.memory.get(name, np.zeros_like(like))

    def mean(self, name: str, beta: float, new: Array) -> Array:
        """A running mean, kept under ``name``: ``beta old + (1 - beta) new``."""
        self.memory[name] = beta * self.recall(name, new) + (1 - beta) * new
        return self.memory[name]

    def root(self, squares: Array) -> Array:
        eps = self.spec.eps
        return np.asarray(
            np.sqrt(squares + eps) if self.spec.eps_inside else np.sqrt(squares) + eps
        )

    def unbiased(self, mean: Array, beta: float) -> Array:
        divisor = {"standard": 1 - beta**self.steps, "constant": 1 - beta, "none": 1.0}
        return mean / divisor[self.spec.bias_correction]

    def sgd(self, g: Array, rate: float) -> Array:
        return rate * g

    def momentum(self, g: Array, rate: float) -> Array:
        self.memory["v"] = self.spec.momentum * self.recall("v", g) + rate * g
        return self.memory["v"]

    def nesterov(self, g: Array, rate: float) -> Array:
        """Sutskever et al. 2013 as they write it: theta is the point ahead of their position.

        ``v' = mu v - lr g(x + mu v)``, ``x' = x + v'``: the point ahead moves from ``x + mu v`` to
        ``x' + mu v'``.
        """
        mu, v = self.spec.momentum, self.recall("v", g)
        self.memory["v"] = mu * v - rate * g
        return mu * v - (1 + mu) * self.memory["v"]

    def adagrad(self, g: Array, rate: float) -> Array:
        self.memory["G"] = self.recall("G", g) + g**2
        return rate * g / self.root(self.memory["G"])

    def rmsprop(self, g: Array, rate: float) -> Array:
        return rate * g / self.root(self.mean("G", self.spec.rho, g**2))

    def adadelta(self, g: Array, rate: float) -> Array:
        """Zeiler 2012, Alg. 1, with ``RMS[x] = sqrt(E[x^2] + eps)``."""
        rho, eps = self.spec.rho, self.spec.eps
        squares, before = self.mean("G", rho, g**2), self.recall("D", g)
        change = np.sqrt(before + eps) / np.sqrt(squares + eps) * g
        self.mean("D", rho, change**2)
        return np.asarray(rate * change)

    def adam(self, g: Array, rate: float) -> Array:
        b1, b2 = self.spec.beta1, self.spec.beta2
        m, v = self.mean("m", b1, g), self.mean("v", b2, g**2)
        return rate * self.unbiased(m, b1) / self.root(self.unbiased(v, b2))

    adamw = adam  # its weight decay has been applied before

    def amsgrad(self, g: Array, rate: float) -> Array:
        b1, b2 = self.spec.beta1, self.spec.beta2
        m, v = self.mean("m", b1, g), self.mean("v", b2, g**2)
        self.memory["u"] = np.maximum(self.recall("u", g), v)
        return rate * self.unbiased(m, b1) / self.root(self.unbiased(self.memory["u"], b2))

    def adamax(self, g: Array, rate: float) -> Array:
        b1, b2, eps = self.spec.beta1, self.spec.beta2, self.spec.eps
        m = self.mean("m", b1, g)
        self.memory["u"] = np.maximum(b2 * self.recall("u", g), np.abs(g) + eps)
        return rate * self.unbiased(m, b1) / self.memory["u"]

    def mu(self, step: int) -> float:
        decay: float = self.spec.momentum_decay
        return float(self.spec.beta1 * (1 - 0.5 * 0.96 ** (step * decay)))

    def nadam(self, g: Array, rate: float) -> Array:
        b1, b2, t = self.spec.beta1, self.spec.beta2, self.steps
        m, v = self.mean("m", b1, g), self.mean("v", b2, g**2)
        product = math.prod(self.mu(step) for step in range(1, t + 1))
        ahead = self.mu(t + 1)
        m_bar = (1 - self.mu(t)) * g / (1 - product) + ahead * m / (1 - product * ahead)
        return rate * m_bar / self.root(v / (1 - b2**t))

    def radam(self, g: Array, rate: float) -> Array:
        b1, b2, t = self.spec.beta1, self.spec.beta2, self.steps
        m, v = self.mean("m", b1, g) / (1 - b1**t), self.mean("v", b2, g**2)
        rho = 2 / (1 - b2) - 1
        rho_t = rho - 2 * t * b2**t / (1 - b2**t)
        if rho_t <= 5:
            return rate * m
        r = math.sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t))
        return rate * r * m * math.sqrt(1 - b2**t) / self.root(v)

    def lion(self, g: Array, rate: float) -> Array:
        b1, b2 = self.spec.beta1, self.spec.beta2
        direction = np.sign(b1 * self.recall("m", g) + (1 - b1) * g)
        self.mean("m", b2, g)
        return np.asarray(rate * direction)
