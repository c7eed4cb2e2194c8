"""Activations that cut off or bend the negative half: ReLU and its descendants.

At a kink the derivative is that of the piece below it, and at the upper end of ReLU6 zero: what
PyTorch does.
"""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.elementary import expm1
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
        d[i] = zero if a[i] <= zero else d[i]


ACTIVATIONS.add(
    Activation(
        name="relu",
        equation="f(z) = max(0, z)",
        source="Nair & Hinton 2010",
        forward=relu_forward,
        backward=relu_backward,
        initializer="he",
        kinks=(0.0,),
        dead_at=0.0,
    )
)


@kernel
def leaky_relu_forward(z, a, parameters, width):
    zero, slope = z.dtype.type(0), parameters[0]
    for i in range(z.size):
        a[i] = z[i] if z[i] > zero else slope * z[i]


@kernel
def leaky_relu_backward(z, a, d, parameters, d_parameters, width):
    """A slope of at least 0 keeps the sign of z, so that ``a`` tells the pieces apart."""
    zero, slope = a.dtype.type(0), parameters[0]
    for i in range(a.size):
        d[i] = slope * d[i] if a[i] <= zero else d[i]


ACTIVATIONS.add(
    Activation(
        name="leaky_relu",
        equation="f(z) = z for z > 0, else s z; s = 0.01",
        source="Maas et al. 2013; torch.nn.LeakyReLU(s)",
        forward=leaky_relu_forward,
        backward=leaky_relu_backward,
        initializer="he",
        value=0.01,
        limits=(0.0, 1.0),
        kinks=(0.0,),
    )
)


@kernel
def prelu_forward(z, a, parameters, width):
    zero = z.dtype.type(0)
    if parameters.size == 1:
        slope = parameters[0]
        for i in range(z.size):
            a[i] = z[i] if z[i] > zero else slope * z[i]
    else:
        for start in range(0, z.size, width):
            row, a_row = z[start : start + width], a[start : start + width]
            for j in range(row.size):
                a_row[j] = row[j] if row[j] > zero else parameters[j] * row[j]


@kernel
def prelu_backward(z, a, d, parameters, d_parameters, width):
    """Add ``sum d z`` over the rows with z <= 0 to each unit's dL/dalpha.

    A learned alpha may become negative, and then ``a`` does not tell the sign of ``z``.
    """
    zero = z.dtype.type(0)
    for start in range(0, z.size, width):
        row, d_row = z[start : start + width], d[start : start + width]
        for j in range(row.size):
            d_parameters[j] += zero if row[j] > zero else d_row[j] * row[j]
    if parameters.size == 1:
        slope = parameters[0]
        for i in range(z.size):
            d[i] = d[i] if z[i] > zero else slope * d[i]
    else:
        for start in range(0, z.size, width):
            row, d_row = z[start : start + width], d[start : start + width]
            for j in range(row.size):
                d_row[j] = d_row[j] if row[j] > zero else parameters[j] * d_row[j]


ACTIVATIONS.add(
    Activation(
        name="prelu",
        equation="f(z) = z for z > 0, else alpha z; alpha = 0.25 at the start, and learned",
        source="He et al. 2015; torch.nn.PReLU(1 or units, alpha)",
        forward=prelu_forward,
        backward=prelu_backward,
        initializer="he",
        output=False,  # its number would have to be learned where no layer follows
        value=0.25,
        learnable=True,
        kinks=(0.0,),
    )
)


@kernel
def elu_forward(z, a, parameters, width):
    zero, alpha = z.dtype.type(0), parameters[0]
    for i in range(z.size):
        a[i] = z[i] if z[i] > zero else alpha * expm1(z[i])


@kernel
def elu_backward(z, a, d, parameters, d_parameters, width):
    """Below zero ``f'(z) = alpha exp(z) = a + alpha``; alpha is at least 0."""
    zero, one, alpha = a.dtype.type(0), a.dtype.type(1), parameters[0]
    for i in range(a.size):
        d[i] *= one if a[i] > zero else a[i] + alpha


ACTIVATIONS.add(
    Activation(
        name="elu",
        equation="f(z) = z for z > 0, else alpha (exp(z) - 1); alpha = 1",
        source="Clevert et al. 2016; torch.nn.ELU(alpha)",
        forward=elu_forward,
        backward=elu_backward,
        initializer="he",
        value=1.0,
        limits=(0.0, 100.0),
        kinks=(0.0,),  # of every alpha but 1
    )
)

#: Klambauer et al. 2017, eq. 14: a fixed point of mean 0 and variance 1.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@kernel
def selu_forward(z, a, parameters, width):
    zero, scale = z.dtype.type(0), z.dtype.type(SELU_SCALE)
    depth = z.dtype.type(SELU_SCALE * SELU_ALPHA)
    for i in range(z.size):
        a[i] = scale * z[i] if z[i] > zero else depth * expm1(z[i])


@kernel
def selu_backward(z, a, d, parameters, d_parameters, width):
    """Below zero ``f'(z) = lambda alpha exp(z) = a + lambda alpha``."""
    zero, scale = a.dtype.type(0), a.dtype.type(SELU_SCALE)
    depth = a.dtype.type(SELU_SCALE * SELU_ALPHA)
    for i in range(a.size):
        d[i] *= scale if a[i] > zero else a[i] + depth


ACTIVATIONS.add(
    Activation(
        name="selu",
        equation="f(z) = lambda z for z > 0, else lambda alpha (exp(z) - 1); "
        "lambda = 1.0507..., alpha = 1.6733...",
        source="Klambauer et al. 2017; torch.nn.SELU",
        forward=selu_forward,
        backward=selu_backward,
        initializer="lecun",
        kinks=(0.0,),
    )
)


@kernel
def relu6_forward(z, a, parameters, width):
    zero, six = z.dtype.type(0), z.dtype.type(6)
    for i in range(z.size):
        x = zero if z[i] < zero else z[i]
        a[i] = six if x > six else x


@kernel
def relu6_backward(z, a, d, parameters, d_parameters, width):
    zero, six = a.dtype.type(0), a.dtype.type(6)
    for i in range(a.size):
        x = zero if a[i] <= zero else d[i]
        d[i] = zero if a[i] >= six else x


ACTIVATIONS.add(
    Activation(
        name="relu6",
        equation="f(z) = min(6, max(0, z))",
        source="Krizhevsky 2010; torch.nn.ReLU6",
        forward=relu6_forward,
        backward=relu6_backward,
        initializer="he",
        kinks=(0.0, 6.0),
        dead_at=0.0,
    )
)
