"""Initializers: how the weights of a layer are drawn; biases start at zero.

``draw(rng, fan_in, fan_out, value)`` takes a ``numpy.random.Generator`` and returns float64
weights (fan_in, fan_out). They are drawn in float64 for any training type, so that a float32 and a
float64 run of one seed start at the same point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.kernels.parts import Initializer, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]
    Generator = np.random.Generator

INITIALIZERS: Table[Initializer] = Table("initializer")


def _normal(rng: Generator, fan_in: int, fan_out: int, variance: float) -> Weights:
    weights: Weights = rng.standard_normal((fan_in, fan_out)) * variance**0.5
    return weights


def _uniform(rng: Generator, fan_in: int, fan_out: int, variance: float) -> Weights:
    limit: float = (3.0 * variance) ** 0.5
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def constant(rng: Generator, fan_in: int, fan_out: int, value: float) -> Weights:
    """All weights equal: units of a layer stay equal for ever."""
    return _uniform(rng, fan_in, fan_out, 0.0) + value


def normal(rng: Generator, fan_in: int, fan_out: int, value: float) -> Weights:
    """Small random numbers of standard deviation ``value``."""
    return _normal(rng, fan_in, fan_out, value**2)


def uniform(rng: Generator, fan_in: int, fan_out: int, value: float) -> Weights:
    """Random numbers between ``-value`` and ``value``."""
    return _uniform(rng, fan_in, fan_out, value**2 / 3.0)


def xavier(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """Glorot normal: the variance of activations and of gradients are kept in balance."""
    return _normal(rng, fan_in, fan_out, 2.0 / (fan_in + fan_out))


def xavier_uniform(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """Glorot uniform, of the same variance."""
    return _uniform(rng, fan_in, fan_out, 2.0 / (fan_in + fan_out))


def he(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """He normal: keeps the variance through ReLU, which halves it."""
    return _normal(rng, fan_in, fan_out, 2.0 / fan_in)


def he_uniform(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """He uniform, of the same variance."""
    return _uniform(rng, fan_in, fan_out, 2.0 / fan_in)


_GLOROT = "Glorot & Bengio 2010"
_HE = "He et al. 2015"
for _entry in (
    Initializer("constant", "w = value", "shows that symmetry is never broken", constant, 0.0),
    Initializer("normal", "w ~ N(0, value^2)", "small random numbers", normal, 0.01),
    Initializer("uniform", "w ~ U(-value, value)", "small random numbers", uniform, 0.05),
    Initializer("xavier", "w ~ N(0, 2 / (n_in + n_out))", _GLOROT, xavier),
    Initializer(
        "xavier_uniform", "w ~ U(-l, l), l = sqrt(6 / (n_in + n_out))", _GLOROT, xavier_uniform
    ),
    Initializer("he", "w ~ N(0, 2 / n_in)", _HE, he),
    Initializer("he_uniform", "w ~ U(-l, l), l = sqrt(6 / n_in)", _HE, he_uniform),
):
    INITIALIZERS.add(_entry)
