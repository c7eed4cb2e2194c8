"""Optimizers: one step of theta, with a state that is kept between calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Optimizer:
    """The documents' update rules, one parameter vector at a time (K5-K10)."""

    spec: Any
    steps: int = 0
    memory: dict[str, Array] = field(default_factory=dict)

    def recall(self, name: str, like: Array) -> Array:
        return self.memory.get(name, np.zeros_like(like))

    def divided(self, g: Array, squares: Array) -> Array:
        eps = self.spec.eps
        root = np.sqrt(squares + eps) if self.spec.eps_inside else np.sqrt(squares) + eps
        return np.asarray(g / root)

    def step(self, theta: Array, g: Array, rate: float) -> Array:
        self.steps += 1
        spec, memory, t = self.spec, self.memory, self.steps
        if spec.opt == "sgd":
            return theta - rate * g
        if spec.opt == "momentum":
            memory["v"] = spec.momentum * self.recall("v", g) + rate * g
            return theta - memory["v"]
        if spec.opt == "adagrad":
            memory["G"] = self.recall("G", g) + g**2
            return theta - rate * self.divided(g, memory["G"])
        if spec.opt == "rmsprop":
            memory["G"] = spec.rho * self.recall("G", g) + (1 - spec.rho) * g**2
            return theta - rate * self.divided(g, memory["G"])
        if spec.opt == "adam":
            b1, b2 = spec.beta1, spec.beta2
            memory["v"] = b1 * self.recall("v", g) + (1 - b1) * g
            memory["G"] = b2 * self.recall("G", g) + (1 - b2) * g**2
            v, squares = memory["v"], memory["G"]
            if spec.bias_correction == "standard":
                v, squares = v / (1 - b1**t), squares / (1 - b2**t)
            elif spec.bias_correction == "constant":
                v, squares = v / (1 - b1), squares / (1 - b2)
            return theta - rate * self.divided(v, squares)
        raise AssertionError(spec.opt)
