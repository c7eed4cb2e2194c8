"""Views: a matrix inside a flat buffer, and a matrix as one flat vector, without a copy.

In Python they are slices. The native twins only compute an address: a slice would check bounds, and
a reshape would call a function of the C library.
"""

from __future__ import annotations

from nncli.kernels.jit import native_twin


@native_twin("nncli.kernels.view_intrinsics:matrix")
def matrix(buffer, start, rows, columns):
    """Return ``buffer[start:]`` as (rows, columns)."""
    return buffer[start : start + rows * columns].reshape(rows, columns)


@native_twin("nncli.kernels.view_intrinsics:flat")
def flat(values):
    """Return a C-contiguous matrix as a vector."""
    return values.reshape(-1)
