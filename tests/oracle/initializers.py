"""How weights are drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def standard_deviation(init: str, fan_in: int, fan_out: int) -> float:
    """The documented standard deviation of a layer's weights; ``init`` may hold a value."""
    name, _, value = init.partition(":")
    if name == "normal":
        return float(value or 0.01)
    if name == "uniform":
        return float(value or 0.05) / math.sqrt(3)
    return {
        "constant": 0.0,
        "xavier": math.sqrt(2 / (fan_in + fan_out)),
        "xavier_uniform": math.sqrt(2 / (fan_in + fan_out)),
        "he": math.sqrt(2 / fan_in),
        "he_uniform": math.sqrt(2 / fan_in),
    }[name]


def draw(rng: np.random.Generator, init: str, activation: str, fan_in: int, fan_out: int) -> Array:
    """The weights of a layer: standard normal or uniform numbers, scaled."""
    if init == "auto":
        init = "he" if activation == "relu" else "xavier"
    deviation = standard_deviation(init, fan_in, fan_out)
    name, _, value = init.partition(":")
    if name == "constant":
        rng.uniform(size=(fan_in, fan_out))
        return np.full((fan_in, fan_out), float(value or 0))
    if name.startswith("uniform") or name.endswith("uniform"):
        limit = math.sqrt(3) * deviation
        return rng.uniform(-limit, limit, (fan_in, fan_out))
    return deviation * rng.standard_normal((fan_in, fan_out))
