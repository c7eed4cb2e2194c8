"""LSUV: after it every layer's sums have the variance 1 on the batch, whatever the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, resolved, trainer

from nncli import lsuv
from nncli.model import Model
from nncli.spec import Spec

NETWORKS: dict[str, dict[str, Any]] = {
    "relu": {"act": "relu"},
    "tanh, deep": {"act": "tanh", "hidden": "9,8,7,6,5"},
    "slopes": {"act": "prelu:0.1:unit"},
    "sigmoid, whose outputs are far from zero": {"act": "sigmoid"},
    "normalized": {"bn": "before,after", "bn_input": True},
    "biases": {"act": "tanh", "bias_init": "normal:1"},
    "no hidden layer": {"hidden": "none"},
}


def sums_of(spec: Spec, dataset: Data, theta: Any, rows: Any) -> list[Any]:
    """Each layer's ``h W``, by the oracle."""
    _, network, arrays = oracle.start_of(spec, dataset)
    arrays = oracle.unflat(theta.astype("float64"), arrays)
    x, _ = oracle.gathered(dataset, rows)
    done = oracle.forward(network, arrays, x)
    return [h @ arrays[f"layer {i} W"] for i, h in enumerate(done.h, 1)]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_have_unit_variance(name: str, dtype: str) -> None:
    dataset = data("multiclass", train=50, width=4)
    options = {"hidden": "8,7", "init": "lsuv", "dtype": dtype, **NETWORKS[name]}
    spec = resolved("multiclass", **options)
    training = trainer(spec, dataset)
    for z in sums_of(spec, dataset, training.theta, dataset.train):
        # weights are rounded once, sums of eight of them are compared
        assert z.std() == pytest.approx(1, rel=20 * float(np.finfo(dtype).eps))


def test_directions_stay_orthonormal() -> None:
    spec = resolved("multiclass", hidden="3,8", init="lsuv", act="tanh")
    training = trainer(spec, data("multiclass", width=6))
    for name, view in training.model.views(training.theta).items():
        if name.endswith("W"):
            small = view if view.shape[0] >= view.shape[1] else view.T
            square = small.T @ small
            expected = np.eye(len(square)) * square[0, 0]
            np.testing.assert_allclose(square, expected, rtol=0, atol=1e-14 * square[0, 0])
        elif name.endswith("b"):
            assert not view.any()


def test_many_rows_are_sampled_evenly() -> None:
    dataset = data("multiclass", train=1000, width=4)
    spec = resolved("multiclass", init="lsuv", hidden="6")
    training = trainer(spec, dataset)
    chosen = dataset.train[::3][: lsuv.ROWS]
    for z in sums_of(spec, dataset, training.theta, chosen):
        assert z.std() == pytest.approx(1, rel=1e-13)
    for z in sums_of(spec, dataset, training.theta, dataset.train):
        # a deviation of 256 dependent rows is known to a few percent
        assert z.std() == pytest.approx(1, rel=0.2)


def test_inputs_that_are_all_zero_leave_the_weights_as_drawn() -> None:
    spec = resolved("binary", init="lsuv", hidden="4")
    model = Model.of(spec, 3, 1)
    theta = model.initialize(np.random.default_rng(1), "lsuv", "float64")
    before = theta.copy()
    training = trainer(spec, data("binary"))
    assert np.isfinite(training.theta).all()
    zeros = data("binary")
    zeros.rows[:] = 0
    zeros.shift[:] = 0
    unscaled = trainer(spec, zeros)
    np.testing.assert_array_equal(np.isfinite(unscaled.theta), True)
    assert before.shape == unscaled.theta.shape


def test_a_resumed_run_is_not_scaled_again() -> None:
    spec = resolved("binary", init="lsuv", hidden="4")
    first = trainer(spec, data("binary"))
    first.advance(3)
    second = trainer(spec, data("binary"), first.checkpoint())
    assert second.theta.tobytes() == first.theta.tobytes()
