"""A naive NumPy implementation of everything that nncli trains with, in float64.

It is written from the equations of the source documents and papers, with no thought of speed or
of extreme arguments, and shares no code with the kernels. :func:`train` reproduces a whole run:
the same draws, orders, masks, curve and parameters. A sample is a row; ``z = h W + b``.
"""

from oracle.activations import ACTIVATIONS, PULLBACKS
from oracle.initializers import draw, standard_deviation
from oracle.lbfgs import train_by_lbfgs
from oracle.losses import LOSS_GRADIENTS, LOSSES
from oracle.network import Loss, Network, backward, flat, forward, mean_loss, unflat
from oracle.normalization import by_batch, by_running, pullback
from oracle.optimizers import Optimizer
from oracle.randomness import derive, dropout_mask, mix, shuffled
from oracle.training import (
    COLUMNS,
    gathered,
    loss_of,
    masks_of,
    metric,
    network_of,
    penalized,
    scheduled,
    start_of,
    train,
)

__all__ = [
    "ACTIVATIONS",
    "COLUMNS",
    "LOSSES",
    "LOSS_GRADIENTS",
    "PULLBACKS",
    "Loss",
    "Network",
    "Optimizer",
    "backward",
    "by_batch",
    "by_running",
    "derive",
    "draw",
    "dropout_mask",
    "flat",
    "forward",
    "gathered",
    "loss_of",
    "masks_of",
    "mean_loss",
    "metric",
    "mix",
    "network_of",
    "penalized",
    "pullback",
    "scheduled",
    "shuffled",
    "standard_deviation",
    "start_of",
    "train",
    "train_by_lbfgs",
    "unflat",
]
