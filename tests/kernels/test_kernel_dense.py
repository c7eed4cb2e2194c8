"""The dense layer and its gradients, small and large, whole and shared out over ranks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fixtures.comparing import assert_close

from nncli.kernels.dense import (
    SMALL,
    dense_backward_input,
    dense_backward_parameters,
    dense_forward,
)
from nncli.kernels.forward import UNIT_GRAIN
from nncli.kernels.jit import native
from nncli.kernels.threads import share

Maker = Callable[[Callable[..., Any]], Any]
LOOPED, BLAS = (4, 6, 5), (33, 40, 35)
WEIGHTS = 3


class Case:
    """A layer of ``sizes`` (rows, fan_in, fan_out) whose W stands at element 3 of theta."""

    def __init__(self, sizes: tuple[int, int, int], dtype: str) -> None:
        rng = np.random.default_rng(1)
        rows, self.fan_in, self.fan_out = self.sizes = sizes
        self.bias = WEIGHTS + self.fan_in * self.fan_out
        self.theta = rng.standard_normal(self.bias + self.fan_out + 2).astype(dtype)
        self.x = rng.standard_normal((rows, self.fan_in)).astype(dtype)
        self.d_z = rng.standard_normal((rows, self.fan_out)).astype(dtype)
        w = self.theta[WEIGHTS : self.bias].reshape(self.fan_in, self.fan_out)
        self.w, b = w.astype("float64"), self.theta[self.bias : -2].astype("float64")
        self.z = self.x.astype("float64") @ self.w + b
        self.d_w = self.x.T.astype("float64") @ self.d_z.astype("float64")
        self.d_b = self.d_z.astype("float64").sum(axis=0)
        self.d_x = self.d_z.astype("float64") @ self.w.T
        # a sum of as many products, rounded in any order
        self.roundings = max(sizes) + 2


def kernels(sizes: tuple[int, int, int]) -> list[Callable[..., Any]]:
    """What can be tested: a product by BLAS exists in native code alone."""
    return [native] if sizes == BLAS else [native, lambda kernel: kernel]


CASES = [(sizes, make) for sizes in (LOOPED, BLAS) for make in kernels(sizes)]


def test_the_cases_take_both_ways() -> None:
    assert np.prod(LOOPED) <= SMALL < 4 * UNIT_GRAIN * BLAS[0]


@pytest.mark.parametrize(("sizes", "make"), CASES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_forward(sizes: tuple[int, int, int], make: Maker, ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    z = np.full(case.z.shape, np.nan, dtype)
    for rank in range(ranks):
        start, stop = share(case.fan_out, rank, ranks, UNIT_GRAIN)
        make(dense_forward)(case.x, case.theta, WEIGHTS, case.bias, z, 0, sizes[0], start, stop)
    assert_close(z, case.z, case.roundings)


@pytest.mark.parametrize(("sizes", "make"), CASES)
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_forward_by_rows(sizes: tuple[int, int, int], make: Maker, ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    z = np.full(case.z.shape, np.nan, dtype)
    for rank in range(ranks):
        first, last = share(sizes[0], rank, ranks, 1)
        make(dense_forward)(case.x, case.theta, WEIGHTS, case.bias, z, first, last, 0, case.fan_out)
    assert_close(z, case.z, case.roundings)


@pytest.mark.parametrize(("sizes", "make"), CASES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_backward_parameters(
    sizes: tuple[int, int, int], make: Maker, ranks: int, dtype: str
) -> None:
    case = Case(sizes, dtype)
    d_theta = np.full_like(case.theta, np.nan)
    for rank in range(ranks):
        start, stop = share(case.fan_in, rank, ranks, UNIT_GRAIN)
        make(dense_backward_parameters)(case.x, case.d_z, d_theta, WEIGHTS, case.bias, start, stop)
    assert_close(d_theta[WEIGHTS : case.bias].reshape(case.d_w.shape), case.d_w, case.roundings)
    assert_close(d_theta[case.bias : -2], case.d_b, case.roundings)
    assert np.isnan(d_theta[[0, 1, 2, -2, -1]]).all()


@pytest.mark.parametrize("fan_in", [1, 5, 16, 17, 40])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_one_rank_alone_writes_the_gradient_of_the_bias(
    made: Maker, fan_in: int, ranks: int
) -> None:
    """Two that add it up in one place at one time would lose terms."""
    case = Case((2, fan_in, 3), "float64")
    writers = 0
    for rank in range(ranks):
        d_theta = np.full_like(case.theta, np.nan)
        start, stop = share(case.fan_in, rank, ranks, UNIT_GRAIN)
        made(dense_backward_parameters)(case.x, case.d_z, d_theta, WEIGHTS, case.bias, start, stop)
        writers += bool(np.isfinite(d_theta[case.bias : -2]).any())
    assert writers == 1


@pytest.mark.parametrize(("sizes", "make"), CASES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_backward_input(sizes: tuple[int, int, int], make: Maker, ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    d_x = np.full(case.d_x.shape, np.nan, dtype)
    for rank in range(ranks):
        start, stop = share(case.fan_in, rank, ranks, UNIT_GRAIN)
        make(dense_backward_input)(case.d_z, case.theta, WEIGHTS, d_x, start, stop)
    assert_close(d_x, case.d_x, case.roundings)
