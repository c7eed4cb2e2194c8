"""Numbers that several optimizers work out from ``hyper``, once an update and in float64."""

from __future__ import annotations

from nncli.kernels.hyper import (
    BETA1,
    BETA2,
    BIAS_CORRECTION,
    CONSTANT,
    EPS,
    EPS_INSIDE,
    STANDARD,
    STEP,
)
from nncli.kernels.jit import kernel


@kernel
def eps_places(hyper):
    """Return what is added inside the root and what outside it: eps and 0, or 0 and eps."""
    return hyper[EPS] * hyper[EPS_INSIDE], hyper[EPS] * (1.0 - hyper[EPS_INSIDE])


@kernel
def bias_corrections(hyper):
    """Return the factors that undo the zeros which both running means have started from.

    ``1 / (1 - beta^t)`` each (Kingma & Ba 2015, Alg. 1), the constants ``1 / (1 - beta)``, or 1.
    """
    beta1, beta2 = hyper[BETA1], hyper[BETA2]
    correction1 = correction2 = 1.0
    if hyper[BIAS_CORRECTION] == STANDARD:
        correction1 = 1.0 / (1.0 - beta1 ** hyper[STEP])
        correction2 = 1.0 / (1.0 - beta2 ** hyper[STEP])
    elif hyper[BIAS_CORRECTION] == CONSTANT:
        correction1, correction2 = 1.0 / (1.0 - beta1), 1.0 / (1.0 - beta2)
    return correction1, correction2
