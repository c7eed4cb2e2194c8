"""Metrics: what a batch adds to the accuracy or to the root mean squared error of an epoch.

Each takes ``p`` and ``y`` (rows, outputs) and ``weights`` (outputs,) and returns a sum over the
rows. For classes it counts the right rows; the decision threshold is ``weights[0]``. For a
regression ``weights`` are the targets' standard deviations, so that errors are in the users' units.
"""

from __future__ import annotations

from nncli.kernels.jit import kernel


@kernel
def correct_class(p, y, weights):
    """Count the rows whose largest output is the target's class."""
    correct = 0.0
    for i in range(p.shape[0]):
        largest = 0
        for j in range(1, p.shape[1]):
            if p[i, j] > p[i, largest]:
                largest = j
        if y[i, largest] > 0.5:
            correct += 1.0
    return correct


@kernel
def correct_labels(p, y, weights):
    """Sum over the rows the share of labels that are on the right side of the threshold."""
    correct = 0.0
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            if (p[i, j] > weights[0]) == (y[i, j] > 0.5):
                correct += 1.0
    return correct / p.shape[1]


@kernel
def squared_residual(p, y, weights):
    """Sum over the rows the mean squared error of the outputs, in the targets' own units."""
    total = 0.0
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            difference = (p[i, j] - y[i, j]) * weights[j]
            total += difference * difference
    return total / p.shape[1]


METRICS = {
    "regression": squared_residual,
    "binary": correct_labels,
    "multiclass": correct_class,
    "multilabel": correct_labels,
}
