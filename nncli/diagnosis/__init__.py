"""What is wrong with a network, from what its layers look like while it trains.

With ``--diagnose`` a run keeps, for each logged epoch and layer of weights:

    grad_norm       norm of the gradient of all the layer's parameters, before clipping
    update_ratio    norm of an update of W by the norm of W before it
    act_mean        mean of the activations, of the predictions in the output layer
    act_std         their standard deviation
    saturated_frac  share of activations at the flat ends of f: sigmoid and tanh beyond 5
    dead_frac       share of units that no row of the whole epoch has woken (ReLU and its kin)
    similarity      largest of two units: 1 for equal ones, see :mod:`nncli.kernels.diagnosis`

All but dead_frac are those of the epoch's last mini-batch that is whole. Out of these columns and
the curve, :func:`findings` makes complaints:

    kind                 complains of                                              threshold
    symmetry             equal units in every epoch: they learn one thing          SYMMETRIC
    dead units           more dead units than this in the last epoch               DEAD
    saturation           more saturated activations, and little or no learning     SATURATED
    weights too large    activations that grow from layer to layer, in epoch 1     GROWTH
    weights too small    activations without deviation in epoch 1                  FLAT
    vanishing gradient   the first layer's by the last layer's, a weight           VANISHED
    exploding gradient   norm of a layer's gradient, behind two hidden layers      EXPLODED
    updates too large    ratio of most updates, while the loss does not fall       LARGE_UPDATE
    updates too small    the same                                                  SMALL_UPDATE
    oscillation          the loss rises and falls by much, late in the run         OSCILLATION

The numbers and their reasons stand in :mod:`nncli.diagnosis.thresholds`. A complaint that explains
another one silences it: what is dead has no gradient.
"""

from nncli.diagnosis.findings import Finding, findings

__all__ = ["Finding", "findings"]
