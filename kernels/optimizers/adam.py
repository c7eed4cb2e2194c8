"""Adam and its relatives: a mean of the gradient over the root of a mean of its square."""

from __future__ import annotations

import math

from nncli.kernels.hyper import (
    BETA1,
    BETA2,
    BIAS_CORRECTION,
    CONSTANT,
    EPS,
    EPS_INSIDE,
    RATE,
    STANDARD,
    STEP,
)
from nncli.kernels.jit import kernel
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


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
