"""Optimizers: each is one loop over a range of the flat parameter vector, and an entry.

An optimizer knows no layers. ``theta`` and ``d_theta`` are (parameters,), ``state`` is (slots,
parameters) and starts at zero. Scalars are prepared in float64 and cast once, so that the loops
run in the type of ``theta``. Wherever a root is divided by, ``eps`` stands outside it,
``g / (sqrt(G) + eps)``, or with ``--eps-inside`` in it, ``g / sqrt(G + eps)``. The loops run over
slices from zero on: an index that might be negative would keep them from being vectorised.

In the docstrings g is the gradient and t counts updates from 1. Each names its twin in
``torch.optim`` and how the parameters are called there; ``lr`` and ``eps`` mean the same in both.
PyTorch's weight decay includes biases unless groups of parameters leave them out; nncli's is on
weight matrices alone, and is added to g (or applied) by the training loop.
"""

from importlib import import_module

from nncli.kernels.optimizers.table import OPTIMIZERS

#: The modules that fill the table, in the order of its entries.
for _module in ("descent", "adaptive", "adam", "adam_variants", "sign", "whole"):
    import_module(f"{__name__}.{_module}")

__all__ = ["OPTIMIZERS"]
