"""Optimizers that divide by the root of what they remember of the squared gradient."""

from __future__ import annotations

import math

from nncli.kernels.hyper import EPS, RATE, RHO
from nncli.kernels.jit import exact, kernel
from nncli.kernels.optimizers.scalars import eps_places
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


@kernel
def adagrad(theta, d_theta, state, start, stop, hyper):
    """``G += g^2``; ``theta -= lr g / (sqrt(G) + eps)``. ``state[0]`` is G.

    Duchi, Hazan & Singer 2011 (the diagonal form); they have delta for eps.
    ``torch.optim.Adagrad(lr, eps=eps)``, its lr_decay and initial_accumulator_value being 0.
    """
    real = theta.dtype.type
    rate = real(hyper[RATE])
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
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
        eps_inside=True,
    )
)


@kernel
def rmsprop(theta, d_theta, state, start, stop, hyper):
    """``G = rho G + (1 - rho) g^2``; ``theta -= lr g / (sqrt(G) + eps)``. ``state[0]`` is G.

    Tieleman & Hinton 2012, who have no eps.
    ``torch.optim.RMSprop(lr, alpha=rho, eps=eps)``, neither centered nor with momentum.
    """
    real = theta.dtype.type
    rate, rho, rest = real(hyper[RATE]), real(hyper[RHO]), real(1.0 - hyper[RHO])
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
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
        eps_inside=True,
    )
)


@exact  # reassociated, it would round by where a range begins
def adadelta(theta, d_theta, state, start, stop, hyper):
    """``G = rho G + (1 - rho) g^2``; ``u = g sqrt(D + eps) / sqrt(G + eps)``;
    ``D = rho D + (1 - rho) u^2``; ``theta -= lr u``. ``state`` is G, D.

    Zeiler 2012, Alg. 1, who has no lr: it is 1. eps is inside both roots by definition, where
    it is also what the first step starts from, so that it cannot be moved out.
    ``torch.optim.Adadelta(lr, rho=rho, eps=eps)``.
    """
    real = theta.dtype.type
    rate, rho, rest = real(hyper[RATE]), real(hyper[RHO]), real(1.0 - hyper[RHO])
    eps = real(hyper[EPS])
    w, g = theta[start:stop], d_theta[start:stop]
    squares, steps = state[0, start:stop], state[1, start:stop]
    for i in range(w.size):
        squares[i] = rho * squares[i] + rest * g[i] * g[i]
        change = g[i] * math.sqrt(steps[i] + eps) / math.sqrt(squares[i] + eps)
        steps[i] = rho * steps[i] + rest * change * change
        w[i] -= rate * change


OPTIMIZERS.add(
    Optimizer(
        name="adadelta",
        equation="G = rho G + (1 - rho) g^2; u = g sqrt(D + eps) / sqrt(G + eps); "
        "D = rho D + (1 - rho) u^2; theta -= lr u",
        source="Zeiler 2012, Alg. 1; torch.optim.Adadelta(lr, rho=rho, eps=eps)",
        update=adadelta,
        slots=2,
        uses={"lr": 1.0, "rho": 0.9, "eps": 1e-6},
    )
)
