"""The dense layer, ``z = x W + b``, on a slice that one rank works on.

``x`` (rows, fan_in), ``z`` and ``d_z`` (rows, fan_out), ``d_x`` like ``x``; ``W`` (fan_in, fan_out)
and ``b`` (fan_out,) lie in the flat ``theta`` at ``weights`` and ``bias``, their gradients at the
same places of ``d_theta``. ``bias`` is -1 for a layer without b. ``product`` is the slot of the
matrix product, ``panel`` scratch of the rank's own for it.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import kernel
from nncli.kernels.multiply import BIAS, ZERO
from nncli.kernels.slots import call_multiply
from nncli.kernels.views import flat

# Typed, not literal: Numba compiles a function once more for every literal it is called with.
NONE, ONE = np.int64(0), np.int64(1)


@kernel
def dense_forward(x, theta, weights, bias, z, row_start, row_stop, start, stop, product, panel):
    """Write ``z[row_start:row_stop, start:stop] = x W + b`` for those rows and columns."""
    fan_in, fan_out = x.shape[1], z.shape[1]
    call_multiply(
        product, row_stop - row_start, stop - start, fan_in,
        flat(x), row_start * fan_in, fan_in, ONE,
        theta, weights + start, fan_out, ONE, panel,
        BIAS if bias >= 0 else ZERO, theta, bias + start,
        flat(z), row_start * fan_out + start, fan_out,
    )  # fmt: skip


@kernel
def dense_backward_parameters(x, d_z, d_theta, weights, bias, start, stop, product, panel):
    """Write ``dW[start:stop] = x[:, start:stop]^T d_z``; whoever has row 0 also writes ``db``."""
    rows, fan_in, fan_out = x.shape[0], x.shape[1], d_z.shape[1]
    call_multiply(
        product, stop - start, fan_out, rows,
        flat(x), start, ONE, fan_in,
        flat(d_z), NONE, fan_out, ONE, panel,
        ZERO, d_theta, bias,
        d_theta, weights + start * fan_out, fan_out,
    )  # fmt: skip
    if start == 0 and stop > 0 and bias >= 0:
        d_b = d_theta[bias : bias + fan_out]
        for j in range(fan_out):
            d_b[j] = 0
        for i in range(rows):
            for j in range(fan_out):
                d_b[j] += d_z[i, j]


@kernel
def dense_backward_input(d_z, theta, weights, d_x, start, stop, product, panel):
    """Write ``d_x[:, start:stop] = d_z W[start:stop]^T``."""
    rows, fan_in, fan_out = d_x.shape[0], d_x.shape[1], d_z.shape[1]
    call_multiply(
        product, rows, stop - start, fan_out,
        flat(d_z), NONE, fan_out, ONE,
        theta, weights + start * fan_out, ONE, fan_out, panel,
        ZERO, theta, NONE,
        flat(d_x), start, fan_in,
    )  # fmt: skip
