"""The matrix product on slices against NumPy: every tile, both layouts of B, several panels."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nncli.kernels.jit import kernel, native
from nncli.kernels.products import BIAS, ZERO, multiply
from nncli.kernels.tiles import DEPTH, REGISTER, ROWS, VECTORS, panel_size
from nncli.kernels.views import flat, matrix

#: Sizes round the edges of a tile: its rows, one register, all its registers, for either type.
LANES = [REGISTER // 4, REGISTER // 8]
EDGES = sorted({1, 2, 3, *(n * VECTORS + d for n in LANES for d in (-1, 0, 1)), *LANES})


class Block:
    """A block of a larger random matrix that begins at row 1 and column 2, perhaps transposed."""

    def __init__(self, rng: Any, rows: int, columns: int, dtype: str, transposed: bool) -> None:
        shape = (columns + 2, rows + 3) if transposed else (rows + 2, columns + 3)
        self.whole: NDArray[Any] = rng.standard_normal(shape).astype(dtype)
        inner = self.whole[1:-1, 2:-1]
        self.block = inner.T if transposed else inner
        self.start = shape[1] + 2
        self.row, self.column = (1, shape[1]) if transposed else (shape[1], 1)

    @property
    def place(self) -> tuple[Any, int, int, int]:
        return self.whole.ravel(), self.start, self.row, self.column


def check(m: int, n: int, k: int, a_turned: bool, b_turned: bool, biased: bool, dtype: str) -> None:
    rng = np.random.default_rng(m + n + k)
    a = Block(rng, m, k, dtype, a_turned)
    b = Block(rng, k, n, dtype, b_turned)
    c = Block(rng, m, n, dtype, False)
    c.block[:] = np.nan  # must be overwritten
    bias = rng.standard_normal(n + 4).astype(dtype)
    left, right = a.block.astype("float64"), b.block.astype("float64")
    added = bias[3:-1].astype("float64") if biased else np.zeros(n)
    before, expected = c.whole.copy(), left @ right + added
    panel = np.full(panel_size(dtype), np.nan, dtype)
    native(multiply)(
        m, n, k, *a.place, *b.place, panel, BIAS if biased else ZERO, bias, 3, *c.place[:3]
    )
    # half a unit a step at the worst, of the sum of sizes; over many steps they cancel
    size = np.abs(left) @ np.abs(right) + np.abs(added)
    error = np.abs(c.block.astype("float64") - expected) / size
    assert error.max() <= (2 + min(k / 2, 2 * k**0.5)) * float(np.finfo(dtype).eps)
    before[1:-1, 2:-1] = c.block
    np.testing.assert_array_equal(c.whole, before)  # nothing else has changed


@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("b_turned", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_blocks_of_all_sizes(a_turned: bool, b_turned: bool, biased: bool, dtype: str) -> None:
    for n in EDGES:
        for m in (1, ROWS - 1, ROWS, ROWS + 1, 2 * ROWS + 3):
            for k in (1, 7, 33):
                check(m, n, k, a_turned, b_turned, biased, dtype)


@pytest.mark.parametrize("b_turned", [False, True])
@pytest.mark.parametrize("k", [65, DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH + 5])
def test_long_sums_take_several_panels(k: int, b_turned: bool, dtype: str) -> None:
    """Also with rows of B so far apart that it is copied first."""
    check(2 * ROWS + 1, 37, k, False, b_turned, True, dtype)
    check(3, 1030, k, False, b_turned, True, dtype)
    check(2 * ROWS + 1, 1030, k, True, b_turned, False, dtype)


@given(
    sizes=st.tuples(*[st.integers(1, 70)] * 3),
    turned=st.tuples(st.booleans(), st.booleans()),
    biased=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=150, deadline=None)
def test_any_block(
    sizes: tuple[int, int, int], turned: tuple[bool, bool], biased: bool, dtype: str
) -> None:
    check(*sizes, *turned, biased, dtype)


def whole_and_parts(dtype: str, cuts: list[int], by_rows: bool, b_turned: bool) -> Any:
    """The same product at once, and in slices of its rows or columns."""
    rng = np.random.default_rng(0)
    m, n, k = 40, 70, DEPTH + 9
    a, b = Block(rng, m, k, dtype, False), Block(rng, k, n, dtype, b_turned)
    bias, panel = rng.standard_normal(n).astype(dtype), np.empty(panel_size(dtype), dtype)
    results = []
    for bounds in ([0, m if by_rows else n], cuts):
        c = np.full((m, n), np.nan, dtype)
        for start, stop in itertools.pairwise(bounds):
            first = (start, 0) if by_rows else (0, start)
            size = (stop - start, n) if by_rows else (m, stop - start)
            native(multiply)(
                *size, k,
                a.place[0], a.start + first[0] * a.row, a.row, a.column,
                b.place[0], b.start + first[1] * b.column, b.row, b.column,
                panel, BIAS, bias, first[1], c.ravel(), first[0] * n + first[1], n,
            )  # fmt: skip
        results.append(c)
    return results


@pytest.mark.parametrize("b_turned", [False, True])
@pytest.mark.parametrize(
    ("cuts", "by_rows"), [([0, 32, 64, 70], False), ([0, 5, 70], False), ([0, 1, 19, 40], True)]
)
def test_slices_come_to_the_bits_of_the_whole(
    cuts: list[int], by_rows: bool, b_turned: bool, dtype: str
) -> None:
    whole, parts = whole_and_parts(dtype, cuts, by_rows, b_turned)
    np.testing.assert_array_equal(parts, whole)


def test_nothing_to_do(dtype: str) -> None:
    a, c = np.ones(4, dtype), np.full(4, np.nan, dtype)
    panel = np.empty(panel_size(dtype), dtype)
    for m, n in ((0, 2), (2, 0), (0, 0)):
        native(multiply)(m, n, 2, a, 0, 2, 1, a, 0, 2, 1, panel, ZERO, a, 0, c, 0, 2)
    assert np.isnan(c).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_stay_in_their_row_and_column(value: float, dtype: str) -> None:
    a, b = np.ones((9, 5), dtype), np.ones((5, 41), dtype)
    a[8, 2] = value
    c, panel = np.zeros((9, 41), dtype), np.empty(panel_size(dtype), dtype)
    native(multiply)(
        9, 41, 5, a.ravel(), 0, 5, 1, b.ravel(), 0, 41, 1, panel, ZERO, a.ravel(), 0,
        c.ravel(), 0, 41,
    )  # fmt: skip
    assert (c[:8] == 5).all()
    assert not np.isfinite(c[8]).any()


@kernel
def double_through_views(buffer, start, rows, columns):  # type: ignore[no-untyped-def]
    """Double an inner matrix element by element, then through its flat view."""
    inner = matrix(buffer, start, rows, columns)
    for i in range(inner.shape[0]):
        for j in range(inner.shape[1]):
            inner[i, j] *= 2
    vector = flat(inner[1:])
    for i in range(vector.size):
        vector[i] += 100


@pytest.mark.parametrize("make", [native, lambda kernel: kernel])
def test_views_share_the_memory(make: Any, dtype: str) -> None:
    buffer = np.arange(20, dtype=dtype)
    make(double_through_views)(buffer, 3, 4, 3)
    expected = np.arange(20, dtype=dtype)
    expected[3:15] *= 2
    expected[6:15] += 100
    np.testing.assert_array_equal(buffer, expected)
