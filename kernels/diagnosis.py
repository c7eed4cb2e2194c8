"""What a run's layers look like while it trains: the numbers behind ``--diagnose``."""

from __future__ import annotations

from nncli.kernels.jit import kernel

#: When the loop calls :func:`observe`: after the forward pass of every mini-batch of a logged
#: epoch, before and after the observed update, and at the end of the epoch.
ACTIVATIONS, GRADIENTS, UPDATES, RESULTS = 0, 1, 2, 3

COLUMNS = 7
SUMS = 8


@kernel
def observe(phase, rank, ranks, network, d_theta, buffers, panel, diagnosis, count, row):
    pass
