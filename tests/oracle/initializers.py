"""How weights are drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What ``auto`` draws in front of an activation; in front of the others it draws xavier.
AUTO = {
    **dict.fromkeys(("relu", "leaky_relu", "prelu", "elu", "gelu", "gelu_tanh"), "he"),
    **dict.fromkeys(("silu", "hard_silu", "relu6", "softplus"), "he"),
    "selu": "lecun",
}
SPARSE = 15
#: The deviation of a normal distribution cut off at two deviations: 1 - 4 phi(2) / (2 Phi(2) - 1).
TRUNCATED_DEVIATION = math.sqrt(
    1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))
)


def standard_deviation(init: str, fan_in: int, fan_out: int) -> float:
    """The documented standard deviation of a layer's weights; ``init`` may hold a value."""
    name, _, value = init.partition(":")
    if name == "normal":
        return float(value or 0.01)
    if name == "uniform":
        return float(value or 0.05) / math.sqrt(3)
    if name == "truncated_normal":
        return float(value or 0.01) * TRUNCATED_DEVIATION
    if name == "fan_in_uniform":
        return 1 / math.sqrt(3 * fan_in)
    if name == "sparse":
        return math.sqrt(min(1.0, float(value or SPARSE) / fan_in))
    return {
        "constant": 0.0,
        "xavier": math.sqrt(2 / (fan_in + fan_out)),
        "xavier_uniform": math.sqrt(2 / (fan_in + fan_out)),
        "he": math.sqrt(2 / fan_in),
        "he_uniform": math.sqrt(2 / fan_in),
        "lecun": math.sqrt(1 / fan_in),
        "lecun_uniform": math.sqrt(1 / fan_in),
        # a unit vector's elements have the mean square 1 / its length
        "orthogonal": math.sqrt(1 / max(fan_in, fan_out)),
        "lsuv": math.sqrt(1 / max(fan_in, fan_out)),
    }[name]


def orthonormal(vectors: Array) -> Array:
    """Rows made orthonormal one after the other (Gram & Schmidt); there are no more than columns.

    That is Q of the only QR factorization of the transpose whose R has a positive diagonal.
    """
    found: list[Array] = []
    for each in vectors:
        # twice: what rounding leaves of the other directions is taken off again
        for _ in range(2):
            for other in found:
                each = each - (other @ each) * other
        found.append(each / math.sqrt(each @ each))
    return np.array(found)


def draw(
    rng: np.random.Generator,
    init: str,
    activation: str,
    fan_in: int,
    fan_out: int,
    rows: int | None = None,
) -> Array:
    """The weights of a layer; those of lsuv still have to be scaled by the data.

    ``rows`` draws so many and not fan_in.
    """
    shape = (fan_in if rows is None else rows, fan_out)
    if init == "auto":
        init = AUTO.get(activation.partition(":")[0], "xavier")
    deviation = standard_deviation(init, fan_in, fan_out)
    name, _, value = init.partition(":")
    if name == "constant":
        rng.uniform(size=shape)
        return np.full(shape, float(value or 0))
    if name in ("orthogonal", "lsuv"):
        drawn = rng.standard_normal((fan_in, fan_out))
        return orthonormal(drawn) if fan_in < fan_out else orthonormal(drawn.T).T
    if name == "sparse":
        ranks = rng.random((fan_in, fan_out))
        count = min(fan_in, int(value or SPARSE))
        numbers = rng.standard_normal((count, fan_out))
        weights = np.zeros((fan_in, fan_out))
        for unit in range(fan_out):
            for place, source in enumerate(sorted(range(fan_in), key=ranks[:, unit].__getitem__)):
                if place < count:
                    weights[source, unit] = numbers[place, unit]
        return weights
    if name.endswith("uniform"):
        limit = math.sqrt(3) * deviation
        return rng.uniform(-limit, limit, shape)
    if name == "truncated_normal":
        numbers = list(rng.standard_normal(shape).flat)
        while far := [place for place, each in enumerate(numbers) if abs(each) > 2]:
            for place, each in zip(far, rng.standard_normal(len(far)), strict=True):
                numbers[place] = each
        return float(value or 0.01) * np.reshape(numbers, shape)
    return deviation * rng.standard_normal(shape)
