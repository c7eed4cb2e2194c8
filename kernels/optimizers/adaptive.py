"""Optimizers that divide by the root of what they remember of the squared gradient."""

from __future__ import annotations

import math

from nncli.kernels.hyper import EPS, EPS_INSIDE, RATE, RHO
from nncli.kernels.jit import kernel
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


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
