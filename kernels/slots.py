"""Calling through a slot: a part of a network that was chosen when the network was assembled.

To the native loop a part is the address of its machine code. So the loop is compiled once for all
parts, and a new activation or a user's formula needs no new compile of it. In Python a
part is the function itself.
"""

from __future__ import annotations

from nncli.kernels.jit import native_twin


@native_twin("nncli.kernels.slot_intrinsics:call_multiply")
def call_multiply(
    function, m, n, k, a, a_start, a_row, a_column, b, b_start, b_row, b_column, panel,
    begin, bias, bias_start, c, c_start, c_row,
):  # fmt: skip
    """Call :func:`nncli.kernels.multiply.multiply`, or its native twin.

    It is a slot, though there is but one, since Numba would otherwise compile its tiles once more
    into every kernel above it.
    """
    return function(
        m, n, k, a, a_start, a_row, a_column, b, b_start, b_row, b_column, panel,
        begin, bias, bias_start, c, c_start, c_row,
    )  # fmt: skip


@native_twin("nncli.kernels.slot_intrinsics:call_evaluate")
def call_evaluate(
    function, network, rows, buffers, functions, fused, index, start, stop, metric_weights, counter
):
    """Call :func:`nncli.kernels.forward.evaluate`, in a slot for the same reason."""
    return function(
        network, rows, buffers, functions, fused, index, start, stop, metric_weights, counter
    )


@native_twin("nncli.kernels.slot_intrinsics:call_gather")
def call_gather(function, stored, index, first, start, stop, shift, scale, x):
    """Call a kernel of :mod:`nncli.kernels.gather`."""
    return function(stored, index, first, start, stop, shift, scale, x)


@native_twin("nncli.kernels.slot_intrinsics:call_forward")
def call_forward(function, z, a, parameters, width):
    """Call an activation's forward kernel."""
    return function(z, a, parameters, width)


@native_twin("nncli.kernels.slot_intrinsics:call_backward")
def call_backward(function, z, a, d, parameters, d_parameters, width):
    """Call an activation's backward kernel."""
    return function(z, a, d, parameters, d_parameters, width)


@native_twin("nncli.kernels.slot_intrinsics:call_loss")
def call_loss(function, z, p, y, d, scale, settings):
    """Call a loss and return its sum."""
    return function(z, p, y, d, scale, settings)


@native_twin("nncli.kernels.slot_intrinsics:call_normalize")
def call_normalize(
    function, x, normed, y, theta, gamma, running, mean, inverse, normal, start, stop
):
    """Call a forward kernel of :mod:`nncli.kernels.normalization`."""
    return function(x, normed, y, theta, gamma, running, mean, inverse, normal, start, stop)


@native_twin("nncli.kernels.slot_intrinsics:call_normalize_backward")
def call_normalize_backward(function, d, normed, theta, d_theta, gamma, inverse, start, stop):
    """Call the backward kernel of :mod:`nncli.kernels.normalization`."""
    return function(d, normed, theta, d_theta, gamma, inverse, start, stop)


@native_twin("nncli.kernels.slot_intrinsics:call_observe")
def call_observe(
    function, phase, rank, ranks, network, d_theta, buffers, panel, diagnosis, count, row
):
    """Call :func:`nncli.kernels.diagnosis.observe`."""
    return function(phase, rank, ranks, network, d_theta, buffers, panel, diagnosis, count, row)


@native_twin("nncli.kernels.slot_intrinsics:call_metric")
def call_metric(function, p, y, weights):
    """Call a metric and return its sum."""
    return function(p, y, weights)


@native_twin("nncli.kernels.slot_intrinsics:call_update")
def call_update(function, theta, d_theta, state, start, stop, hyper):
    """Call an optimizer's update."""
    return function(theta, d_theta, state, start, stop, hyper)
