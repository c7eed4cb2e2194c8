"""A run by L-BFGS: SciPy's, on the oracle's loss and gradient of all training rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import minimize

from oracle.activations import Array
from oracle.network import Arrays, backward, flat, forward, unflat
from oracle.training import gathered, loss_of, metric, start_of


class Problem:
    """Loss and gradient with the L2 penalty; every evaluation moves the running statistics."""

    def __init__(self, spec: Any, dataset: Any) -> None:
        self.spec, self.dataset = spec, dataset
        _, self.network, self.arrays = start_of(spec, dataset)
        self.loss = loss_of(spec, dataset)
        self.x, self.y = gathered(dataset, dataset.train)
        self.train_loss, self.norm = math.nan, math.nan

    @property
    def trained(self) -> Arrays:
        return {name: self.arrays[name] for name in self.network.trained()}

    def __call__(self, vector: Array) -> tuple[float, Array]:
        self.arrays = self.arrays | unflat(vector, self.trained)
        done = forward(self.network, self.arrays, self.x, training=True)
        self.arrays = self.arrays | done.running
        self.train_loss = float(self.loss.of_rows(done, self.y).mean())
        gradients = backward(self.network, self.arrays, done, self.loss, self.y)
        self.norm = math.sqrt(float((flat(gradients) ** 2).sum()))
        total = self.train_loss
        for name, w in self.trained.items():
            if name.endswith(" W"):
                gradients[name] = gradients[name] + self.spec.weight_decay * w
                total += self.spec.weight_decay / 2 * float((w**2).sum())
        return total, flat(gradients)

    def score(self, index: Any) -> tuple[float, float]:
        """Loss and metric of a split, as at inference."""
        x, y = gathered(self.dataset, index)
        done = forward(self.network, self.arrays, x)
        scale = np.array(self.dataset.preprocessing.target_scale)
        found = metric(self.spec.task, done.p, y, scale)
        return float(self.loss.of_rows(done, y).mean()), found


def train_by_lbfgs(spec: Any, dataset: Any) -> tuple[Array, Array]:
    """The curve, with the columns of :data:`oracle.COLUMNS`, and the final theta."""
    problem = Problem(spec, dataset)
    curve: list[tuple[float, ...]] = []

    def note(intermediate_result: Any) -> None:
        if not np.array_equal(flat(problem.trained), intermediate_result.x):
            problem(intermediate_result.x)
        _, train_metric = problem.score(dataset.train)
        val = problem.score(dataset.val) if len(dataset.val) else (math.nan, math.nan)
        epoch = len(curve) + 1
        curve.append((epoch, problem.train_loss, train_metric, *val, 1.0, problem.norm, epoch))

    limits = {"maxiter": spec.epochs, "maxcor": 10, "gtol": 1e-7, "ftol": 1e-12}
    start = flat(problem.trained)
    minimize(problem, start, jac=True, method="L-BFGS-B", callback=note, options=limits)
    return np.array(curve), flat(problem.arrays)
