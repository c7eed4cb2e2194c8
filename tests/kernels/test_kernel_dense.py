"""The dense layer and its gradients, whole and shared out over ranks."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.comparing import assert_close

from nncli.kernels.dense import dense_backward_input, dense_backward_parameters, dense_forward
from nncli.kernels.forward import UNIT_GRAIN
from nncli.kernels.jit import native
from nncli.kernels.objects import address_of
from nncli.kernels.threads import share
from nncli.kernels.tiles import panel_size

#: Rows, fan-in, fan-out: a small layer, and one of more than two shares either way.
SIZES = [(4, 6, 5), (1, 1, 1), (33, 2 * UNIT_GRAIN + 8, 2 * UNIT_GRAIN + 3)]
WEIGHTS = 3


class Case:
    """A layer whose W stands at element 3 of theta, two numbers before its end the b."""

    def __init__(self, sizes: tuple[int, int, int], dtype: str) -> None:
        rng = np.random.default_rng(1)
        self.rows, self.fan_in, self.fan_out = sizes
        self.bias = WEIGHTS + self.fan_in * self.fan_out
        self.theta = rng.standard_normal(self.bias + self.fan_out + 2).astype(dtype)
        self.x = rng.standard_normal((self.rows, self.fan_in)).astype(dtype)
        self.d_z = rng.standard_normal((self.rows, self.fan_out)).astype(dtype)
        w = self.theta[WEIGHTS : self.bias].reshape(self.fan_in, self.fan_out).astype("float64")
        b = self.theta[self.bias : -2].astype("float64")
        self.z = self.x.astype("float64") @ w + b
        self.d_w = self.x.T.astype("float64") @ self.d_z.astype("float64")
        self.d_b = self.d_z.astype("float64").sum(axis=0)
        self.d_x = self.d_z.astype("float64") @ w.T
        product = address_of("nncli.kernels.products:multiply", "multiply", dtype)
        self.scratch = product, np.empty(panel_size(dtype), dtype)
        # a sum of as many products, rounded in any order
        self.roundings = max(sizes) + 2


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_forward_by_units(sizes: tuple[int, int, int], ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    z = np.full(case.z.shape, np.nan, dtype)
    for rank in range(ranks):
        start, stop = share(case.fan_out, rank, ranks, UNIT_GRAIN)
        native(dense_forward)(
            case.x, case.theta, WEIGHTS, case.bias, z, 0, case.rows, start, stop, *case.scratch
        )
    assert_close(z, case.z, case.roundings)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_forward_by_rows(sizes: tuple[int, int, int], ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    z = np.full(case.z.shape, np.nan, dtype)
    for rank in range(ranks):
        first, last = share(case.rows, rank, ranks, 1)
        native(dense_forward)(
            case.x, case.theta, WEIGHTS, case.bias, z, first, last, 0, case.fan_out, *case.scratch
        )
    assert_close(z, case.z, case.roundings)


def backward_parameters(case: Case, d_theta: Any, rank: int, ranks: int) -> None:
    start, stop = share(case.fan_in, rank, ranks, UNIT_GRAIN)
    native(dense_backward_parameters)(
        case.x, case.d_z, d_theta, WEIGHTS, case.bias, start, stop, *case.scratch
    )


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_backward_parameters(sizes: tuple[int, int, int], ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    d_theta = np.full_like(case.theta, np.nan)
    for rank in range(ranks):
        backward_parameters(case, d_theta, rank, ranks)
    assert_close(d_theta[WEIGHTS : case.bias].reshape(case.d_w.shape), case.d_w, case.roundings)
    assert_close(d_theta[case.bias : -2], case.d_b, case.roundings)
    assert np.isnan(d_theta[[0, 1, 2, -2, -1]]).all()


@pytest.mark.parametrize("fan_in", [1, 5, UNIT_GRAIN, UNIT_GRAIN + 1, 3 * UNIT_GRAIN])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_one_rank_alone_writes_the_gradient_of_the_bias(fan_in: int, ranks: int) -> None:
    """Two that add it up in one place at one time would lose terms."""
    case = Case((2, fan_in, 3), "float64")
    writers = 0
    for rank in range(ranks):
        d_theta = np.full_like(case.theta, np.nan)
        backward_parameters(case, d_theta, rank, ranks)
        writers += bool(np.isfinite(d_theta[case.bias : -2]).any())
    assert writers == 1


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_backward_input(sizes: tuple[int, int, int], ranks: int, dtype: str) -> None:
    case = Case(sizes, dtype)
    d_x = np.full(case.d_x.shape, np.nan, dtype)
    for rank in range(ranks):
        start, stop = share(case.fan_in, rank, ranks, UNIT_GRAIN)
        native(dense_backward_input)(case.d_z, case.theta, WEIGHTS, d_x, start, stop, *case.scratch)
    assert_close(d_x, case.d_x, case.roundings)
