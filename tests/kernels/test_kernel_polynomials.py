"""exp and tanh, as polynomials, against extended precision."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import numpy as np
import pytest
from fixtures.comparing import assert_within_ulps
from numpy.typing import NDArray

from nncli.kernels.elementary import exp, tanh
from nncli.kernels.jit import kernel, native

needs_extended = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= 52, reason="no type with more digits than float64 here"
)


@kernel
def exp_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = exp(x[i])


@kernel
def tanh_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = tanh(x[i])


def applied(function: object, x: NDArray[np.floating]) -> NDArray[np.floating]:
    y = np.empty_like(x)
    native(function)(x, y)  # type: ignore[arg-type]
    return y


def many(low: float, high: float, dtype: str) -> NDArray[np.floating]:
    return np.random.default_rng(0).uniform(low, high, 200_000).astype(dtype)


# the most that the docstrings of the kernels promise
@pytest.mark.parametrize(
    ("low", "high", "dtype", "most"),
    [
        *((-87.3, 88.7, "float32", 1), (-104.5, -87.3, "float32", 1)),
        *((-1e-3, 1e-3, "float32", 1), (-708.3, 709.7, "float64", 2)),
        *((-746.0, -708.3, "float64", 2), (-1e-3, 1e-3, "float64", 2)),
    ],
)
@needs_extended
def test_exp(low: float, high: float, dtype: str, most: float) -> None:
    x = many(low, high, dtype)
    assert_within_ulps(applied(exp_of, x), np.exp(x.astype(np.longdouble)), most)


@pytest.mark.parametrize("reach", [0.01, 0.7, 3.0, 30.0, 800.0])
@needs_extended
def test_tanh(reach: float, dtype: str) -> None:
    x = many(-reach, reach, dtype)
    assert_within_ulps(applied(tanh_of, x), np.tanh(x.astype(np.longdouble)), 2)


EDGES = {
    "float32": [88.722839, 88.72284, -87.33655, -103.97208, -103.97209, -104.5, 1e-45, 3.4e38],
    "float64": [709.782712893384, 709.7827128933841, -708.4, -745.13, -745.14, 5e-324, 1e308],
}


@needs_extended
def test_exp_at_the_edges(dtype: str) -> None:
    numbers = [0.0, -0.0, np.nan, np.inf, -np.inf, *EDGES[dtype], *(-x for x in EDGES[dtype])]
    x = np.array(numbers * 5, dtype)
    with np.errstate(over="ignore", under="ignore"):
        expected = np.exp(x.astype(np.longdouble)).astype(dtype)
    y = applied(exp_of, x)
    np.testing.assert_array_equal(np.isfinite(y), np.isfinite(expected))
    assert_within_ulps(y, expected, 2)
    assert (applied(exp_of, np.zeros(9, dtype)) == 1).all()


@needs_extended
def test_tanh_at_the_edges(dtype: str) -> None:
    tiny = float(np.finfo(dtype).smallest_subnormal)
    numbers = [0.0, -0.0, np.nan, np.inf, -np.inf, tiny, -tiny, 0.625, -0.625, 1e-20, 20.0, -3e38]
    x = np.array(numbers * 5, dtype)
    y = applied(tanh_of, x)
    assert_within_ulps(y, np.tanh(x.astype(np.longdouble)), 2)
    assert (np.abs(y[np.isfinite(y)]) <= 1).all()


def test_tanh_is_odd(dtype: str) -> None:
    x = many(0, 10, dtype)
    np.testing.assert_array_equal(applied(tanh_of, -x), -applied(tanh_of, x))


def test_one_number_at_a_time_gives_the_same_bits(dtype: str) -> None:
    """A unit's activation may not depend on its place in a vector, or ranks would differ."""
    x = many(-5, 5, dtype)[:101]
    for function in (exp_of, tanh_of):
        singly = np.concatenate([applied(function, x[i : i + 1]) for i in range(x.size)])
        np.testing.assert_array_equal(singly, applied(function, x))
