"""Activations: each is a forward and a backward kernel that stand together, and an entry.

Notation: ``z`` is a layer's weighted sum, ``a = f(z)`` its activation; ``d`` holds dL/da when a
backward kernel starts and dL/dz when it ends. All are flat vectors of rows of ``width`` units;
only softmax looks at the rows. Literals are cast to the type of ``z``: a Python number would
lift float32 arithmetic to float64.
"""

from importlib import import_module

from nncli.kernels.activations.table import ACTIVATIONS

#: The modules that fill the table, in the order of its entries.
for _module in ("output", "rectified", "smooth", "saturating"):
    import_module(f"{__name__}.{_module}")

__all__ = ["ACTIVATIONS"]
