"""Adam's relatives with another norm, another momentum or another start: AdaMax, NAdam, RAdam."""

from __future__ import annotations

import math

from nncli.kernels.hyper import BETA1, BETA2, EPS, MU, MU_NEXT, MU_PRODUCT, RATE, STEP
from nncli.kernels.jit import exact, kernel
from nncli.kernels.optimizers.scalars import bias_corrections, eps_places
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


@kernel
def adamax(theta, d_theta, state, start, stop, hyper):
    """``m = beta1 m + (1 - beta1) g``; ``u = max(beta2 u, |g| + eps)``;
    ``theta -= lr m^ / u``, ``m^ = m / (1 - beta1^t)``. ``state`` is m, u.

    Kingma & Ba 2015, Alg. 2, who have no eps, without which a gradient that has always been zero
    gives 0 / 0. There is no root for it to be inside of.
    ``torch.optim.Adamax(lr, betas=(beta1, beta2), eps=eps)``.
    """
    real = theta.dtype.type
    beta1, zero = hyper[BETA1], real(0)
    correction1, _ = bias_corrections(hyper)
    keep1, add1, keep2 = real(beta1), real(1.0 - beta1), real(hyper[BETA2])
    rate, eps = real(hyper[RATE] * correction1), real(hyper[EPS])
    w, g = theta[start:stop], d_theta[start:stop]
    mean, most = state[0, start:stop], state[1, start:stop]
    for i in range(w.size):
        mean[i] = keep1 * mean[i] + add1 * g[i]
        size = (-g[i] if g[i] < zero else g[i]) + eps
        most[i] = keep2 * most[i] if keep2 * most[i] > size else size
        w[i] -= rate * mean[i] / most[i]


OPTIMIZERS.add(
    Optimizer(
        name="adamax",
        equation="m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| + eps); "
        "theta -= lr m / ((1 - beta1^t) u)",
        source="Kingma & Ba 2015, Alg. 2; torch.optim.Adamax(lr, betas=(beta1, beta2), eps=eps)",
        update=adamax,
        slots=2,
        uses={"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        bias_correction=True,
    )
)


@exact  # reassociated, it would round by where a range begins
def nadam(theta, d_theta, state, start, stop, hyper):
    """``m``, ``v`` as in Adam; ``theta -= lr (a g + b m) / (sqrt(v^) + eps)``. ``state`` is m, v.

    ``a = (1 - mu_t) / (1 - mu_1 ... mu_t)``, ``b = mu_{t+1} / (1 - mu_1 ... mu_{t+1})``, where
    ``mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)`` rises to beta1: the next step's momentum is
    taken in advance, as Nesterov's is.

    Dozat 2016, Alg. 2 and its schedule of mu. m is a mean by beta1, not by mu_t, as in PyTorch:
    ``torch.optim.NAdam(lr, betas=(beta1, beta2), eps=eps, momentum_decay=momentum_decay)``. The
    correction of the bias belongs to the momentum here and cannot be chosen.
    """
    real = theta.dtype.type
    beta1, beta2 = hyper[BETA1], hyper[BETA2]
    mu, product = hyper[MU], hyper[MU_PRODUCT]
    now = real(hyper[RATE] * (1.0 - mu) / (1.0 - product))
    ahead = real(hyper[RATE] * hyper[MU_NEXT] / (1.0 - product * hyper[MU_NEXT]))
    unbias = real(1.0 / (1.0 - beta2 ** hyper[STEP]))
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
    w, g = theta[start:stop], d_theta[start:stop]
    mean, squares = state[0, start:stop], state[1, start:stop]
    for i in range(w.size):
        mean[i] = keep1 * mean[i] + add1 * g[i]
        squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
        root = math.sqrt(squares[i] * unbias + inside) + outside
        w[i] -= (now * g[i] + ahead * mean[i]) / root


OPTIMIZERS.add(
    Optimizer(
        name="nadam",
        equation="m and v as in adam; theta -= lr (a g + b m) / (sqrt(v^) + eps), "
        "a = (1 - mu_t) / (1 - mu_1 ... mu_t), b = mu_{t+1} / (1 - mu_1 ... mu_{t+1}), "
        "mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)",
        source="Dozat 2016, Alg. 2; torch.optim.NAdam(lr, betas=(beta1, beta2), eps=eps, "
        "momentum_decay=momentum_decay)",
        update=nadam,
        slots=2,
        uses={"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "momentum_decay": 0.004},
        eps_inside=True,
    )
)


@kernel
def radam(theta, d_theta, state, start, stop, hyper):
    """``m``, ``v`` as in Adam; ``theta -= lr r m^ sqrt(1 - beta2^t) / (sqrt(v) + eps)``, or
    ``theta -= lr m^`` in the first updates, whose v is of too few gradients. ``state`` is m, v.

    ``rho_t = rho - 2 t beta2^t / (1 - beta2^t)``, ``rho = 2 / (1 - beta2) - 1``;
    ``r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)`` once ``rho_t > 5``.

    Liu et al. 2020, Alg. 2, who begin at ``rho_t > 4`` and have no eps: both as in
    ``torch.optim.RAdam(lr, betas=(beta1, beta2), eps=eps)``. Both corrections of the bias are part
    of the method.
    """
    real = theta.dtype.type
    beta1, beta2, step = hyper[BETA1], hyper[BETA2], hyper[STEP]
    unbias = 1.0 - beta2**step
    longest = 2.0 / (1.0 - beta2) - 1.0
    length = longest - 2.0 * step * beta2**step / unbias
    plain = hyper[RATE] / (1.0 - beta1**step)
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    within, without = eps_places(hyper)
    inside, outside = real(within), real(without)
    w, g = theta[start:stop], d_theta[start:stop]
    mean, squares = state[0, start:stop], state[1, start:stop]
    if length > 5.0:
        top = (length - 4.0) * (length - 2.0) * longest
        rectified = math.sqrt(top / ((longest - 4.0) * (longest - 2.0) * length))
        rate = real(plain * rectified * math.sqrt(unbias))
        for i in range(w.size):
            mean[i] = keep1 * mean[i] + add1 * g[i]
            squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
            w[i] -= rate * mean[i] / (math.sqrt(squares[i] + inside) + outside)
    else:
        rate = real(plain)
        for i in range(w.size):
            mean[i] = keep1 * mean[i] + add1 * g[i]
            squares[i] = keep2 * squares[i] + add2 * g[i] * g[i]
            w[i] -= rate * mean[i]


OPTIMIZERS.add(
    Optimizer(
        name="radam",
        equation="m and v as in adam; theta -= lr r m^ sqrt(1 - beta2^t) / (sqrt(v) + eps) if "
        "rho_t > 5, else lr m^; rho_t = rho - 2 t beta2^t / (1 - beta2^t), rho = 2 / (1 - beta2) "
        "- 1, r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)",
        source="Liu et al. 2020, Alg. 2; torch.optim.RAdam(lr, betas=(beta1, beta2), eps=eps)",
        update=radam,
        slots=2,
        uses={"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        eps_inside=True,
    )
)
