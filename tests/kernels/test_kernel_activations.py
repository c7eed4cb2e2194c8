"""Activations against their formulas, and against each other's slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.comparing import assert_close, ulps
from oracle.activations import D_VALUE

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.jit import kernel

WIDTH = 5
Maker = Callable[[Callable[..., Any]], Any]

NAMES = ACTIVATIONS.names()
#: One unit at a time: all but softmax.
UNITS = [name for name in NAMES if name != "softmax"]
VALUED = [name for name in NAMES if ACTIVATIONS[name].value is not None]


def sums(dtype: str) -> Any:
    return (4 * np.random.default_rng(3).standard_normal((40, WIDTH))).astype(dtype)


def number(name: str, dtype: Any) -> Any:
    """The activation's number, (1,); where it has none, one that must not be read."""
    value = ACTIVATIONS[name].value
    return np.array([np.nan if value is None else value], dtype)


def forward(made: Maker, name: str, z: Any, parameters: Any = None) -> Any:
    a = np.full_like(z, np.nan)
    parameters = number(name, z.dtype) if parameters is None else parameters
    made(ACTIVATIONS[name].forward)(z.ravel(), a.ravel(), parameters, z.shape[-1])
    return a


def backward(made: Maker, name: str, z: Any, a: Any, d_a: Any, parameters: Any = None) -> Any:
    """dL/dz, and what was added to each unit's dL/dparameter."""
    d, d_parameters = d_a.copy(), np.zeros(z.shape[-1], z.dtype)
    parameters = number(name, z.dtype) if parameters is None else parameters
    made(ACTIVATIONS[name].backward)(
        z.ravel(), a.ravel(), d.ravel(), parameters, d_parameters, z.shape[-1]
    )
    return d, d_parameters


def exact(table: dict[str, Callable[..., Any]], name: str, *arrays: Any, dtype: str) -> Any:
    """What the oracle makes of the arrays and of the number as rounded to ``dtype``."""
    numbers = [float(number(name, dtype)[0])] if name in VALUED else []
    return table[name](*(each.astype("float64") for each in arrays), *numbers)


def slopes(name: str, z: Any, parameters: Any = None) -> Any:
    a = forward(kernel, name, z, parameters)
    return backward(kernel, name, z, a, np.ones_like(z), parameters)[0]


def test_every_activation_has_its_formula_in_the_oracle() -> None:
    assert set(NAMES) == set(oracle.ACTIVATIONS) == set(oracle.PULLBACKS)
    assert set(D_VALUE) == {name for name in NAMES if ACTIVATIONS[name].learnable}


def most_ulps(name: str, z: Any) -> Any:
    """How far rounding may take the forward pass."""
    if name == "softmax":  # adds a row up; the rounding of z - max(z) is its size in exp's ulp
        return 4.0 + WIDTH + float(np.ptp(z, axis=1).max())
    if name in ("elu", "selu"):  # expm1 within 5 ulp, then one or two factors
        return 7.0
    # tails: the error of an exponent is as large as the exponent in ulp of exp. It is -z^2 / 2,
    # of two roundings, or the cubic, of four
    if name == "gelu":
        return 8.0 + 2 * z**2
    if name == "gelu_tanh":
        return 4.0 + 4 * np.abs(1.6 * z + 0.08 * z**3)
    # exp within 2 ulp, then log1p within 1 or an addition and a division of half an ulp each
    return 4.0


@pytest.mark.parametrize("name", NAMES)
def test_forward_is_the_formula(made: Maker, name: str, dtype: str) -> None:
    z = sums(dtype)
    expected = exact(oracle.ACTIVATIONS, name, z, dtype=dtype)
    a = forward(made, name, z)
    # 1 / (1 + exp(-z)) is 0 where exp is infinite, instead of a number near the smallest
    vanished = (np.abs(expected) < 64 * np.finfo(dtype).tiny) & (a == 0)
    too_far = (ulps(a, expected) > most_ulps(name, z.astype("float64"))) & ~vanished
    assert not too_far.any(), (z[too_far], a[too_far], expected[too_far])


@pytest.mark.parametrize("name", NAMES)
def test_backward_is_the_derivative(made: Maker, name: str, dtype: str) -> None:
    z = sums(dtype)
    a = exact(oracle.ACTIVATIONS, name, z, dtype=dtype).astype(dtype)
    d_a = np.random.default_rng(4).standard_normal(z.shape).astype(dtype)
    d, _ = backward(made, name, z, a, d_a)
    # taken from the rounded a: 1 - a and 1 - a^2 cancel, to a few roundings of 1
    assert_close(d, exact(oracle.PULLBACKS, name, z, d_a, dtype=dtype), 8)


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(made: Maker, name: str, dtype: str) -> None:
    z = np.array([[1.0, np.nan, -1.0, 0.5, 2.0]] * 8, dtype)  # wide enough for vector instructions
    a = forward(made, name, z)
    assert np.isnan(a[:, 1]).all()
    d, _ = backward(made, name, z, a, np.ones_like(z))
    if name != "softmax":
        assert np.isfinite(a[:, [0, 2, 3, 4]]).all()
        assert np.isfinite(d[:, [0, 2, 3, 4]]).all()
    d, _ = backward(made, name, z, a, np.full_like(z, np.nan))
    if name != "step":  # whose derivative is 0 of whatever comes
        assert np.isnan(d[:, [1, 3]]).all()  # at 0.5 they all have a slope


INFINITE = np.inf
LIMITS = {
    **dict.fromkeys(("relu", "gelu", "gelu_tanh", "silu", "softplus"), (0, INFINITE)),
    **dict.fromkeys(("step", "sigmoid", "hard_sigmoid"), (0, 1)),
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), (-1, 1)),
    **dict.fromkeys(("identity", "leaky_relu", "prelu"), (-INFINITE, INFINITE)),
    **{"hard_silu": (0, INFINITE), "relu6": (0, 6), "elu": (-1, INFINITE)},
    "selu": (-1.7580993408473766, INFINITE),
}


@pytest.mark.parametrize("name", UNITS)
def test_limits(made: Maker, name: str, dtype: str) -> None:
    z = np.array([[-np.inf, np.inf]] * 9, dtype)
    a = forward(made, name, z)
    np.testing.assert_array_equal(a, np.array([LIMITS[name]] * 9, dtype))
    d, _ = backward(made, name, z, a, np.ones_like(z))
    assert np.isfinite(d).all()


@pytest.mark.parametrize("name", UNITS)
def test_large_sums_are_near_the_limits(made: Maker, name: str, dtype: str) -> None:
    z = np.array([[-9e4, 9e4, -1e20, 1e20]] * 9, dtype)
    a = forward(made, name, z)
    expected = exact(oracle.ACTIVATIONS, name, np.clip(z, -1e3, 1e3), dtype=dtype)
    steep = np.isinf(LIMITS[name])[[0, 1, 0, 1]]
    finite = np.broadcast_to(~steep, z.shape)
    # softsign at -1000 is 1e-3 from its limit; the others are at theirs
    np.testing.assert_allclose(a[finite], expected[finite], rtol=2e-3, atol=1e-30)
    assert (np.abs(a[~finite]) >= 0.0099 * np.abs(z[~finite])).all()
    d, _ = backward(made, name, z, a, np.ones_like(z))
    assert np.isfinite(d).all()


def test_softmax_of_huge_sums_is_finite(made: Maker, dtype: str) -> None:
    z = np.array([[1e4, -1e4, 1e4, 0.0, -1e4]], dtype)
    a = forward(made, "softmax", z)
    np.testing.assert_array_equal(a, np.array([[0.5, 0, 0.5, 0, 0]], dtype))


#: The derivatives that PyTorch 2.13 gives at the kinks, for a slope or alpha of 0.5.
AT_KINKS = {
    **{"relu": [0.0], "leaky_relu": [0.5], "prelu": [0.5], "elu": [0.5], "relu6": [0.0, 0.0]},
    **{"selu": [1.7580993408473766], "hard_silu": [0.0, 1.0], "hard_sigmoid": [0.0, 0.0]},
    **{"hard_tanh": [0.0, 0.0], "step": [0.0]},
}


@pytest.mark.parametrize("name", AT_KINKS)
def test_derivatives_at_kinks_are_those_of_pytorch(made: Maker, name: str, dtype: str) -> None:
    z = np.array([ACTIVATIONS[name].kinks] * 9, dtype)
    half = np.array([0.5], dtype)
    d, _ = backward(made, name, z, forward(made, name, z, half), np.ones_like(z), half)
    np.testing.assert_array_equal(d, np.array([AT_KINKS[name]] * 9, dtype))


@pytest.mark.parametrize("name", UNITS)
def test_the_derivative_jumps_at_the_declared_kinks_alone(name: str) -> None:
    z, near = np.arange(-8, 8.25, 0.25), 1e-9
    half = np.array([0.5])  # with alpha = 1, ELU has no kink
    below, above = z - near, z + near
    jump = np.abs(slopes(name, above, half) - slopes(name, below, half))
    jump += np.abs(forward(kernel, name, above, half) - forward(kernel, name, below, half))
    # smooth functions change by near times their curvature, of at most 2; jumps are at least 1/6
    assert set(z[jump > 0.1]) == set(ACTIVATIONS[name].kinks)
    assert ((jump > 0.1) | (jump < 10 * near)).all()


@pytest.mark.parametrize("name", UNITS)
def test_saturated_units_have_little_slope(name: str) -> None:
    z = np.linspace(-12, 12, 1201)
    a, slope = forward(kernel, name, z), np.abs(slopes(name, z))
    if ACTIVATIONS[name].saturation is None:
        assert name not in ("sigmoid", "tanh")
        return
    low, high = ACTIVATIONS[name].saturation
    for beyond in (a <= low, a >= high):
        assert beyond.any()
        assert (slope[beyond] < 0.03 * slope.max()).all()  # what the module promises
    assert slope[(a > low) & (a < high)].max() == slope.max()
    if name in ("sigmoid", "tanh", "softsign"):  # "beyond 5"
        ends = exact(oracle.ACTIVATIONS, name, np.array([-5.0, 5.0]), dtype="float64")
        np.testing.assert_allclose((low, high), ends, rtol=1e-13)  # 1 - f(5) cancels


@pytest.mark.parametrize("name", UNITS)
def test_dead_units_are_those_without_any_slope(name: str) -> None:
    """``dead_at`` is the largest activation up to which no slope is found."""
    z = np.arange(-8, 8, 0.07)  # misses the minima of SiLU and its kin, where the slope is 0
    a, slope = forward(kernel, name, z), slopes(name, z)
    alive = a[slope != 0].min(initial=np.inf)
    flat = a[a < alive].max(initial=-np.inf)
    assert flat == (-np.inf if ACTIVATIONS[name].dead_at is None else ACTIVATIONS[name].dead_at)


@pytest.mark.parametrize("name", NAMES)
def test_backward_agrees_with_a_complex_step(name: str) -> None:
    """``f(z + ih) = f(z) + ih f'(z)``: a derivative of the forward kernel itself, exact in h."""
    z, step = sums("float64"), 1e-30
    rng = np.random.default_rng(5)
    d_a, direction = rng.standard_normal(z.shape), rng.standard_normal(z.shape)
    moved = forward(kernel, name, z + 1j * step * direction, number(name, z.dtype))
    d, _ = backward(kernel, name, z, moved.real, d_a)
    products, expected = d * direction, moved.imag / step * d_a
    if name == "softmax":  # every output of a row depends on all of its sums
        products, expected = products.sum(axis=1), expected.sum(axis=1)
    # backward works from the rounded a, as above
    assert_close(products, expected, 16)


@pytest.mark.parametrize("name", VALUED)
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_the_number_is_read(made: Maker, name: str, value: float, dtype: str) -> None:
    z, parameters = sums(dtype), np.array([value], dtype)
    d_a = np.random.default_rng(4).standard_normal(z.shape).astype(dtype)
    a = forward(made, name, z, parameters)
    wide, number = z.astype("float64"), float(parameters[0])
    assert_close(a, oracle.ACTIVATIONS[name](wide, number), 4)  # of exp's ulp
    d, _ = backward(made, name, z, a, d_a, parameters)
    assert_close(d, oracle.PULLBACKS[name](wide, d_a.astype("float64"), number), 8)


@pytest.mark.parametrize("alphas", [[0.2], [-0.5], [0.2, -0.5, 0.0, 1.5, 0.25]])
def test_prelu_learns_its_numbers(made: Maker, alphas: list[float], dtype: str) -> None:
    """One for all units or one for each; also negative ones, which hide the sign of z in a."""
    z, parameters = sums(dtype), np.array(alphas, dtype)
    d_a = np.random.default_rng(4).standard_normal(z.shape).astype(dtype)
    wide_z, wide_d, wide = (each.astype("float64") for each in (z, d_a, parameters))
    a = forward(made, "prelu", z, parameters)
    assert_close(a, oracle.ACTIVATIONS["prelu"](wide_z, wide), 1)  # one product
    d, d_alpha = backward(made, "prelu", z, a, d_a, parameters)
    assert_close(d, oracle.PULLBACKS["prelu"](wide_z, wide_d, wide), 1)
    # a sum of 40 products, whose partial sums are a few times its size
    assert_close(d_alpha, D_VALUE["prelu"](wide_z, wide_d), 40)


def test_gradients_of_alpha_add_up_over_calls(made: Maker, dtype: str) -> None:
    """Where ranks share the units out, backward sees a row at a time."""
    z, parameters = sums(dtype), np.array([0.2], dtype)
    d_a = np.random.default_rng(4).standard_normal(z.shape).astype(dtype)
    a = forward(made, "prelu", z, parameters)
    d, d_alpha = backward(made, "prelu", z, a, d_a, parameters)
    by_rows, function = np.zeros(WIDTH, dtype), made(ACTIVATIONS["prelu"].backward)
    for i in range(len(z)):
        function(z[i], a[i], d_a[i], parameters, by_rows, WIDTH)
    np.testing.assert_array_equal(d_a, d)
    assert_close(by_rows, d_alpha, 40)  # the same sum in another order


def test_entries_are_sound() -> None:
    for name in NAMES:
        part = ACTIVATIONS[name]
        assert part.initializer in INITIALIZERS.names()
        assert part.hidden or part.output
        assert part.learnable <= (part.value is not None)
        if part.limits is not None:
            assert part.value is not None
            assert part.limits[0] <= part.value <= part.limits[1]
    assert [name for name in NAMES if not ACTIVATIONS[name].hidden] == ["softmax"]
