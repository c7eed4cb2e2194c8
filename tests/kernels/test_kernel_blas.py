"""The matrix product on slices against NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fixtures.comparing import assert_close

from nncli.kernels.blas import gemm
from nncli.kernels.jit import kernel, native


@kernel
def product(ta, tb, m, n, k, a, at_a, lda, b, at_b, ldb, beta, c, at_c, ldc):  # type: ignore[no-untyped-def]
    gemm(ta, tb, m, n, k, a, at_a, lda, b, at_b, ldb, beta, c, at_c, ldc)


@pytest.mark.parametrize(("ta", "tb"), list(itertools.product([0, 1], repeat=2)))
@pytest.mark.parametrize("beta", [0.0, 1.0, -0.5])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (4, 3, 5), (3, 1, 7), (33, 17, 65)])
def test_blocks_inside_larger_matrices(
    ta: int, tb: int, beta: float, m: int, n: int, k: int, dtype: str
) -> None:
    """Each operand is a block of a matrix with three more columns, from row 1 and column 2 on."""
    rng = np.random.default_rng(m)

    def around(rows: int, columns: int) -> np.ndarray:
        return rng.standard_normal((rows + 2, columns + 3)).astype(dtype)

    def block(matrix: np.ndarray) -> np.ndarray:
        return matrix[1:-1, 2:-1]

    a, b, c = around(*((k, m) if ta else (m, k))), around(*((n, k) if tb else (k, n))), around(m, n)
    exact = [block(each).astype("float64") for each in (a, b, c)]
    left, right = exact[0].T if ta else exact[0], exact[1].T if tb else exact[1]
    before, expected = c.copy(), left @ right + beta * exact[2]

    def start(matrix: np.ndarray) -> int:
        return matrix.shape[1] + 2

    native(product)(
        ta, tb, m, n, k, a, start(a), a.shape[1], b, start(b), b.shape[1], beta, c, start(c),
        c.shape[1],
    )  # fmt: skip
    # a sum of k products, in any order: k roundings at the worst, of a sum of their sizes
    assert_close(block(c), expected, k + 2)
    block(before)[:] = block(c)
    np.testing.assert_array_equal(c, before)  # nothing else has changed


def test_beta_zero_overwrites_nan(dtype: str) -> None:
    a, c = np.ones((2, 2), dtype), np.full((2, 2), np.nan, dtype)
    native(product)(0, 0, 2, 2, 2, a, 0, 2, a, 0, 2, 0.0, c, 0, 2)
    np.testing.assert_array_equal(c, np.full((2, 2), 2.0))


def test_vectors_serve_as_matrices(dtype: str) -> None:
    """``theta`` is flat: W (3, 4) stands in it from element 5 on."""
    rng = np.random.default_rng(0)
    theta, x = rng.standard_normal(30).astype(dtype), rng.standard_normal((2, 3)).astype(dtype)
    z = np.zeros((2, 4), dtype)
    native(product)(0, 0, 2, 4, 3, x, 0, 3, theta, 5, 4, 1.0, z, 0, 4)
    w = theta[5:17].reshape(3, 4).astype("float64")
    assert_close(z, x.astype("float64") @ w, 5)
