"""Cross-entropies, each fused with its output activation."""

from __future__ import annotations

import math

from nncli.kernels.elementary import exp
from nncli.kernels.jit import exact, kernel
from nncli.kernels.losses.table import LOSSES
from nncli.kernels.parts import Loss
from nncli.kernels.views import flat


@exact  # x - x y + ln(...) added in another order would lose the logarithm
def binary_cross_entropy(z, p, y, d, scale, settings):
    one, zero, factor = p.dtype.type(1), p.dtype.type(0), p.dtype.type(scale)
    total = 0.0
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            x = z[i, j]
            small = exp(-abs(x))  # at most 1: cannot overflow
            p[i, j] = (one if x >= zero else small) / (one + small)
            # -y ln p - (1-y) ln(1-p) = max(x, 0) - x y + ln(1 + exp(-|x|)); NaN passes through
            total += (zero if x < zero else x) - x * y[i, j] + math.log1p(small)
            d[i, j] = (p[i, j] - y[i, j]) * factor
    return total


LOSSES.add(
    Loss(
        name="binary_cross_entropy",
        equation="L = sum_j -y_j ln p_j - (1 - y_j) ln(1 - p_j)",
        source="negative log-likelihood of independent Bernoulli outputs",
        kernel=binary_cross_entropy,
        fused=True,
        outputs={"binary": ("sigmoid",), "multilabel": ("sigmoid",), "multiclass": ("sigmoid",)},
    )
)


@kernel
def cross_entropy(z, p, y, d, scale, settings):
    zero, factor = p.dtype.type(0), p.dtype.type(scale)
    rows, outputs = p.shape
    total = 0.0
    for i in range(rows):
        largest = z[i, 0]
        for j in range(1, outputs):
            largest = max(largest, z[i, j])
        for j in range(outputs):
            p[i, j] = z[i, j] - largest
            # the test keeps 0 * inf = NaN out of rows whose losing classes have overflowed
            if y[i, j] != zero:
                total -= y[i, j] * p[i, j]
    # over all rows at once: a row of ten is too short for vector instructions
    exponents = flat(p)
    for k in range(exponents.size):
        exponents[k] = exp(exponents[k])
    for i in range(rows):
        partition, weight = zero, zero
        for j in range(outputs):
            partition += p[i, j]
            weight += y[i, j]
        total += weight * math.log(partition)
        for j in range(outputs):
            p[i, j] /= partition
            d[i, j] = (p[i, j] - y[i, j]) * factor
    return total


LOSSES.add(
    Loss(
        name="cross_entropy",
        equation="L = -sum_j y_j ln p_j",
        source="negative log-likelihood of one class out of many",
        kernel=cross_entropy,
        fused=True,
        outputs={"multiclass": ("softmax",)},
    )
)
