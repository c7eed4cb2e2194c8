"""The dense layer, ``z = x W + b``, on a slice that one rank works on.

``x`` (rows, fan_in), ``z`` and ``d_z`` (rows, fan_out), ``d_x`` like ``x``; ``W`` (fan_in, fan_out)
and ``b`` (fan_out,) lie in the flat ``theta`` at ``weights`` and ``bias``, their gradients at the
same places of ``d_theta``. Products of a few hundred operations are written out as loops: a
call of BLAS costs more than they do.
"""

from __future__ import annotations

from nncli.kernels.blas import gemm
from nncli.kernels.jit import kernel

#: Multiplications up to which a loop beats the call of BLAS.
SMALL = 1024


@kernel
def dense_forward(x, theta, weights, bias, z, row_start, row_stop, start, stop):
    """Write ``z[row_start:row_stop, start:stop] = x W + b`` for those rows and columns."""
    fan_in, fan_out = x.shape[1], z.shape[1]
    rows, columns = row_stop - row_start, stop - start
    b = theta[bias + start : bias + stop]
    for i in range(row_start, row_stop):
        z_i = z[i, start:stop]
        for j in range(columns):
            z_i[j] = b[j]
    if rows * fan_in * columns <= SMALL:
        for i in range(row_start, row_stop):
            z_i = z[i, start:stop]
            for k in range(fan_in):
                row = weights + k * fan_out
                x_ik, w_k = x[i, k], theta[row + start : row + stop]
                for j in range(columns):
                    z_i[j] += x_ik * w_k[j]
    elif columns > 0 and rows > 0:
        gemm(
            0, 0, rows, columns, fan_in,
            x, row_start * fan_in, fan_in,
            theta, weights + start, fan_out,
            1.0, z, row_start * fan_out + start, fan_out,
        )  # fmt: skip


@kernel
def dense_backward_parameters(x, d_z, d_theta, weights, bias, start, stop):
    """Write ``dW[start:stop] = x[:, start:stop]^T d_z``; the rank of row 0 also ``db``."""
    rows, fan_in, fan_out = x.shape[0], x.shape[1], d_z.shape[1]
    if rows * (stop - start) * fan_out <= SMALL:
        for k in range(start, stop):
            row = weights + k * fan_out
            d_w_k = d_theta[row : row + fan_out]
            for j in range(fan_out):
                d_w_k[j] = 0
            for i in range(rows):
                x_ik = x[i, k]
                for j in range(fan_out):
                    d_w_k[j] += x_ik * d_z[i, j]
    elif stop > start:
        gemm(
            1, 0, stop - start, fan_out, rows,
            x, start, fan_in,
            d_z, 0, fan_out,
            0.0, d_theta, weights + start * fan_out, fan_out,
        )  # fmt: skip
    if start == 0:
        d_b = d_theta[bias : bias + fan_out]
        for j in range(fan_out):
            d_b[j] = 0
        for i in range(rows):
            for j in range(fan_out):
                d_b[j] += d_z[i, j]


@kernel
def dense_backward_input(d_z, theta, weights, d_x, start, stop):
    """Write ``d_x[:, start:stop] = d_z W[start:stop]^T``."""
    rows, fan_in, fan_out = d_x.shape[0], d_x.shape[1], d_z.shape[1]
    if rows * (stop - start) * fan_out <= SMALL:
        for i in range(rows):
            for k in range(start, stop):
                row, total = weights + k * fan_out, d_z.dtype.type(0)
                w_k = theta[row : row + fan_out]
                for j in range(fan_out):
                    total += d_z[i, j] * w_k[j]
                d_x[i, k] = total
    elif stop > start:
        gemm(
            0, 1, rows, stop - start, fan_out,
            d_z, 0, fan_out,
            theta, weights + start * fan_out, fan_out,
            0.0, d_x, start, fan_in,
        )  # fmt: skip
