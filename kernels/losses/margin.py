"""Losses of the margin between the classes: the perceptron's criterion and two hinges.

They ask on which side of a boundary a row falls and, but for the perceptron, how far from it. The
outputs are no probabilities. Each has kinks; there the gradient is that of the flat side, which is
PyTorch's choice in ``relu`` and ``MultiMarginLoss``.
"""

from __future__ import annotations

from nncli.kernels.jit import kernel
from nncli.kernels.losses.table import LOSSES
from nncli.kernels.parts import Loss
from nncli.kernels.settings import WEIGHTS
from nncli.kernels.views import flat


@kernel
def hinge(z, p, y, d, scale, settings):
    """``L = sum_j w_j max(0, 1 - s_j p_j)`` with ``s = 2 y - 1``; ``dL/dp = -w s`` inside.

    ``w`` is the weight of target 0 or of target 1.
    """
    zero, one, two = p.dtype.type(0), p.dtype.type(1), p.dtype.type(2)
    factor, no = p.dtype.type(scale), settings[WEIGHTS]
    yes_more = settings[WEIGHTS + 1] - no
    total = 0.0
    p_, y_, d_ = flat(p), flat(y), flat(d)
    for i in range(p_.size):
        sign = two * y_[i] - one
        weight = no + yes_more * y_[i]
        lacking = one - sign * p_[i]
        total += zero if lacking <= zero else weight * lacking
        slope = -weight * sign * factor
        # NaN is on neither side and stays: divergence must be seen
        d_[i] = slope if lacking > zero else (zero if lacking <= zero else lacking)
    return total


def side_of_hinge(p, y, settings):
    """Tell outputs that have their margin from those that lack some, elementwise."""
    return (2 * y - 1) * p < 1


LOSSES.add(
    Loss(
        name="hinge",
        equation="L = sum_j w_j max(0, 1 - s_j p_j), s_j = 2 y_j - 1, w_j the weight of y_j",
        source="Cortes & Vapnik 1995; torch.relu(1 - s * p).sum()",
        kernel=hinge,
        fused=False,
        outputs={"binary": ("identity", "tanh"), "multilabel": ("identity", "tanh")},
        weighs=("binary",),
        threshold=0.0,
        probabilities=False,
        side=side_of_hinge,
    )
)


@kernel
def multi_margin(z, p, y, d, scale, settings):
    """``L = w_c / K sum_{j != c} max(0, 1 - p_c + p_j)``, where c is the row's class out of K.

    ``dL/dp_j = w_c / K`` for each j that is too near, and minus their sum at c.
    """
    rows, outputs = p.shape
    zero, half, one = p.dtype.type(0), p.dtype.type(0.5), p.dtype.type(1)
    share = p.dtype.type(scale / outputs)
    total = 0.0
    for i in range(rows):
        right = 0
        for j in range(outputs):
            if y[i, j] > half:
                right = j
        weight = settings[WEIGHTS + right]
        slope, level = weight * share, one - p[i, right]
        pull = zero
        for j in range(outputs):
            lacking = zero if j == right else level + p[i, j]
            total += zero if lacking <= zero else weight * lacking
            d[i, j] = slope if lacking > zero else (zero if lacking <= zero else lacking)
            pull += d[i, j]
        d[i, right] = -pull
    return total / outputs


def side_of_multi_margin(p, y, settings):
    """Tell classes that are further than 1 below the row's own from those nearer, elementwise."""
    return (y <= 0.5) & (1 - (p * y).sum(axis=1, keepdims=True) + p > 0)


LOSSES.add(
    Loss(
        name="multi_margin",
        equation="L = w_c mean_j (j != c) max(0, 1 - p_c + p_j), c the row's class",
        source="Weston & Watkins 1999, over the number of classes; "
        "torch.nn.MultiMarginLoss(p=1, margin=1.0, weight=w)",
        kernel=multi_margin,
        fused=False,
        outputs={"multiclass": ("identity", "tanh")},
        weighs=("multiclass",),
        threshold=0.0,
        probabilities=False,
        side=side_of_multi_margin,
    )
)


@kernel
def perceptron(z, p, y, d, scale, settings):
    """``L = sum_j (p_j - y_j) z_j`` with ``p = step(z)``: 0 where right, else the sum's size.

    ``dL/dz = p - y``, so that gradient descent on single rows is Rosenblatt's rule,
    ``w += lr (y - p) x``. It is fused because the step itself has no useful derivative.
    """
    zero, one, factor = p.dtype.type(0), p.dtype.type(1), p.dtype.type(scale)
    total = 0.0
    z_, p_, y_, d_ = flat(z), flat(p), flat(y), flat(d)
    for i in range(z_.size):
        x = z_[i]
        p_[i] = one if x > zero else (zero if x <= zero else x)  # NaN stays
        error = p_[i] - y_[i]
        total += error * x
        d_[i] = error * factor
    return total


def side_of_perceptron(p, y, settings):
    """Tell the two sides of the step apart, elementwise."""
    return p > 0.5


LOSSES.add(
    Loss(
        name="perceptron",
        equation="L = sum_j (p_j - y_j) z_j, p = step(z)",
        source="the criterion of Rosenblatt's rule 1958; torch.nn has none",
        kernel=perceptron,
        fused=True,
        outputs={"binary": ("step",), "multilabel": ("step",)},
        probabilities=False,
        side=side_of_perceptron,
    )
)
