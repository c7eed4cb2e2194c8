"""Arrays as the kernels take them."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.arrays import LINE, aligned


@pytest.mark.parametrize("shape", [1, 7, (3, 5), (0, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_begin_on_a_cache_line(shape: int | tuple[int, ...], dtype: str) -> None:
    for _ in range(20):  # where NumPy's memory begins changes from call to call
        array = aligned(shape, dtype)
        assert array.ctypes.data % LINE == 0
        assert array.shape == np.zeros(shape).shape
        assert array.dtype == dtype
        assert array.flags.carray
        assert not array.any()
