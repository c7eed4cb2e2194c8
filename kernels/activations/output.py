"""Activations that belong to the output layer: identity, the perceptron's step and softmax."""

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
def step_forward(z, a, parameters, width):
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for i in range(z.size):
        a[i] = one if z[i] > zero else (zero if z[i] <= zero else z[i])  # NaN stays


@kernel
def step_backward(z, a, d, parameters, d_parameters, width):
    zero = a.dtype.type(0)
    for i in range(a.size):
        d[i] = zero


ACTIVATIONS.add(
    Activation(
        name="step",
        equation="f(z) = 1 for z > 0, else 0; its derivative is 0",
        source="Rosenblatt 1958; torch.heaviside(z, 0)",
        forward=step_forward,
        backward=step_backward,
        initializer="xavier",
        kinks=(0.0,),
        dead_at=1.0,  # whatever its units do, nothing below them learns
    )
)


@kernel
def softmax_forward(z, a, parameters, width):
    for start in range(0, z.size, width):
        largest = z[start]
        for j in range(start + 1, start + width):
            largest = z[j] if z[j] > largest else largest
        for j in range(start, start + width):
            a[j] = z[j] - largest
    # over all rows at once: a row of ten is too short for vector instructions
    for i in range(a.size):
        a[i] = exp(a[i])
    for start in range(0, a.size, width):
        total = a.dtype.type(0)
        for j in range(start, start + width):
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
