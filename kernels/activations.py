"""Activations: each is a forward and a backward kernel that stand together, and an entry.

Notation: ``z`` is a layer's weighted sum, ``a = f(z)`` its activation; ``d`` holds dL/da when a
backward kernel starts and dL/dz when it ends. All are flat vectors of rows of ``width`` units;
only softmax looks at the rows. Literals are cast to the type of ``z``: a Python number would
lift float32 arithmetic to float64.
"""

from __future__ import annotations

from nncli.kernels.elementary import exp, tanh
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation, Table

ACTIVATIONS: Table[Activation] = Table("activation")


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
