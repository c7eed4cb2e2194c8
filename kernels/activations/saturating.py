"""Activations that flatten out on both sides: sigmoid, tanh and their cheaper relatives.

``saturation`` marks a slope that has fallen under 3% of the largest: sigmoid and tanh beyond 5,
softsign likewise, the hard forms where they are flat. At a kink the derivative is 0, PyTorch's.
"""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.elementary import exp, tanh
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation

SIGMOID_OF_5 = 0.9933071490757153
TANH_OF_5 = 0.9999092042625951


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
        saturation=(1.0 - SIGMOID_OF_5, SIGMOID_OF_5),
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
        saturation=(-TANH_OF_5, TANH_OF_5),
    )
)

SOFTSIGN_END = 1e30  # z / (1 + |z|) is 1 in either type, and inf / inf is out of reach


@kernel
def softsign_forward(z, a, parameters, width):
    zero, one, end = z.dtype.type(0), z.dtype.type(1), z.dtype.type(SOFTSIGN_END)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        x = end if x > end else x
        a[i] = x / (one + (x if x >= zero else -x))


@kernel
def softsign_backward(z, a, d, parameters, d_parameters, width):
    """``f'(z) = 1 / (1 + |z|)^2 = (1 - |a|)^2``."""
    zero, one = a.dtype.type(0), a.dtype.type(1)
    for i in range(a.size):
        rest = one - (a[i] if a[i] >= zero else -a[i])
        d[i] *= rest * rest


ACTIVATIONS.add(
    Activation(
        name="softsign",
        equation="f(z) = z / (1 + |z|)",
        source="Bergstra et al. 2009; torch.nn.Softsign",
        forward=softsign_forward,
        backward=softsign_backward,
        initializer="xavier",
        saturation=(-5.0 / 6.0, 5.0 / 6.0),
    )
)


@kernel
def hard_sigmoid_forward(z, a, parameters, width):
    zero, three, six = z.dtype.type(0), z.dtype.type(3), z.dtype.type(6)
    for i in range(z.size):
        x = z[i] + three
        x = zero if x < zero else x
        x = six if x > six else x
        a[i] = x / six


@kernel
def hard_sigmoid_backward(z, a, d, parameters, d_parameters, width):
    zero, one, six = a.dtype.type(0), a.dtype.type(1), a.dtype.type(6)
    for i in range(a.size):
        x = zero if a[i] <= zero else d[i] / six
        d[i] = zero if a[i] >= one else x


ACTIVATIONS.add(
    Activation(
        name="hard_sigmoid",
        equation="f(z) = min(6, max(0, z + 3)) / 6",
        source="Howard et al. 2019; torch.nn.Hardsigmoid",
        forward=hard_sigmoid_forward,
        backward=hard_sigmoid_backward,
        initializer="xavier",
        kinks=(-3.0, 3.0),
        saturation=(0.0, 1.0),
        dead_at=0.0,
    )
)


@kernel
def hard_tanh_forward(z, a, parameters, width):
    one = z.dtype.type(1)
    for i in range(z.size):
        x = -one if z[i] < -one else z[i]
        a[i] = one if x > one else x


@kernel
def hard_tanh_backward(z, a, d, parameters, d_parameters, width):
    zero, one = a.dtype.type(0), a.dtype.type(1)
    for i in range(a.size):
        x = zero if a[i] <= -one else d[i]
        d[i] = zero if a[i] >= one else x


ACTIVATIONS.add(
    Activation(
        name="hard_tanh",
        equation="f(z) = min(1, max(-1, z))",
        source="Collobert 2004; torch.nn.Hardtanh",
        forward=hard_tanh_forward,
        backward=hard_tanh_backward,
        initializer="xavier",
        kinks=(-1.0, 1.0),
        saturation=(-1.0, 1.0),
        dead_at=-1.0,
    )
)
