"""Adam: a mean of the gradient over the root of a mean of its square; AdamW and AMSGrad."""

from __future__ import annotations

import math

from nncli.kernels.hyper import BETA1, BETA2, RATE
from nncli.kernels.jit import kernel
from nncli.kernels.optimizers.scalars import bias_corrections, eps_places
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


@kernel
def adam(theta, d_theta, state, start, stop, hyper):
    """``m = beta1 m + (1 - beta1) g``; ``v = beta2 v + (1 - beta2) g^2``;
    ``theta -= lr m^ / (sqrt(v^) + eps)``, the hats for the corrected bias. ``state`` is m, v.

    Kingma & Ba 2015, Alg. 1: ``m^ = m / (1 - beta1^t)``, ``v^ = v / (1 - beta2^t)``. With
    ``--bias-correction constant`` the divisors are ``1 - beta1`` and ``1 - beta2``, with ``none``
    they are 1. ``torch.optim.Adam(lr, betas=(beta1, beta2), eps=eps)``.

    AdamW (Loshchilov & Hutter 2019, Alg. 2) is the same update of weights that the training loop
    has shrunk by ``theta -= lr weight_decay theta``, without the paper's schedule multiplier on top
    of lr. ``torch.optim.AdamW(lr, betas, eps, weight_decay)``.
    """
    real = theta.dtype.type
    beta1, beta2 = hyper[BETA1], hyper[BETA2]
    correction1, correction2 = bias_corrections(hyper)
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    rate, unbias = real(hyper[RATE] * correction1), real(correction2)
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
    w, g = theta[start:stop], d_theta[start:stop]
    mean, squares = state[0, start:stop], state[1, start:stop]
    for i in range(w.size):
        mean[i] = keep1 * mean[i] + add1 * g[i]
        squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
        w[i] -= rate * mean[i] / (math.sqrt(squares[i] * unbias + inside) + outside)


_EQUATION = (
    "m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; "
    "theta -= lr m^ / (sqrt(v^) + eps), m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)"
)
OPTIMIZERS.add(
    Optimizer(
        name="adam",
        equation=_EQUATION,
        source="Kingma & Ba 2015, Alg. 1; torch.optim.Adam(lr, betas=(beta1, beta2), eps=eps)",
        update=adam,
        slots=2,
        uses={"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        eps_inside=True,
        bias_correction=True,
    )
)
OPTIMIZERS.add(
    Optimizer(
        name="adamw",
        equation=f"theta -= lr weight_decay theta; {_EQUATION}",
        source="Loshchilov & Hutter 2019, Alg. 2; "
        "torch.optim.AdamW(lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)",
        update=adam,
        slots=2,
        uses={"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
        eps_inside=True,
        bias_correction=True,
        decoupled=True,
    )
)


@kernel
def amsgrad(theta, d_theta, state, start, stop, hyper):
    """``m``, ``v`` as in Adam; ``u = max(u, v)``; ``theta -= lr m^ / (sqrt(u^) + eps)``.
    ``state`` is m, v, u.

    Reddi, Kale & Kumar 2018, Alg. 2, who correct no bias (``--bias-correction none``) and have
    no eps. The default corrects that of m, and of u as if it were v, as PyTorch does:
    ``torch.optim.Adam(lr, betas=(beta1, beta2), eps=eps, amsgrad=True)``.
    """
    real = theta.dtype.type
    beta1, beta2 = hyper[BETA1], hyper[BETA2]
    correction1, correction2 = bias_corrections(hyper)
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    rate, unbias = real(hyper[RATE] * correction1), real(correction2)
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
    w, g = theta[start:stop], d_theta[start:stop]
    mean, squares, most = state[0, start:stop], state[1, start:stop], state[2, start:stop]
    for i in range(w.size):
        mean[i] = keep1 * mean[i] + add1 * g[i]
        squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
        most[i] = most[i] if most[i] > squares[i] else squares[i]
        w[i] -= rate * mean[i] / (math.sqrt(most[i] * unbias + inside) + outside)


OPTIMIZERS.add(
    Optimizer(
        name="amsgrad",
        equation="m and v as in adam; u = max(u, v); theta -= lr m^ / (sqrt(u^) + eps)",
        source="Reddi, Kale & Kumar 2018, Alg. 2; "
        "torch.optim.Adam(lr, betas=(beta1, beta2), eps=eps, amsgrad=True)",
        update=amsgrad,
        slots=3,
        uses={"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        eps_inside=True,
        bias_correction=True,
    )
)
