"""Activations that belong to the output layer: identity, softmax and the perceptron's step."""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.elementary import exp
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation


@kernel
def identity_forward(z, a, parameters, width):
    for i in range(z.size):
        a[i] = z[i]


@kernel
def identity_backward(z, a, d, parameters, d_parameters, width):
    pass


ACTIVATIONS.add(
    Activation(
        name="identity",
        equation="f(z) = z",
        source="linear output of a regression",
        forward=identity_forward,
        backward=identity_backward,
        initializer="xavier",
    )
)


@kernel
def softmax_forward(z, a, parameters, width):
    for start in range(0, z.size, width):
        largest = z[start]
        for j in range(start + 1, start + width):
            largest = max(largest, z[j])
        total = z.dtype.type(0)
        for j in range(start, start + width):
            a[j] = exp(z[j] - largest)
            total += a[j]
        for j in range(start, start + width):
            a[j] /= total


@kernel
def softmax_backward(z, a, d, parameters, d_parameters, width):
    for start in range(0, a.size, width):
        weighted = a.dtype.type(0)
        for j in range(start, start + width):
            weighted += a[j] * d[j]
        for j in range(start, start + width):
            d[j] = a[j] * (d[j] - weighted)


ACTIVATIONS.add(
    Activation(
        name="softmax",
        equation="f(z)_j = exp(z_j) / sum_k exp(z_k)",
        source="Bridle 1990",
        forward=softmax_forward,
        backward=softmax_backward,
        initializer="xavier",
        hidden=False,
    )
)
