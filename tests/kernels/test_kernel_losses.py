"""Losses and their gradients against the unfused formulas, and metrics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.comparing import assert_close

from nncli.kernels.losses import LOSSES
from nncli.kernels.metrics import METRICS

ROWS, OUTPUTS = 7, 4
Maker = Callable[[Callable[..., Any]], Any]
OWN_OUTPUT = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}


def targets(name: str, dtype: str) -> Any:
    rng = np.random.default_rng(8)
    if name == "cross_entropy":
        return np.eye(OUTPUTS)[rng.integers(0, OUTPUTS, ROWS)].astype(dtype)
    if name == "binary_cross_entropy":
        return rng.integers(0, 2, (ROWS, OUTPUTS)).astype(dtype)
    return rng.standard_normal((ROWS, OUTPUTS)).astype(dtype)


def test_every_loss_has_its_formula_in_the_oracle() -> None:
    assert set(LOSSES.names()) == set(oracle.LOSSES) == set(oracle.LOSS_GRADIENTS)
    assert {name for name in LOSSES.names() if LOSSES[name].fused} == set(OWN_OUTPUT)


@pytest.mark.parametrize("name", LOSSES.names())
def test_loss_and_gradient_are_the_formulas(made: Maker, name: str, dtype: str) -> None:
    z = (2 * np.random.default_rng(7).standard_normal((ROWS, OUTPUTS))).astype(dtype)
    y, exact_z = targets(name, dtype), z.astype("float64")
    output = OWN_OUTPUT.get(name, "identity")
    exact_p = oracle.ACTIVATIONS[output](exact_z)
    p = np.full_like(z, np.nan) if LOSSES[name].fused else exact_p.astype(dtype)
    d = np.full_like(z, np.nan)
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0 / ROWS)

    unit = float(np.finfo(dtype).eps)
    exact_y = y.astype("float64")
    # 28 terms of a few roundings each; the sum itself is float64
    expected = oracle.LOSSES[name](exact_p, exact_y).sum()
    assert total == pytest.approx(expected, rel=8 * unit + 30 * 2.3e-16)
    assert_close(p, exact_p, 8)
    d_p = oracle.LOSS_GRADIENTS[name](exact_p, exact_y) / ROWS
    assert_close(d, oracle.PULLBACKS[output](exact_z, d_p), 12)


@pytest.mark.parametrize("name", sorted(OWN_OUTPUT))
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_extreme_sums_give_finite_losses(made: Maker, name: str, size: float, dtype: str) -> None:
    z = np.array([[size, -size, -size]] * 2, dtype)
    y = np.array([[1, 0, 0], [0, 1, 0]], dtype)
    p, d = np.empty_like(z), np.empty_like(z)
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0)
    # the first row is right; in the second the wrong class costs 2 size, or 1 size a label
    assert total == pytest.approx(2 * size, rel=1e-6)
    # exp(-100) is below the rounding of 1 but not nothing
    np.testing.assert_allclose(p, [[1, 0, 0]] * 2, atol=1e-40)
    np.testing.assert_allclose(d, [[0, 0, 0], [1, -1, 0]], atol=1e-40)


def test_a_certain_right_answer_costs_its_small_probability_of_error(made: Maker) -> None:
    """ln(1 + exp(-30)) is 9e-14 and must not be rounded to nothing in float64."""
    z, y = np.array([[30.0]]), np.array([[1.0]])
    total = made(LOSSES["binary_cross_entropy"].kernel)(z, z.copy(), y, z.copy(), 1.0)
    assert total == pytest.approx(math.exp(-30), rel=1e-10, abs=0)


@pytest.mark.parametrize("name", LOSSES.names())
@pytest.mark.parametrize("place", [0, OUTPUTS - 1])
def test_nan_is_seen(made: Maker, name: str, place: int, dtype: str) -> None:
    z = np.zeros((ROWS, OUTPUTS), dtype)
    z[2, place] = np.nan
    p, d = z.copy(), z.copy()
    total = made(LOSSES[name].kernel)(z, p, targets(name, dtype), d, 1.0)
    assert math.isnan(total) or name == "cross_entropy"
    assert np.isnan(d[2, place])
    if name == "cross_entropy":
        assert not math.isfinite(total)


@pytest.mark.parametrize("task", METRICS)
def test_metrics(made: Maker, task: str, dtype: str) -> None:
    rng = np.random.default_rng(2)
    p = rng.random((ROWS, OUTPUTS)).astype(dtype)
    y = targets(
        {"multiclass": "cross_entropy", "regression": "mse"}.get(task, "binary_cross_entropy"),
        dtype,
    )
    weights = np.array([1.0, 2.0, 3.0, 4.0] if task == "regression" else [0.5] * 4, dtype)
    found = made(METRICS[task])(p, y, weights)
    scale = weights.astype("float64")
    expected = oracle.metric(task, p.astype("float64"), y.astype("float64"), scale)
    expected = ROWS * (expected**2 if task == "regression" else expected)
    # squares of rounded differences
    assert found == pytest.approx(expected, rel=8 * float(np.finfo(dtype).eps))


def test_accuracy_of_classes_is_not_all_right_or_all_wrong(made: Maker) -> None:
    p = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    y = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert made(METRICS["multiclass"])(p, y, np.full(2, 0.5)) == 1.0
    assert made(METRICS["multilabel"])(p, y, np.full(2, 0.5)) == 1.0
