"""Every kernel is tested twice: as the plain Python function that it is, and compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nncli.kernels.jit import native

Maker = Callable[[Callable[..., Any]], Any]


@pytest.fixture(params=["plain", "native"])
def made(request: pytest.FixtureRequest) -> Iterator[Maker]:
    """Turn a kernel into what is tested: itself, or its machine code."""
    with np.errstate(all="ignore"):  # scalars of NumPy warn where hashes wrap around
        yield (lambda kernel: kernel) if request.param == "plain" else native


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    return str(request.param)
