"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from nncli.kernels.hyper import MOMENTUM, RATE
from nncli.kernels.jit import kernel
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


@kernel
def sgd(theta, d_theta, state, start, stop, hyper):
    """``theta -= lr g`` (Robbins & Monro 1951).

    ``torch.optim.SGD(lr)``.
    """
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
    """``v = momentum v + lr g``; ``theta -= v`` (Polyak 1964). ``state[0]`` is v.

    ``torch.optim.SGD(lr, momentum)`` keeps ``v = momentum v + g`` and multiplies by the rate
    afterwards: the same while lr is constant, and another weighting of the past under a schedule.
    """
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
def nesterov(theta, d_theta, state, start, stop, hyper):
    """``v = momentum v + lr g``; ``theta -= momentum v + lr g``. ``state[0]`` is v.

    Nesterov 1983 in the form of Sutskever et al. 2013, eq. 3-4, rewritten so that theta is the
    point ahead at which the gradient is taken (Bengio et al. 2013, eq. 7).
    ``torch.optim.SGD(lr, momentum, nesterov=True)`` while lr is constant: there v holds no rate.
    """
    rate, gamma = theta.dtype.type(hyper[RATE]), theta.dtype.type(hyper[MOMENTUM])
    w, g, v = theta[start:stop], d_theta[start:stop], state[0, start:stop]
    for i in range(w.size):
        v[i] = gamma * v[i] + rate * g[i]
        w[i] -= gamma * v[i] + rate * g[i]


OPTIMIZERS.add(
    Optimizer(
        name="nesterov",
        equation="v = momentum v + lr g; theta -= momentum v + lr g",
        source="Nesterov 1983, Sutskever et al. 2013; torch.optim.SGD(lr, momentum, "
        "nesterov=True) while lr is constant",
        update=nesterov,
        slots=1,
        uses={"lr": 0.05, "momentum": 0.9},
    )
)
