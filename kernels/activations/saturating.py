"""Activations that flatten out on both sides: sigmoid, tanh and their cheaper relatives."""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.elementary import exp, tanh
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation


@kernel
def sigmoid_forward(z, a, parameters, width):
    one = z.dtype.type(1)
    for i in range(z.size):
        a[i] = one / (one + exp(-z[i]))


@kernel
def sigmoid_backward(z, a, d, parameters, d_parameters, width):
    one = a.dtype.type(1)
    for i in range(a.size):
        d[i] *= a[i] * (one - a[i])


ACTIVATIONS.add(
    Activation(
        name="sigmoid",
        equation="f(z) = 1 / (1 + exp(-z))",
        source="the logistic function",
        forward=sigmoid_forward,
        backward=sigmoid_backward,
        initializer="xavier",
    )
)


@kernel
def tanh_forward(z, a, parameters, width):
    for i in range(z.size):
        a[i] = tanh(z[i])


@kernel
def tanh_backward(z, a, d, parameters, d_parameters, width):
    one = a.dtype.type(1)
    for i in range(a.size):
        d[i] *= one - a[i] * a[i]


ACTIVATIONS.add(
    Activation(
        name="tanh",
        equation="f(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z))",
        source="LeCun et al. 1998, Efficient BackProp",
        forward=tanh_forward,
        backward=tanh_backward,
        initializer="xavier",
    )
)
