"""Losses of the distance between prediction and target."""

from __future__ import annotations

from nncli.kernels.jit import kernel
from nncli.kernels.losses.table import ANY_OUTPUT, LOSSES
from nncli.kernels.parts import Loss
from nncli.kernels.settings import VALUE
from nncli.kernels.views import flat


@kernel
def squared_error(z, p, y, d, scale, settings):
    """``L = sum_j e_j^2`` with ``e = p - y``; ``dL/dp = 2 e``."""
    two = p.dtype.type(2 * scale)
    total = 0.0
    p_, y_, d_ = flat(p), flat(y), flat(d)
    for i in range(p_.size):
        error = p_[i] - y_[i]
        total += error * error
        d_[i] = two * error
    return total


LOSSES.add(
    Loss(
        name="squared_error",
        equation="L = sum_j (p_j - y_j)^2",
        source="the squared norm of the error; torch.nn.MSELoss(reduction='sum') of a row",
        kernel=squared_error,
        fused=False,
        outputs=ANY_OUTPUT,
    )
)


@kernel
def mean_squared_error(z, p, y, d, scale, settings):
    """``L = mean_j e_j^2``: the squared error over the number of outputs."""
    outputs = p.shape[1]
    return squared_error(z, p, y, d, scale / outputs, settings) / outputs


LOSSES.add(
    Loss(
        name="mse",
        equation="L = mean_j (p_j - y_j)^2",
        source="mean squared error; torch.nn.MSELoss",
        kernel=mean_squared_error,
        fused=False,
        outputs=ANY_OUTPUT,
    )
)


@kernel
def mean_absolute_error(z, p, y, d, scale, settings):
    """``L = mean_j |e_j|``; ``dL/dp = sign(e) / outputs``, which is 0 at the kink ``e = 0``."""
    outputs = p.shape[1]
    zero, slope = p.dtype.type(0), p.dtype.type(scale / outputs)
    total = 0.0
    p_, y_, d_ = flat(p), flat(y), flat(d)
    for i in range(p_.size):
        error = p_[i] - y_[i]
        total += -error if error < zero else error
        # an error of 0 or NaN is on neither side and stands for its own gradient
        d_[i] = slope if error > zero else (-slope if error < zero else error)
    return total / outputs


def side_of_error(p, y, settings):
    """Tell errors above, at and below zero apart, elementwise."""
    import numpy as np

    return np.sign(p - y)


LOSSES.add(
    Loss(
        name="mae",
        equation="L = mean_j |p_j - y_j|",
        source="mean absolute error; torch.nn.L1Loss, whose gradient at no error is 0 too",
        kernel=mean_absolute_error,
        fused=False,
        outputs=ANY_OUTPUT,
        side=side_of_error,
    )
)


@kernel
def huber(z, p, y, d, scale, settings):
    """``L = mean_j g_j (e_j - g_j / 2)``; ``dL/dp = g / outputs``, ``g = clip(e, -delta, delta)``.

    That is ``e^2 / 2`` up to ``delta`` and the straight line ``delta (|e| - delta / 2)`` beyond.
    Only the second derivative jumps there.
    """
    outputs = p.shape[1]
    delta, factor = settings[VALUE], p.dtype.type(scale / outputs)
    half = p.dtype.type(0.5)
    total = 0.0
    p_, y_, d_ = flat(p), flat(y), flat(d)
    for i in range(p_.size):
        error = p_[i] - y_[i]
        clipped = delta if error > delta else (-delta if error < -delta else error)
        total += clipped * (error - half * clipped)
        d_[i] = clipped * factor
    return total / outputs


def side_of_huber(p, y, settings):
    """Tell the parabola (0) from its two straight continuations (-1, 1), elementwise."""
    import numpy as np

    error, delta = p - y, settings[VALUE]
    return np.sign(error) * (np.abs(error) > delta)


LOSSES.add(
    Loss(
        name="huber",
        equation="L = mean_j (e_j^2 / 2 if |e_j| <= delta, else delta (|e_j| - delta / 2)), "
        "e = p - y",
        source="Huber 1964; torch.nn.HuberLoss(delta=delta)",
        kernel=huber,
        fused=False,
        outputs=ANY_OUTPUT,
        value=1.0,
        side=side_of_huber,
    )
)
