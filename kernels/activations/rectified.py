"""Activations that cut off or bend the negative half: ReLU and its descendants."""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation


@kernel
def relu_forward(z, a, parameters, width):
    zero = z.dtype.type(0)
    for i in range(z.size):
        # asked this way round, NaN is not "below zero" and stays: divergence must be seen
        a[i] = zero if z[i] < zero else z[i]


@kernel
def relu_backward(z, a, d, parameters, d_parameters, width):
    zero = a.dtype.type(0)
    for i in range(a.size):
        d[i] = d[i] if a[i] > zero else zero


ACTIVATIONS.add(
    Activation(
        name="relu",
        equation="f(z) = max(0, z)",
        source="Nair & Hinton 2010",
        forward=relu_forward,
        backward=relu_backward,
        initializer="he",
    )
)
