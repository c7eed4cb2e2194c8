"""Activations against their formulas, and against each other's slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.comparing import assert_close, assert_within_ulps

from nncli.kernels.activations import ACTIVATIONS

WIDTH = 5
Maker = Callable[[Callable[..., Any]], Any]


def sums(dtype: str) -> Any:
    return (4 * np.random.default_rng(3).standard_normal((40, WIDTH))).astype(dtype)


def forward(made: Maker, name: str, z: Any) -> Any:
    a = np.full_like(z, np.nan)
    made(ACTIVATIONS[name].forward)(z.ravel(), a.ravel(), np.zeros(1, z.dtype), z.shape[-1])
    return a


def test_every_activation_has_its_formula_in_the_oracle() -> None:
    assert set(ACTIVATIONS.names()) == set(oracle.ACTIVATIONS) == set(oracle.PULLBACKS)


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_forward_is_the_formula(made: Maker, name: str, dtype: str) -> None:
    z = sums(dtype)
    # exp within 2 ulp, then an addition and a division of half an ulp each
    most = 4.0
    if name == "softmax":  # adds a row up; the rounding of z - max(z) is its size in exp's ulp
        most += WIDTH + float(np.ptp(z, axis=1).max())
    assert_within_ulps(forward(made, name, z), oracle.ACTIVATIONS[name](z.astype("float64")), most)


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_backward_is_the_derivative(made: Maker, name: str, dtype: str) -> None:
    z = sums(dtype)
    a = oracle.ACTIVATIONS[name](z.astype("float64")).astype(dtype)
    d_a = np.random.default_rng(4).standard_normal(z.shape).astype(dtype)
    d = d_a.copy()
    none = np.zeros(1, dtype)
    made(ACTIVATIONS[name].backward)(z.ravel(), a.ravel(), d.ravel(), none, none, WIDTH)
    # taken from the rounded a: 1 - a and 1 - a^2 cancel, to a few roundings of 1
    expected = oracle.PULLBACKS[name](z.astype("float64"), d_a.astype("float64"))
    assert_close(d, expected, 8)


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_an_activation_may_overwrite_its_input(made: Maker, name: str, dtype: str) -> None:
    z = sums(dtype)
    apart = forward(made, name, z)
    made(ACTIVATIONS[name].forward)(z.ravel(), z.ravel(), np.zeros(1, dtype), WIDTH)
    np.testing.assert_array_equal(z, apart)


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_nan_stays_nan(made: Maker, name: str, dtype: str) -> None:
    z = np.array([[1.0, np.nan, -1.0, 0.5, 2.0]] * 8, dtype)  # wide enough for vector instructions
    a = forward(made, name, z)
    assert np.isnan(a[:, 1]).all()
    if name != "softmax":
        assert np.isfinite(a[:, [0, 2, 3, 4]]).all()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, np.inf), ("identity", -np.inf, np.inf)],
)
def test_limits(made: Maker, name: str, low: float, high: float, dtype: str) -> None:
    z = np.array([[-np.inf, np.inf]] * 9, dtype)
    np.testing.assert_array_equal(forward(made, name, z), np.array([[low, high]] * 9, dtype))


def test_softmax_of_huge_sums_is_finite(made: Maker, dtype: str) -> None:
    z = np.array([[1e4, -1e4, 1e4, 0.0, -1e4]], dtype)
    a = forward(made, "softmax", z)
    np.testing.assert_array_equal(a, np.array([[0.5, 0, 0.5, 0, 0]], dtype))


def test_relu_has_no_gradient_at_zero(made: Maker, dtype: str) -> None:
    a, d, none = np.zeros(9, dtype), np.ones(9, dtype), np.zeros(1, dtype)
    made(ACTIVATIONS["relu"].backward)(a, a, d, none, none, 9)
    assert not d.any()
