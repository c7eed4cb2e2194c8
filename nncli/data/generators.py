"""Generated data sets: small textbook problems, each a short function of a random generator.

Every function returns inputs ``x (n, features)`` and targets ``y (n,)``, integer class codes for a
classification and real numbers for a regression, or ``y (n, labels)`` of 0 and 1. Their ``seed`` is
a parameter of the data set and not the seed of a run: runs that differ in their seed alone see the
same points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.errors import UsageError

Float = NDArray[np.float64]
Sample = tuple[Float, NDArray[Any]]


def generate(name: str, parameters: Mapping[str, int | float]) -> Sample:
    """Return the points of a generated set; the same parameters give the same points."""
    chosen = dict(parameters)
    rng = np.random.default_rng(int(chosen.pop("seed")))
    return GENERATORS[name](rng, **chosen)


def xor(rng: np.random.Generator, n: int, noise: float) -> Sample:
    """Exclusive or: the corners of the unit square in turn, ``y = x1 != x2``."""
    corners = _corners(n)
    return corners + noise * rng.standard_normal((n, 2)), corners[:, 0] ^ corners[:, 1]


def gates(rng: np.random.Generator, n: int, noise: float) -> Sample:
    """Three labels of the corners of the unit square: and, or, exclusive or."""
    a, b = _corners(n).T
    return _corners(n) + noise * rng.standard_normal((n, 2)), np.column_stack([a & b, a | b, a ^ b])


def _corners(n: int) -> NDArray[np.int64]:
    return np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[np.arange(n) % 4]


def moons(rng: np.random.Generator, n: int, noise: float) -> Sample:
    """Two half circles of radius 1 that reach into each other."""
    y = np.arange(n) % 2
    angle = np.pi * rng.random(n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    x = np.where(y[:, None] == 0, upper, lower)
    return x + noise * rng.standard_normal((n, 2)), y


def circles(rng: np.random.Generator, n: int, noise: float, factor: float) -> Sample:
    """A circle of radius 1, and one of radius ``factor`` within it."""
    y = np.arange(n) % 2
    angle = 2 * np.pi * rng.random(n)
    radius = np.where(y == 0, 1.0, factor)
    x = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return x + noise * rng.standard_normal((n, 2)), y


def spiral(rng: np.random.Generator, n: int, noise: float, classes: int, turns: float) -> Sample:
    """Arms that start at the centre and make ``turns`` turns up to radius 1.

    The noise is in the angle and in units of the distance between two arms.
    """
    _at_least(n, classes, "classes")
    y = np.arange(n) % classes
    radius = np.sqrt(rng.random(n))
    apart = 2 * np.pi / classes
    angle = 2 * np.pi * turns * radius + apart * (y + noise * rng.standard_normal(n))
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), y


def blobs(rng: np.random.Generator, n: int, noise: float, classes: int, features: int) -> Sample:
    """Gaussian clouds of standard deviation ``noise`` round centres in the cube of side 10."""
    _at_least(n, classes, "classes")
    y = np.arange(n) % classes
    centres = rng.uniform(-5, 5, (classes, features))
    return centres[y] + noise * rng.standard_normal((n, features)), y


def linear(rng: np.random.Generator, n: int, noise: float, features: int) -> Sample:
    """``y = x w + b + noise``, all of them standard normal."""
    w, b = rng.standard_normal(features), rng.standard_normal()
    x = rng.standard_normal((n, features))
    return x, x @ w + b + noise * rng.standard_normal(n)


def sine(rng: np.random.Generator, n: int, noise: float, periods: float) -> Sample:
    """``y = sin(pi periods x) + noise`` for x uniform in [-1, 1]."""
    x = rng.uniform(-1, 1, (n, 1))
    return x, np.sin(np.pi * periods * x[:, 0]) + noise * rng.standard_normal(n)


GENERATORS: Mapping[str, Callable[..., Sample]] = {
    each.__name__: each for each in (xor, gates, moons, circles, spiral, blobs, linear, sine)
}


def _at_least(n: int, classes: int, what: str) -> None:
    if n < 2 * classes:
        raise UsageError(f"n={n} for {classes} {what}: expected n of at least {2 * classes}")
