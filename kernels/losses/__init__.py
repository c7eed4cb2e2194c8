"""Losses: each kernel returns a batch's summed loss and writes the gradient on its way.

Arrays are (rows, outputs): ``z`` the output layer's weighted sums, ``p`` the predictions, ``y``
the targets (one-hot rows for classes), ``d`` the gradient that is written, times ``scale``, which
is one over the batch's rows. ``settings`` holds the loss's own number, the share of label smoothing
and the classes' weights (:mod:`nncli.kernels.settings`). A fused loss starts from ``z``: with its
own output activation the gradient is simply ``p - y``, and logarithms are taken of nothing that can
have become zero.
"""

from importlib import import_module

from nncli.kernels.losses.table import LOSSES

#: The modules that fill the table, in the order of its entries.
for _module in ("errors", "entropy", "margin"):
    import_module(f"{__name__}.{_module}")

__all__ = ["LOSSES"]
