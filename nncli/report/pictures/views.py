"""What a trained network says of its data, as arrays that pictures take: no network, no store.

:mod:`nncli.looking` makes them out of stored runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.report.pictures.axes import LARGEST

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Boundary:
    """What class a network sees at each place of a plane of two features.

    ``codes (rows, columns)`` are classes, from the lowest y to the highest; ``sureness``, of the
    same shape, is the probability of that class, None where the network gives none. The points of
    the data: ``points (n, 2)``, their classes ``truth (n,)``, those that the network sees there,
    ``said (n,)``, and ``training (n,)``, which of them were trained on.
    """

    title: str
    classes: tuple[str, ...]
    features: tuple[str, str]
    x: tuple[float, float]
    y: tuple[float, float]
    codes: Codes
    sureness: Floats | None
    points: Floats = field(default_factory=lambda: np.empty((0, 2)))
    truth: Codes = field(default_factory=lambda: np.empty(0, np.int64))
    said: Codes = field(default_factory=lambda: np.empty(0, np.int64))
    training: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Return which points the network takes for another class (n,)."""
        return np.asarray(self.said != self.truth)


@dataclass(frozen=True, eq=False)
class Confusion:
    """How many rows of each class (rows) the network took for which one (columns)."""

    title: str
    classes: tuple[str, ...]
    matrix: Codes

    @cached_property
    def total(self) -> int:
        """Return the number of rows of the data."""
        return int(self.matrix.sum())

    @cached_property
    def right(self) -> int:
        """Return how many were recognised."""
        return int(np.trace(self.matrix))

    @cached_property
    def shares(self) -> Floats:
        """Return each count by all rows of its class; NaN for a class without rows."""
        sums = self.matrix.sum(axis=1, keepdims=True).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.divide(self.matrix, sums), np.float64)

    @cached_property
    def errors(self) -> list[tuple[int, int, int]]:
        """Return what was confused, the most frequent first: count, true class, predicted one."""
        wrong = self.matrix.copy()
        np.fill_diagonal(wrong, 0)
        found = [(int(wrong[t, p]), int(t), int(p)) for t, p in zip(*wrong.nonzero(), strict=True)]
        return sorted(found, key=lambda each: (-each[0], each[1], each[2]))

    def worst(self, most: int) -> Confusion:
        """Return the part of the ``most`` classes that are most often confused."""
        off = self.matrix.sum(axis=0) + self.matrix.sum(axis=1) - 2 * np.diag(self.matrix)
        kept = np.sort(np.argsort(-off, kind="stable")[:most])
        names = tuple(self.classes[place] for place in kept)
        return Confusion(self.title, names, self.matrix[np.ix_(kept, kept)])


@dataclass(frozen=True, eq=False)
class Predictions:
    """True values and predicted ones (n,) of one target, in its own units."""

    title: str
    target: str
    truth: Floats
    predicted: Floats

    @cached_property
    def finite(self) -> NDArray[np.bool_]:
        """Return which predictions are numbers (n,)."""
        found = [np.abs(values) <= LARGEST for values in (self.predicted, self.truth)]
        return np.asarray(found[0] & found[1])

    @cached_property
    def residuals(self) -> Floats:
        """Return predicted minus true, of the predictions that are numbers."""
        return np.asarray((self.predicted - self.truth)[self.finite])

    def summary(self) -> dict[str, Any]:
        """Return the count, rmse, mae, bias, r2 and quantiles (5, 50, 95%) of the residuals.

        ``r2`` is 1 - residual by total sum of squares, None where all true values are equal.
        Without residuals there is the count alone.
        """
        residuals, truth = self.residuals, self.truth[self.finite]
        if not len(residuals):
            return {"count": 0}
        low, median, high = np.quantile(residuals, (0.05, 0.5, 0.95)).tolist()
        with np.errstate(over="ignore"):  # squares of numbers beyond 1e154
            total = float(((truth - truth.mean()) ** 2).sum())
            squares = float((residuals**2).sum())
        return {
            "count": len(residuals),
            "rmse": math.sqrt(squares / len(residuals)),
            "mae": float(np.abs(residuals).mean()),
            "bias": float(residuals.mean()),
            "r2": 1 - squares / total if total > 0 else None,
            "low": low,
            "median": median,
            "high": high,
        }
