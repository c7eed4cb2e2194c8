"""Losses of the distance between prediction and target."""

from __future__ import annotations

from nncli.kernels.jit import kernel
from nncli.kernels.losses.table import ANY_OUTPUT, LOSSES
from nncli.kernels.parts import Loss


@kernel
def squared_error(z, p, y, d, scale, settings):
    two = p.dtype.type(2 * scale)
    total = 0.0
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            difference = p[i, j] - y[i, j]
            total += difference * difference
            d[i, j] = two * difference
    return total


LOSSES.add(
    Loss(
        name="squared_error",
        equation="L = sum_j (p_j - y_j)^2",
        source="the squared norm of the error",
        kernel=squared_error,
        fused=False,
        outputs=ANY_OUTPUT,
    )
)


@kernel
def mean_squared_error(z, p, y, d, scale, settings):
    outputs = p.shape[1]
    return squared_error(z, p, y, d, scale / outputs, settings) / outputs


LOSSES.add(
    Loss(
        name="mse",
        equation="L = mean_j (p_j - y_j)^2",
        source="mean squared error",
        kernel=mean_squared_error,
        fused=False,
        outputs=ANY_OUTPUT,
    )
)
