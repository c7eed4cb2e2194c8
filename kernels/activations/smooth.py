"""Smooth relatives of ReLU: GELU, SiLU, softplus; and SiLU's cheap form, hard SiLU.

Those of the form ``z g(z)`` take z between limits where g is 0 and 1 to the last bit, so that an
infinite z gives a limit and not ``inf * 0``.
"""

from __future__ import annotations

from nncli.kernels.activations.table import ACTIVATIONS
from nncli.kernels.elementary import erfcx, exp, expm1, log1p
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Activation

ROOT_HALF = 0.7071067811865476  # sqrt(1 / 2)
NORMAL_HEIGHT = 0.3989422804014327  # 1 / sqrt(2 pi)
GELU_END = 40.0  # Phi(-40) is 0 in either type, and so is the cubic form's sigmoid


@kernel
def gelu_forward(z, a, parameters, width):
    """``Phi(-|z|) = exp(-z^2 / 2) erfcx(|z| / sqrt(2)) / 2`` does not cancel as 1 + erf does."""
    zero, half, one = z.dtype.type(0), z.dtype.type(0.5), z.dtype.type(1)
    root, end = z.dtype.type(ROOT_HALF), z.dtype.type(GELU_END)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        size = x if x >= zero else -x
        size = end if size > end else size
        tail = half * exp(-half * size * size) * erfcx(root * size)
        a[i] = x * (one - tail if x >= zero else tail)


@kernel
def gelu_backward(z, a, d, parameters, d_parameters, width):
    """``f'(z) = Phi(z) + z phi(z)``, ``phi(z) = exp(-z^2 / 2) / sqrt(2 pi)``."""
    zero, half, one = z.dtype.type(0), z.dtype.type(0.5), z.dtype.type(1)
    root, end = z.dtype.type(ROOT_HALF), z.dtype.type(GELU_END)
    height = z.dtype.type(NORMAL_HEIGHT)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        x = end if x > end else x
        size = x if x >= zero else -x
        bell = exp(-half * size * size)
        tail = half * bell * erfcx(root * size)
        d[i] *= (one - tail if x >= zero else tail) + height * x * bell


ACTIVATIONS.add(
    Activation(
        name="gelu",
        equation="f(z) = z Phi(z), Phi(z) = (1 + erf(z / sqrt(2))) / 2",
        source="Hendrycks & Gimpel 2016; torch.nn.GELU",
        forward=gelu_forward,
        backward=gelu_backward,
        initializer="he",
    )
)

CUBIC = 0.044715
TWICE_ROOT = 1.5957691216057308  # 2 sqrt(2 / pi)


@kernel
def gelu_tanh_forward(z, a, parameters, width):
    """``(1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))``, which does not cancel below zero."""
    one, end = z.dtype.type(1), z.dtype.type(GELU_END)
    linear, cubic = z.dtype.type(TWICE_ROOT), z.dtype.type(TWICE_ROOT * CUBIC)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        a[i] = x / (one + exp(-x * (linear + cubic * x * x)))


@kernel
def gelu_tanh_backward(z, a, d, parameters, d_parameters, width):
    """With ``s = sigmoid(2 u)``, ``f'(z) = s + z s (1 - s) 2 u'``; see :func:`silu_backward`."""
    zero, one, three = z.dtype.type(0), z.dtype.type(1), z.dtype.type(3)
    end = z.dtype.type(GELU_END)
    linear, cubic = z.dtype.type(TWICE_ROOT), z.dtype.type(TWICE_ROOT * CUBIC)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        x = end if x > end else x
        bent = cubic * x * x
        twice = x * (linear + bent)
        small = exp(-twice if x > zero else twice)
        larger = one / (one + small)
        smaller = small * larger
        s = larger if x > zero else smaller
        d[i] *= s + larger * smaller * x * (linear + three * bent)


ACTIVATIONS.add(
    Activation(
        name="gelu_tanh",
        equation="f(z) = z (1 + tanh(u)) / 2, u = sqrt(2 / pi) (z + 0.044715 z^3)",
        source="Hendrycks & Gimpel 2016; torch.nn.GELU('tanh')",
        forward=gelu_tanh_forward,
        backward=gelu_tanh_backward,
        initializer="he",
    )
)

SILU_END = 800.0  # exp(800) is infinite in either type


@kernel
def silu_forward(z, a, parameters, width):
    one, end = z.dtype.type(1), z.dtype.type(SILU_END)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        a[i] = x / (one + exp(-x))


@kernel
def silu_backward(z, a, d, parameters, d_parameters, width):
    """With ``s = sigmoid(z)``, ``f'(z) = s + z s (1 - s)``.

    The larger of s and 1 - s is ``1 / (1 + exp(-|z|))``, and the smaller one does not cancel.
    """
    zero, one, end = z.dtype.type(0), z.dtype.type(1), z.dtype.type(SILU_END)
    for i in range(z.size):
        x = -end if z[i] < -end else z[i]
        x = end if x > end else x
        small = exp(-x if x > zero else x)
        larger = one / (one + small)
        smaller = small * larger
        s = larger if x > zero else smaller
        d[i] *= s + larger * smaller * x


ACTIVATIONS.add(
    Activation(
        name="silu",
        equation="f(z) = z sigmoid(z)",
        source="Elfwing et al. 2018; Ramachandran et al. 2017 (Swish); torch.nn.SiLU",
        forward=silu_forward,
        backward=silu_backward,
        initializer="he",
    )
)


@kernel
def hard_silu_forward(z, a, parameters, width):
    three, six = z.dtype.type(3), z.dtype.type(6)
    for i in range(z.size):
        x = -three if z[i] < -three else z[i]
        gate = x + three
        a[i] = x * ((six if gate > six else gate) / six)


@kernel
def hard_silu_backward(z, a, d, parameters, d_parameters, width):
    """``f'(z) = z / 3 + 1 / 2`` between the kinks, 0 below and 1 above, as at the kinks."""
    zero, one, three = z.dtype.type(0), z.dtype.type(1), z.dtype.type(3)
    half = z.dtype.type(0.5)
    for i in range(z.size):
        slope = one if z[i] >= three else z[i] / three + half
        d[i] *= zero if z[i] <= -three else slope


ACTIVATIONS.add(
    Activation(
        name="hard_silu",
        equation="f(z) = z min(6, max(0, z + 3)) / 6",
        source="Howard et al. 2019; torch.nn.Hardswish",
        forward=hard_silu_forward,
        backward=hard_silu_backward,
        initializer="he",
        kinks=(-3.0, 3.0),
    )
)


@kernel
def softplus_forward(z, a, parameters, width):
    """``ln(1 + exp(z)) = max(0, z) + ln(1 + exp(-|z|))``, which cannot overflow."""
    zero = z.dtype.type(0)
    for i in range(z.size):
        x = z[i]
        small = exp(-x if x > zero else x)
        a[i] = (zero if x < zero else x) + log1p(small)


@kernel
def softplus_backward(z, a, d, parameters, d_parameters, width):
    """``f'(z) = sigmoid(z) = 1 - exp(-a)``."""
    for i in range(a.size):
        d[i] *= -expm1(-a[i])


ACTIVATIONS.add(
    Activation(
        name="softplus",
        equation="f(z) = ln(1 + exp(z))",
        source="Dugas et al. 2001; torch.nn.Softplus, which is linear above 20",
        forward=softplus_forward,
        backward=softplus_backward,
        initializer="he",
    )
)
