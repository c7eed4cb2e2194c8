"""Cross-entropies, each fused with its output activation."""

from __future__ import annotations

from nncli.kernels.elementary import exp, log1p, log_of_one
from nncli.kernels.jit import kernel
from nncli.kernels.losses.table import LOSSES
from nncli.kernels.parts import Loss
from nncli.kernels.settings import SMOOTHING, WEIGHTS
from nncli.kernels.views import flat


@kernel
def binary_cross_entropy(z, p, y, d, scale, settings):
    """``L = sum_j -w_j (t_j ln p_j + (1 - t_j) ln(1 - p_j))`` of ``p = sigmoid(z)``.

    ``t = (1 - s) y + s / 2`` are the targets smoothed by ``s``, and ``w`` is the weight of target
    0 or of target 1. ``dL/dz = w (p - t)``.
    """
    zero, half, one = p.dtype.type(0), p.dtype.type(0.5), p.dtype.type(1)
    factor, spread = p.dtype.type(scale), half * settings[SMOOTHING]
    keep = one - settings[SMOOTHING]
    no = settings[WEIGHTS]
    yes_more = settings[WEIGHTS + 1] - no
    total = 0.0
    z_, p_, y_, d_ = flat(z), flat(p), flat(y), flat(d)
    for i in range(z_.size):
        x = z_[i]
        size = -x if x < zero else x
        small = exp(-size)  # at most 1: cannot overflow
        p_[i] = (one if x >= zero else small) / (one + small)
        target = keep * y_[i] + spread
        weight = no + yes_more * y_[i]
        # -t ln p - (1-t) ln(1-p): what the wrong side costs, and two terms that cannot cancel
        wrong = target if x < zero else one - target
        total += weight * (size * wrong + log1p(small))
        d_[i] = weight * (p_[i] - target) * factor
    return total


LOSSES.add(
    Loss(
        name="binary_cross_entropy",
        equation="L = sum_j w_j (-y_j ln p_j - (1 - y_j) ln(1 - p_j)), w_j the weight of y_j",
        source="negative log-likelihood of independent Bernoulli outputs; "
        "torch.nn.BCEWithLogitsLoss(weight, reduction='sum') of a row",
        kernel=binary_cross_entropy,
        fused=True,
        outputs={"binary": ("sigmoid",), "multilabel": ("sigmoid",), "multiclass": ("sigmoid",)},
        smooths=True,
        weighs=("binary",),
    )
)


@kernel
def cross_entropy(z, p, y, d, scale, settings):
    """``L = -sum_j t_j ln p_j`` of ``p = softmax(z)``; ``dL/dz = (sum_j t_j) p - t``.

    ``t_j = w_j ((1 - s) y_j + s / K)`` are the targets of K classes, smoothed by ``s`` and weighted
    (Szegedy et al. 2016, section 7). With the row's largest sum taken off every ``z_j``,
    ``L = (sum_j t_j) ln(sum_j exp z_j) - sum_j t_j z_j``.
    """
    zero, factor = p.dtype.type(0), p.dtype.type(scale)
    rows, outputs = p.shape
    keep = p.dtype.type(1) - settings[SMOOTHING]
    spread = settings[SMOOTHING] / p.dtype.type(outputs)
    weights = settings[WEIGHTS : WEIGHTS + outputs]
    total = 0.0
    for i in range(rows):
        largest = z[i, 0]
        for j in range(1, outputs):
            largest = z[i, j] if z[i, j] > largest else largest
        for j in range(outputs):
            p[i, j] = z[i, j] - largest
            d[i, j] = weights[j] * (keep * y[i, j] + spread)
            # the test keeps 0 * inf = NaN out of rows whose losing classes have overflowed
            if d[i, j] != zero:
                total -= d[i, j] * p[i, j]
    # over all rows at once: a row of ten is too short for vector instructions
    exponents = flat(p)
    for k in range(exponents.size):
        exponents[k] = exp(exponents[k])
    for i in range(rows):
        partition, weight = zero, zero
        for j in range(outputs):
            partition += p[i, j]
            weight += d[i, j]
        total += weight * log_of_one(partition)
        for j in range(outputs):
            p[i, j] /= partition
            d[i, j] = (weight * p[i, j] - d[i, j]) * factor
    return total


LOSSES.add(
    Loss(
        name="cross_entropy",
        equation="L = -sum_j w_j y_j ln p_j",
        source="negative log-likelihood of one class out of many; "
        "torch.nn.CrossEntropyLoss(weight, label_smoothing=s, reduction='sum') of a row",
        kernel=cross_entropy,
        fused=True,
        outputs={"multiclass": ("softmax",)},
        smooths=True,
        weighs=("multiclass",),
    )
)
