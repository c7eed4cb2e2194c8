"""Elementary functions, as polynomials, against extended precision and SciPy."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from fixtures.comparing import assert_within_ulps
from numpy.typing import NDArray

from nncli.kernels.elementary import erf, erfcx, exp, expm1, log, log1p, tanh
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


@kernel
def expm1_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = expm1(x[i])


@kernel
def log_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = log(x[i])


@kernel
def log1p_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = log1p(x[i])


@kernel
def erf_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = erf(x[i])


@kernel
def erfcx_of(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = erfcx(x[i])


#: Each kernel with its plain form and its formula in NumPy or SciPy.
FUNCTIONS = {
    "exp": (exp_of, exp, np.exp),
    "expm1": (expm1_of, expm1, np.expm1),
    "tanh": (tanh_of, tanh, np.tanh),
    "log": (log_of, log, np.log),
    "log1p": (log1p_of, log1p, np.log1p),
    "erf": (erf_of, erf, scipy.special.erf),
    "erfcx": (erfcx_of, erfcx, scipy.special.erfcx),
}


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


@pytest.mark.parametrize(("dtype", "most"), [("float32", 2), ("float64", 5)])
@pytest.mark.parametrize("reach", [1e-3, 0.5, 1.2, 30.0, 85.0])
@needs_extended
def test_expm1(reach: float, dtype: str, most: float) -> None:
    x = many(-reach, reach, dtype)
    assert_within_ulps(applied(expm1_of, x), np.expm1(x.astype(np.longdouble)), most)


@pytest.mark.parametrize(
    ("low", "high"), [(0.5, 1.5), (0.999, 1.001), (1e-45, 1e-38), (1e-30, 1e-20), (1, 1e30)]
)
@needs_extended
def test_log(low: float, high: float, dtype: str) -> None:
    x = many(low, high, dtype)
    assert_within_ulps(applied(log_of, x), np.log(x.astype(np.longdouble)), 1)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-0.999, 3), (-1e-3, 1e-3), (-1e-8, 1e-8), (1, 1e10)]
)
@needs_extended
def test_log1p(low: float, high: float, dtype: str) -> None:
    x = many(low, high, dtype)
    assert_within_ulps(applied(log1p_of, x), np.log1p(x.astype(np.longdouble)), 1)


@pytest.mark.parametrize("reach", [1e-3, 1.2, 6.0, 30.0])
def test_erf(reach: float, dtype: str) -> None:
    x = many(-reach, reach, dtype)
    # SciPy's own error, of up to 1 ulp of float64, comes on top of the promised 3
    assert_within_ulps(applied(erf_of, x), scipy.special.erf(x.astype("float64")), 4)


@pytest.mark.parametrize(("dtype", "most"), [("float32", 6), ("float64", 12)])
@pytest.mark.parametrize("reach", [1e-3, 1.2, 6.0, 30.0])
def test_erfcx(reach: float, dtype: str, most: float) -> None:
    x = many(0, reach, dtype)
    # SciPy's own error, of up to 1 ulp of float64, comes on top
    assert_within_ulps(applied(erfcx_of, x), scipy.special.erfcx(x.astype("float64")), most + 1)


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


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, -2.0])


@pytest.mark.parametrize("name", ["expm1", "log", "log1p", "erf"])
def test_special_numbers(name: str, dtype: str) -> None:
    function, _, formula = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        expected = formula(SPECIAL)
    assert_within_ulps(
        applied(function, np.tile(SPECIAL, 9).astype(dtype)), np.tile(expected, 9), 3
    )


def test_expm1_at_the_edges(dtype: str) -> None:
    numbers = [*EDGES[dtype], *(-x for x in EDGES[dtype]), np.finfo(dtype).tiny]
    x = np.array(numbers * 5, dtype)
    with np.errstate(over="ignore"):
        expected = np.expm1(x)
    y = applied(expm1_of, x)
    np.testing.assert_array_equal(np.isfinite(y), np.isfinite(expected))
    normal = np.abs(x) >= np.finfo(dtype).tiny  # what is smaller may vanish
    assert_within_ulps(y[normal], expected[normal], 6)  # the promised 5, and NumPy's own 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_plain_form_is_the_same_function(name: str, dtype: str) -> None:
    function, plain, _ = FUNCTIONS[name]
    x = many(0.01, 5, dtype)[:200]
    y = np.array([plain(number) for number in x])
    assert y.dtype == dtype
    # NumPy's float32 exp and tanh are within 3 ulp; the native ones within 12
    assert_within_ulps(applied(function, x), y, 15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_complex_step_gives_the_derivative(name: str) -> None:
    _, plain, formula = FUNCTIONS[name]
    for x in many(0.1, 4, "float64")[:50]:
        moved, h = plain(np.complex128(x + 1e-30j)), 1e-5
        numeric = (formula(x + h) - formula(x - h)) / (2 * h)
        assert moved.real == pytest.approx(formula(x), rel=1e-14)
        # central differences: roundings over h, and h^2 times the third derivative
        assert moved.imag / 1e-30 == pytest.approx(numeric, rel=1e-8, abs=1e-10)


def test_tanh_is_odd(dtype: str) -> None:
    x = many(0, 10, dtype)
    np.testing.assert_array_equal(applied(tanh_of, -x), -applied(tanh_of, x))


def test_one_number_at_a_time_gives_the_same_bits(dtype: str) -> None:
    """A unit's activation may not depend on its place in a vector, or ranks would differ."""
    x = many(0.01, 5, dtype)[:101]
    for function, _, _ in FUNCTIONS.values():
        singly = np.concatenate([applied(function, x[i : i + 1]) for i in range(x.size)])
        np.testing.assert_array_equal(singly, applied(function, x))
