"""Optimizers that step by the sign of what they remember."""

from __future__ import annotations

from nncli.kernels.hyper import BETA1, BETA2, RATE
from nncli.kernels.jit import kernel
from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer


@kernel
def lion(theta, d_theta, state, start, stop, hyper):
    """``theta -= lr sign(beta1 m + (1 - beta1) g)``; ``m = beta2 m + (1 - beta2) g``.
    ``state[0]`` is m; sign(0) is 0.

    Chen et al. 2023, Alg. 2. Its ``lr weight_decay theta`` is taken off by the training loop before
    the update, which is the same. torch.optim has none.
    """
    real = theta.dtype.type
    beta1, beta2, zero = hyper[BETA1], hyper[BETA2], real(0)
    rate = real(hyper[RATE])
    keep1, add1 = real(beta1), real(1.0 - beta1)
    keep2, add2 = real(beta2), real(1.0 - beta2)
    w, g, mean = theta[start:stop], d_theta[start:stop], state[0, start:stop]
    for i in range(w.size):
        push = keep1 * mean[i] + add1 * g[i]
        # a push of 0 or NaN is on neither side and stands for its own sign
        w[i] -= rate if push > zero else (-rate if push < zero else push)
        mean[i] = keep2 * mean[i] + add2 * g[i]


OPTIMIZERS.add(
    Optimizer(
        name="lion",
        equation="theta -= lr (sign(beta1 m + (1 - beta1) g) + weight_decay theta); "
        "m = beta2 m + (1 - beta2) g",
        source="Chen et al. 2023, Alg. 2; torch.optim has none",
        update=lion,
        slots=1,
        uses={"lr": 1e-4, "beta1": 0.9, "beta2": 0.99},
        decoupled=True,
    )
)
