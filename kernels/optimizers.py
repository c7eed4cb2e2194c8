"""Optimizers: each is one loop over a range of the flat parameter vector, and an entry.

An optimizer knows no layers. ``theta`` and ``d_theta`` are (parameters,), ``state`` is (slots,
parameters) and starts at zero. Scalars are prepared in float64 and cast once, so that the loops
run in the type of ``theta``. Wherever a root is divided by, ``eps`` stands outside it,
``g / (sqrt(G) + eps)``, or with ``--eps-inside`` in it, ``g / sqrt(G + eps)``. The loops run over
slices from zero on: an index that might be negative would keep them from being vectorised.
"""

from __future__ import annotations

import math

from nncli.kernels.hyper import (
    BETA1,
    BETA2,
    BIAS_CORRECTION,
    CONSTANT,
    EPS,
    EPS_INSIDE,
    MOMENTUM,
    RATE,
    RHO,
    STANDARD,
    STEP,
)
from nncli.kernels.jit import kernel
from nncli.kernels.parts import Optimizer, Table

OPTIMIZERS: Table[Optimizer] = Table("optimizer")


@kernel
def sgd(theta, d_theta, state, start, stop, hyper):
    rate = theta.dtype.type(hyper[RATE])
    w, g = theta[start:stop], d_theta[start:stop]
    for i in range(w.size):
        w[i] -= rate * g[i]


OPTIMIZERS.add(
    Optimizer(
        name="sgd",
        equation="theta -= lr g",
        source="Robbins & Monro 1951; torch.optim.SGD(lr)",
        update=sgd,
        slots=0,
        uses={"lr": 0.1},
    )
)


@kernel
def momentum(theta, d_theta, state, start, stop, hyper):
    rate, gamma = theta.dtype.type(hyper[RATE]), theta.dtype.type(hyper[MOMENTUM])
    w, g, v = theta[start:stop], d_theta[start:stop], state[0, start:stop]
    for i in range(w.size):
        v[i] = gamma * v[i] + rate * g[i]
        w[i] -= v[i]


OPTIMIZERS.add(
    Optimizer(
        name="momentum",
        equation="v = momentum v + lr g; theta -= v",
        source="Polyak 1964; torch.optim.SGD(lr, momentum) while lr is constant: there v holds "
        "no rate",
        update=momentum,
        slots=1,
        uses={"lr": 0.05, "momentum": 0.9},
    )
)


@kernel
def adagrad(theta, d_theta, state, start, stop, hyper):
    real = theta.dtype.type
    rate = real(hyper[RATE])
    inside = real(hyper[EPS] * hyper[EPS_INSIDE])
    outside = real(hyper[EPS] * (1.0 - hyper[EPS_INSIDE]))
    w, g, squares = theta[start:stop], d_theta[start:stop], state[0, start:stop]
    for i in range(w.size):
        squares[i] += g[i] * g[i]
        w[i] -= rate * g[i] / (math.sqrt(squares[i] + inside) + outside)


OPTIMIZERS.add(
    Optimizer(
        name="adagrad",
        equation="G += g^2; theta -= lr g / (sqrt(G) + eps)",
        source="Duchi, Hazan & Singer 2011; torch.optim.Adagrad(lr, eps=eps)",
        update=adagrad,
        slots=1,
        uses={"lr": 0.05, "eps": 1e-8},
    )
)


@kernel
def rmsprop(theta, d_theta, state, start, stop, hyper):
    real = theta.dtype.type
    rate, rho, rest = real(hyper[RATE]), real(hyper[RHO]), real(1.0 - hyper[RHO])
    inside = real(hyper[EPS] * hyper[EPS_INSIDE])
    outside = real(hyper[EPS] * (1.0 - hyper[EPS_INSIDE]))
    w, g, squares = theta[start:stop], d_theta[start:stop], state[0, start:stop]
    for i in range(w.size):
        squares[i] = rho * squares[i] + rest * g[i] * g[i]
        w[i] -= rate * g[i] / (math.sqrt(squares[i] + inside) + outside)


OPTIMIZERS.add(
    Optimizer(
        name="rmsprop",
        equation="G = rho G + (1 - rho) g^2; theta -= lr g / (sqrt(G) + eps)",
        source="Tieleman & Hinton 2012; torch.optim.RMSprop(lr, alpha=rho, eps=eps)",
        update=rmsprop,
        slots=1,
        uses={"lr": 1e-3, "rho": 0.9, "eps": 1e-8},
    )
)


@kernel
def adam(theta, d_theta, state, start, stop, hyper):
    real = theta.dtype.type
    beta1, beta2 = hyper[BETA1], hyper[BETA2]
    correction1 = correction2 = 1.0
    if hyper[BIAS_CORRECTION] == STANDARD:
        correction1 = 1.0 / (1.0 - beta1 ** hyper[STEP])
        correction2 = 1.0 / (1.0 - beta2 ** hyper[STEP])
    elif hyper[BIAS_CORRECTION] == CONSTANT:
        correction1, correction2 = 1.0 / (1.0 - beta1), 1.0 / (1.0 - beta2)
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    rate, unbias = real(hyper[RATE] * correction1), real(correction2)
    inside = real(hyper[EPS] * hyper[EPS_INSIDE])
    outside = real(hyper[EPS] * (1.0 - hyper[EPS_INSIDE]))
    w, g = theta[start:stop], d_theta[start:stop]
    mean, squares = state[0, start:stop], state[1, start:stop]
    for i in range(w.size):
        mean[i] = keep1 * mean[i] + add1 * g[i]
        squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
        w[i] -= rate * mean[i] / (math.sqrt(squares[i] * unbias + inside) + outside)


OPTIMIZERS.add(
    Optimizer(
        name="adam",
        equation="m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; "
        "theta -= lr m^ / (sqrt(v^) + eps), m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)",
        source="Kingma & Ba 2015, Alg. 1; torch.optim.Adam(lr, betas=(beta1, beta2), eps=eps)",
        update=adam,
        slots=2,
        uses={"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    )
)
