"""Kernels of formulas against SciPy, finite differences, complex steps, and those of the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from nncli.errors import UsageError
from nncli.formulas import (
    activation,
    check_derivative,
    check_finite,
    loss,
    register_activation,
    register_loss,
)
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.jit import native
from nncli.kernels.losses import LOSSES
from nncli.kernels.parts import Activation

Maker = Callable[[Callable[..., Any]], Any]
Array = NDArray[Any]

#: Formulas, what they are by SciPy and NumPy, and their derivative.
KNOWN: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid(x)": (special.expit, lambda x: special.expit(x) * special.expit(-x)),
    "1/(1+exp(-x))": (special.expit, lambda x: special.expit(x) * special.expit(-x)),
    "softplus(x)": (lambda x: np.logaddexp(0, x), special.expit),
    "log(1+exp(x))": (lambda x: np.logaddexp(0, x), special.expit),
    "log(sigmoid(x))": (special.log_expit, lambda x: special.expit(-x)),
    "tanh(z)": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "x*sigmoid(x)": (
        lambda x: x * special.expit(x),
        lambda x: special.expit(x) * (1 + x * special.expit(-x)),
    ),
    "x*(1+erf(x/sqrt(2)))/2": (
        lambda x: x * special.ndtr(x),
        lambda x: special.ndtr(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
    ),
    "relu(x)": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "max(x, 0.1*x)": (lambda x: np.maximum(x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1)),
    "min(max(x, -1), 1)": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0),
    "where(-1 < x <= 1, x**2, abs(x))": (
        lambda x: np.where(np.abs(x) < 1, x**2, np.abs(x)),
        lambda x: np.where(np.abs(x) < 1, 2 * x, np.sign(x)),
    ),
    "where(x > 0, x, expm1(x))": (
        lambda x: np.where(x > 0, x, special.expm1(x)),
        lambda x: np.where(x > 0, 1, np.exp(x)),
    ),
    "x/(1+abs(x))": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "sqrt(x**2)": (np.abs, np.sign),
    "x*sign(x)": (np.abs, np.sign),
    "1/(1+x**2)": (lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2),
    "x**5 - x**(-3)": (lambda x: x**5 - x**-3.0, lambda x: 5 * x**4 + 3 * x**-4.0),
    "(x**2)**1.25": (lambda x: np.abs(x) ** 2.5, lambda x: 2.5 * np.sign(x) * np.abs(x) ** 1.5),
    "2**x + e**x": (lambda x: 2**x + np.exp(x), lambda x: 2**x * math.log(2) + np.exp(x)),
    "sin(pi*x)*cos(x)": (
        lambda x: np.sin(np.pi * x) * np.cos(x),
        lambda x: np.pi * np.cos(np.pi * x) * np.cos(x) - np.sin(np.pi * x) * np.sin(x),
    ),
    "atan(x)+log1p(x**2)": (
        lambda x: np.arctan(x) + np.log1p(x**2),
        lambda x: (1 + 2 * x) / (1 + x**2),
    ),
    "sinh(x)/cosh(x)": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "log(cosh(x))": (lambda x: np.log(np.cosh(x)), np.tanh),
    "tan(x/9)": (lambda x: np.tan(x / 9), lambda x: 1 / np.cos(x / 9) ** 2 / 9),
}

NOTHING = np.zeros(1)


@pytest.fixture(params=["plain", "native"])
def made(request: pytest.FixtureRequest) -> Iterator[Maker]:
    """Turn a kernel into what is tested: itself, or its machine code."""
    with np.errstate(all="ignore"):
        yield (lambda kernel: kernel) if request.param == "plain" else native


def forward(part: Activation, made: Maker, x: Array) -> Array:
    a = np.empty_like(x)
    made(part.forward)(x, a, NOTHING.astype(x.dtype), 1)
    return a


def backward(part: Activation, made: Maker, x: Array) -> Array:
    d = np.full_like(x, 3)
    made(part.backward)(x, x.copy(), d, NOTHING.astype(x.dtype), NOTHING.astype(x.dtype), 1)
    return d / 3


@pytest.mark.parametrize("text", KNOWN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_derivatives(text: str, dtype: str, made: Maker) -> None:
    part = activation(text)
    x = np.linspace(-6.13, 6.41, 83).astype(dtype)
    expected, slope = (each(x.astype("float64")) for each in KNOWN[text])
    unit = float(np.finfo(dtype).eps)
    # a few roundings of terms that may cancel: x**5 and sinh are up to 1e4 here, in slope and value
    for found, right in ((forward(part, made, x), expected), (backward(part, made, x), slope)):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, right, rtol=60 * unit, atol=12 * unit)


@pytest.mark.parametrize("text", KNOWN)
def test_derivatives_against_finite_differences(text: str) -> None:
    # the check's own reason for 1e-6 stands beside it; these smooth ones come far below
    assert check_derivative(activation(text), -6.0, 6.0) < 1e-6


@pytest.mark.parametrize("text", KNOWN)
def test_derivatives_against_complex_steps(text: str) -> None:
    """f'(x) = Im f(x + ih) / h has no cancellation: only the roundings of f are left."""
    part, x = activation(text), np.linspace(-3.03, 3.07, 31)
    step = forward(part, lambda kernel: kernel, x + 1e-30j).imag / 1e-30
    slope = backward(part, lambda kernel: kernel, x)
    np.testing.assert_allclose(step, slope, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("text", KNOWN)
def test_nan_stays_nan(text: str, made: Maker) -> None:
    x = np.array([0.5, np.nan, 1.5], "float32")
    assert np.isnan(forward(activation(text), made, x)).tolist() == [False, True, False]


def test_choices_of_what_is_not_finite(made: Maker) -> None:
    """A branch that is not taken may be anything; a NaN that is compared is not hidden."""
    part = activation("where(x > 0, log(x), x)")
    x = np.array([-1.0, 2.0])
    assert forward(part, made, x).tolist() == [-1, pytest.approx(math.log(2))]
    assert backward(part, made, x).tolist() == [1, 0.5]
    assert np.isnan(forward(activation("max(1, sqrt(x))"), made, x)).tolist() == [True, False]
    assert np.isnan(forward(activation("max(sqrt(x), 1)"), made, x)).tolist() == [True, False]


@pytest.mark.parametrize("text", ["sigmoid(x)", "softplus(x)", "1/(1+exp(-x))", "log(cosh(x))"])
def test_well_known_forms_do_not_overflow(text: str) -> None:
    part = activation(text)
    for dtype in ("float32", "float64"):
        x = np.array([-1e4, 1e4], dtype)
        assert np.isfinite(forward(part, native, x)).all()
        assert np.isfinite(backward(part, native, x)).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tanh(x)", ()),
        ("relu(x)", (0.0,)),
        ("min(max(x, -1), 1)", (-1.0, 1.0)),
        ("where(x <= 0.3, 0.3, x)", (0.3,)),
        ("abs(x**2 - 2)", (-math.sqrt(2), math.sqrt(2))),
        ("abs(x) + relu(2*x-6)", (0.0, 3.0)),
        ("relu(x**2)", ()),
        ("abs(tanh(x) - 0.5)", (math.atanh(0.5),)),
        ("relu(log(x))", (1.0,)),
    ],
)
def test_kinks(text: str, expected: tuple[float, ...]) -> None:
    # bisection ends within a rounding of the zero of the computed expression
    np.testing.assert_allclose(activation(text).kinks, expected, rtol=1e-14)


def test_a_formula_of_a_known_activation_is_that_activation(made: Maker) -> None:
    x = np.linspace(-5, 5, 41)
    for name, text in (("sigmoid", "sigmoid(x)"), ("tanh", "tanh(x)"), ("relu", "relu(x)")):
        np.testing.assert_allclose(
            forward(activation(text), made, x), forward(ACTIVATIONS[name], made, x), rtol=1e-15
        )


def loss_of(text: str, made: Maker, p: Array, y: Array) -> tuple[float, Array]:
    d = np.empty_like(p)
    settings = np.array([0, 0, 1, 1], p.dtype)
    return float(made(loss(text).kernel)(p, p, y, d, 0.25, settings)), d


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("text", "value", "slope"),
    [
        ("(p-y)**2", np.square, lambda e: 2 * e),
        ("abs(p-y)", np.abs, np.sign),
        ("log(cosh(p-y))", lambda e: np.log(np.cosh(e)), np.tanh),
        ("max(abs(p-y)-0.1, 0)", lambda e: np.maximum(np.abs(e) - 0.1, 0), None),
    ],
)
def test_losses(
    text: str,
    value: Callable[[Array], Array],
    slope: Callable[[Array], Array] | None,
    dtype: str,
    made: Maker,
) -> None:
    rng = np.random.default_rng(0)
    p, y = rng.normal(size=(2, 5, 3)).astype(dtype)
    total, d = loss_of(text, made, p, y)
    unit = float(np.finfo(dtype).eps)
    e = p.astype("float64") - y
    # a difference is rounded once; log(cosh) loses as many digits again where it is small
    assert total == pytest.approx(float(value(e).mean(axis=1).sum()), rel=10 * unit)
    right = np.sign(e) * (np.abs(e) > 0.1) if slope is None else slope(e)
    np.testing.assert_allclose(d, 0.25 * right / 3, rtol=10 * unit, atol=unit)


def test_a_loss_tells_its_pieces_apart() -> None:
    settings = np.zeros(4)
    p, y = np.array([[-2.0, 0.05], [0.5, 2.0]]), np.zeros((2, 2))
    flat = loss("max(abs(p-y)-0.1, 0)").side
    assert flat is not None
    pieces = flat(p, y, settings)
    assert pieces.shape == p.shape
    assert len({*pieces.ravel().tolist()}) == 3
    assert pieces[1, 0] == pieces[1, 1]
    assert loss("(p-y)**2").side is None


def test_what_is_not_finite_is_refused_with_the_place() -> None:
    check_finite(activation("x*sigmoid(x)"), -50, 50)
    check_finite(loss("log(cosh(p-y))"), -1000, 1000)
    with pytest.raises(UsageError, match=r"--act log\(x\): the formula is nan at x = -0.5 in flo"):
        check_finite(activation("log(x)"), -0.5, 2)
    with pytest.raises(UsageError, match="the formula is -inf at x = 0 "):
        check_finite(activation("where(x >= 0, log(x), x)"), -2, 3)
    with pytest.raises(UsageError, match=r"the derivative of the formula is inf at x = 0 "):
        check_finite(activation("where(x >= 0, sqrt(x), x)"), -3, 3)
    with pytest.raises(UsageError, match="in float32"):
        check_finite(activation("exp(x)"), 0, 100)
    check_finite(activation("exp(x)"), 0, 100, dtype="float64")
    with pytest.raises(UsageError, match="--loss -y\\*log\\(p\\): the formula is nan at p = -1"):
        check_finite(loss("-y*log(p)"), -1, 1)


def test_a_wrong_derivative_is_refused() -> None:
    from dataclasses import replace

    wrong = replace(activation("sigmoid(x)"), backward=activation("1.00001*sigmoid(x)").backward)
    with pytest.raises(UsageError, match=r"is off by 1e-05 of its size"):
        check_derivative(wrong, -3, 3)
    good = loss("(p-y)**2")
    assert check_derivative(good, -3, 3) < 1e-6
    wrong_loss = replace(good, kernel=loss("(p-y)**2*1.00001").kernel)
    assert check_derivative(wrong_loss, -3, 3) < 1e-6  # value and slope agree with each other
    # fast waves are still resolved
    assert check_derivative(activation("sin(100*x)"), -3, 3) < 1e-6
    assert check_derivative(loss("max(abs(p-y)-0.1, 0)"), -3, 3) < 1e-6


@pytest.fixture
def tables() -> Iterator[None]:
    kept = dict(ACTIVATIONS.parts), dict(LOSSES.parts)
    yield
    ACTIVATIONS.parts.clear()
    LOSSES.parts.clear()
    ACTIVATIONS.parts.update(kept[0])
    LOSSES.parts.update(kept[1])


@pytest.mark.usefixtures("tables")
def test_formulas_get_names() -> None:
    made = register_activation("quick_gelu", "x * sigmoid(1.702*x)")
    assert ACTIVATIONS["quick_gelu"] is made
    assert made.name == "quick_gelu"
    assert made.equation == "f(z) = z*sigmoid(1.702*z)"
    assert register_activation("quick_gelu", "x*sigmoid(1.702*x)") is made
    assert register_loss("log_cosh", "log(cosh(p-y))") is LOSSES["log_cosh"]
    with pytest.raises(UsageError, match="'quick_gelu' is taken"):
        register_activation("quick_gelu", "x*sigmoid(2*x)")
    with pytest.raises(UsageError, match="'relu' is taken in the list of activation names"):
        register_activation("relu", "x*sigmoid(2*x)")
    with pytest.raises(UsageError, match="expected small letters"):
        register_activation("a b", "x*2")
    with pytest.raises(UsageError, match="unknown function 'f'"):
        register_activation("other", "f(x)")
