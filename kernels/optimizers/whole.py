"""Optimizers that need the loss of all rows at once and are driven from Python.

L-BFGS is SciPy's ``minimize(method="L-BFGS-B")`` without bounds. It finds its own step length by a
line search, so that it reads no learning rate. ``torch.optim.LBFGS`` is another implementation of
the method, with a fixed step unless it is asked for a line search, and takes other steps.
"""

from __future__ import annotations

from nncli.kernels.optimizers.table import OPTIMIZERS
from nncli.kernels.parts import Optimizer

OPTIMIZERS.add(
    Optimizer(
        name="lbfgs",
        equation="theta -= s H g: H an inverse Hessian from the last steps and changes of g, "
        "s from a line search",
        source="Liu & Nocedal 1989; scipy.optimize.minimize(method='L-BFGS-B')",
        update=None,
        slots=0,
        uses={},
    )
)
