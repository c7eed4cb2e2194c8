"""The matrix product that kernels call: NumPy's in Python, register tiles when native."""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import native_twin

#: What an element of C starts from: nothing, or the bias.
ZERO, BIAS = np.int64(0), np.int64(1)


@native_twin("nncli.kernels.products:multiply")
def multiply(
    m, n, k, a, a_start, a_row, a_column, b, b_start, b_row, b_column, panel,
    begin, bias, bias_start, c, c_start, c_row,
):  # fmt: skip
    """Write ``C = A B``, plus the bias if ``begin`` is ``BIAS``, for blocks inside flat arrays.

    A is (m, k), B (k, n), C (m, n); ``A[i, l]`` is ``a[a_start + i * a_row + l * a_column]``, B
    likewise, with one of its strides 1; rows of C are contiguous. ``bias`` (n,) begins at
    ``bias_start``. ``panel`` is scratch for the native twin.
    """
    i, j, depth = np.arange(m)[:, None], np.arange(n), np.arange(k)
    left = a[a_start + i * a_row + depth * a_column]
    right = b[b_start + depth[:, None] * b_row + j * b_column]
    start = bias[bias_start : bias_start + n] if begin == BIAS else 0
    c[c_start + i * c_row + j] = left @ right + start
