"""Losses and their gradients against the oracle's formulas and PyTorch's numbers, and metrics."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.comparing import assert_close
from oracle.losses import SUM_LOSS_GRADIENTS, SUM_LOSSES, Settings

from nncli.kernels.losses import LOSSES
from nncli.kernels.metrics import METRICS
from nncli.kernels.parts import Loss

ROWS, OUTPUTS = 7, 4
Maker = Callable[[Callable[..., Any]], Any]
#: The output activations that losses are fused with.
OWN_OUTPUT = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "perceptron": "step"}
CLASSES = ("cross_entropy", "multi_margin")
ANSWERS = ("binary_cross_entropy", "hinge", "perceptron")

STORED = np.load(Path(__file__).parents[1] / "fixtures" / "torch_trajectories.npz")
TORCH: dict[str, dict[str, Any]] = json.loads(str(STORED["header"]))["losses"]
TASK_LOSSES = {"binary": "binary_cross_entropy", "multiclass": "cross_entropy"}


def targets(name: str, dtype: str) -> Any:
    rng = np.random.default_rng(8)
    if name in CLASSES:
        return np.eye(OUTPUTS)[rng.integers(0, OUTPUTS, ROWS)].astype(dtype)
    if name in ANSWERS:
        return rng.integers(0, 2, (ROWS, OUTPUTS)).astype(dtype)
    return rng.standard_normal((ROWS, OUTPUTS)).astype(dtype)


def vector(settings: Settings, outputs: int, dtype: str) -> Any:
    """What kernels get: value, smoothing, weights of the classes or of 0 and 1."""
    weights = settings.weights or (1.0,) * max(2, outputs)
    return np.array([settings.value, settings.smoothing, *weights], dtype)


def plain(name: str, dtype: str, outputs: int = OUTPUTS) -> Any:
    return vector(Settings(LOSSES[name].value or 0.0), outputs, dtype)


def forms() -> list[Any]:
    """Every loss as it is by default and with all that it takes."""
    found = []
    for name, loss in LOSSES.parts.items():
        value = loss.value or 0.0
        many = tuple(0.5 + 0.25 * j for j in range(OUTPUTS)) if name in CLASSES else (0.5, 3.0)
        found.append((name, Settings(value)))
        if loss.value is not None:
            found.append((name, Settings(0.5 * value)))
        if loss.weighs:
            found.append((name, Settings(value, 0.0, many)))
        if loss.smooths:
            found += [(name, Settings(value, 0.125)), (name, Settings(value, 0.125, many))]
    return [pytest.param(*each, id=f"{each[0]}-{i}") for i, each in enumerate(found)]


def expected(name: str, z: Any, y: Any, settings: Settings) -> tuple[Any, Any, Any]:
    """The oracle's predictions, sum of losses and dL/dz."""
    if name in SUM_LOSSES:
        total = SUM_LOSSES[name](z, y, settings).sum()
        return (z > 0).astype(float), total, SUM_LOSS_GRADIENTS[name](z, y, settings)
    output = OWN_OUTPUT.get(name, "identity")
    p = oracle.ACTIVATIONS[output](z)
    d_z = oracle.PULLBACKS[output](z, oracle.LOSS_GRADIENTS[name](p, y, settings))
    return p, oracle.LOSSES[name](p, y, settings).sum(), d_z


def test_every_loss_has_its_formula_in_the_oracle() -> None:
    assert set(LOSSES.names()) == {*oracle.LOSSES, *SUM_LOSSES}
    assert set(LOSSES.names()) == {*oracle.LOSS_GRADIENTS, *SUM_LOSS_GRADIENTS}
    assert {name for name in LOSSES.names() if LOSSES[name].fused} == set(OWN_OUTPUT)
    for name, output in OWN_OUTPUT.items():
        assert {each for several in LOSSES[name].outputs.values() for each in several} == {output}


@pytest.mark.parametrize(("name", "settings"), forms())
def test_loss_and_gradient_are_the_formulas(
    made: Maker, name: str, settings: Settings, dtype: str
) -> None:
    z = (2 * np.random.default_rng(7).standard_normal((ROWS, OUTPUTS))).astype(dtype)
    y, exact_z = targets(name, dtype), z.astype("float64")
    exact_y = y.astype("float64")
    exact_p, exact_total, exact_d = expected(name, exact_z, exact_y, settings)
    p = np.full_like(z, np.nan) if LOSSES[name].fused else exact_p.astype(dtype)
    d = np.full_like(z, np.nan)
    given = vector(settings, OUTPUTS, dtype)
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0 / ROWS, given)

    unit = float(np.finfo(dtype).eps)
    # 28 terms of a few roundings each; the sum itself is float64
    assert total == pytest.approx(exact_total, rel=12 * unit + 30 * 2.3e-16)
    assert_close(p, exact_p, 8)
    assert_close(d, exact_d / ROWS, 12)


@pytest.mark.parametrize("case", TORCH)
def test_losses_and_gradients_are_pytorch_s_also_at_kinks(made: Maker, case: str) -> None:
    spec = TORCH[case]
    z, y = STORED[f"loss/{case}/z"], STORED[f"loss/{case}/y"]
    default = TASK_LOSSES.get(spec["task"], "binary_cross_entropy")
    name, _, value = spec.get("loss", default).partition(":")
    weights = tuple(float(each) for each in spec.get("class_weight", "").split(",") if each)
    settings = Settings(float(value or 1), spec.get("label_smoothing", 0.0), weights or None)
    output = spec.get("out_act", "identity")
    p = z.copy() if LOSSES[name].fused else oracle.ACTIVATIONS[output](z)
    d = np.full_like(z, np.nan)
    given = vector(settings, z.shape[1], "float64")
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0, given)
    if not LOSSES[name].fused:
        d = oracle.PULLBACKS[output](z, d)
    # two dozen terms of a few roundings each
    assert total == pytest.approx(float(STORED[f"loss/{case}/total"]), rel=1e-14)
    assert_close(d, STORED[f"loss/{case}/d"], 16)


def test_the_stored_rows_stand_at_kinks() -> None:
    def stored(case: str) -> tuple[Any, Any]:
        return STORED[f"loss/{case}/z"], STORED[f"loss/{case}/y"]

    z, y = stored("mean absolute error")
    assert (z == y).any()
    z, y = stored("huber")
    assert (abs(z - y) == 0.5).any()
    z, y = stored("hinge")
    assert ((2 * y - 1) * z == 1).any()
    z, y = stored("multi-class hinge")
    assert (z == (z * y).sum(axis=1, keepdims=True) - 1).any()
    z, _ = stored("perceptrons")
    assert (z == 0).any()


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("size", [1e2, 1e4])
@pytest.mark.parametrize("place", [0, 2])
def test_extreme_sums_give_finite_losses(
    made: Maker, name: str, size: float, place: int, dtype: str
) -> None:
    z = np.roll(np.array([[size, -size, -size]] * 2, dtype), place, axis=1)
    y = np.roll(np.array([[1, 0, 0], [0, 1, 0]], dtype), place, axis=1)
    p, d = np.empty_like(z), np.empty_like(z)
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0, plain(name, dtype, 3))
    # the first row is right; in the second the wrong class costs 2 size, or 1 size a label
    assert total == pytest.approx(2 * size, rel=1e-6)
    # exp(-100) is below the rounding of 1 but not nothing
    wrong = np.array([[0, 0, 0], [1, -1, 0]])
    np.testing.assert_allclose(p, np.roll([[1, 0, 0]] * 2, place, axis=1), atol=1e-40)
    np.testing.assert_allclose(d, np.roll(wrong, place, axis=1), atol=1e-40)


def test_a_certain_right_answer_costs_its_small_probability_of_error(made: Maker) -> None:
    """ln(1 + exp(-30)) is 9e-14 and must not be rounded to nothing in float64."""
    z, y = np.array([[30.0, -30.0, 30.0]]), np.array([[1.0, 0.0, 1.0]])
    name = "binary_cross_entropy"
    total = made(LOSSES[name].kernel)(z, z.copy(), y, z.copy(), 1.0, plain(name, "float64"))
    # exp and ln to 2 units in the last place each, three times
    assert total == pytest.approx(3 * math.log1p(math.exp(-30)), rel=2e-15, abs=0)


def test_classes_that_have_overflowed_cost_nothing_where_they_are_not_asked_for(
    made: Maker, dtype: str
) -> None:
    z, y = np.array([[0.0, -np.inf]], dtype), np.array([[1, 0]], dtype)
    p, d = np.empty_like(z), np.empty_like(z)
    given = plain("cross_entropy", dtype, 2)
    assert made(LOSSES["cross_entropy"].kernel)(z, p, y, d, 1.0, given) == 0
    assert (d == 0).all()


@pytest.mark.parametrize("name", LOSSES.names())
@pytest.mark.parametrize("place", [0, 1, OUTPUTS - 1])
def test_nan_is_seen(made: Maker, name: str, place: int, dtype: str) -> None:
    z = np.zeros((ROWS, OUTPUTS), dtype)
    z[2, place] = np.nan
    p, d = z.copy(), z.copy()
    y = targets(name, dtype)
    total = made(LOSSES[name].kernel)(z, p, y, d, 1.0, plain(name, dtype))
    assert math.isnan(total)
    assert np.isnan(d[2, place])
    assert np.isfinite(np.delete(d, 2, axis=0)).all()


@pytest.mark.parametrize("name", LOSSES.names())
def test_the_plain_form_runs_on_complex_numbers(name: str) -> None:
    """The derivative of the sum along a direction is Im L(z + i h v) / h, without differences."""
    rng = np.random.default_rng(3)
    z, along = 2 * rng.standard_normal((2, ROWS, OUTPUTS))
    y, given = targets(name, "float64"), plain(name, "float64")
    p, d = z.copy(), np.empty_like(z)
    LOSSES[name].kernel(z, p, y, d, 1.0, given)
    h = 1e-30
    complex_z = z + 1j * h * along
    complex_p, complex_d = complex_z.copy(), np.empty_like(complex_z)
    total = LOSSES[name].kernel(complex_z, complex_p, y, complex_d, 1.0, given)
    # 28 terms of a few roundings each
    assert total.imag / h == pytest.approx((d * along).sum(), rel=1e-13)


@pytest.mark.parametrize("name", [name for name in LOSSES.names() if LOSSES[name].side])
def test_sides_change_where_the_derivative_jumps_and_nowhere_else(name: str) -> None:
    """Along a line of predictions, dL/dp of one element is smooth between changes of its side."""
    loss: Loss = LOSSES[name]
    assert loss.side is not None
    y, given = targets(name, "float64"), plain(name, "float64")
    # half a step off the numbers at which kinks stand
    line = np.linspace(-4, 4, 1600, endpoint=False) + 8 / 3200 + (y[3, 1] if name == "mae" else 0)
    start = np.random.default_rng(4).standard_normal((ROWS, OUTPUTS))
    sides, bends = [], []
    for x in line:
        z = start.copy()
        z[3, 1] = x
        p, d = z.copy(), np.empty_like(z)
        loss.kernel(z, p, y, d, 1.0, given)
        sides.append(np.array(loss.side(p, y, given), float))
        bends.append(d)
    assert np.shape(sides[0]) == (ROWS, OUTPUTS)
    slopes = np.array([each[3, 1] for each in bends])
    if name == "huber":  # its second derivative jumps: compare that
        slopes = np.diff(slopes)[:-1] / (line[1] - line[0])
        sides = sides[1:-1]
    jumps = np.flatnonzero(abs(np.diff(slopes)) > 0.05)
    changes = np.flatnonzero([(a != b).any() for a, b in itertools.pairwise(sides)])
    assert len(changes) > 0
    assert {int(place) for place in jumps} <= {int(x) + k for x in changes for k in (-1, 0, 1)}
    assert len(jumps) >= len(changes)


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
