"""The shape of a tile of a matrix product: what the processor's vector registers hold."""

from __future__ import annotations

import numpy as np
from llvmlite import binding

_FEATURES = binding.get_host_cpu_features()

#: Bytes of a vector register of this processor.
REGISTER = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx") else 16

#: Rows and vector registers of a tile; with AVX-512 there are 32 registers, before there were 16.
ROWS, VECTORS = (8, 2) if REGISTER == 64 else (4, 2)

#: Steps of k that are done at a time: a panel of B then stays in the second-level cache.
DEPTH = 1024


def panel_size(dtype: str) -> int:
    """Return the elements of the panel that :func:`nncli.kernels.products.multiply` needs."""
    return DEPTH * VECTORS * REGISTER // np.dtype(dtype).itemsize
