"""The model: its layout of the flat vector, its tables, and its first parameters."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from fixtures.small_runs import data, resolved

from nncli.kernels import network as n
from nncli.model import Layer, Model


def model(hidden: str = "5,4", act: str = "tanh,relu", inputs: int = 3, outputs: int = 2) -> Model:
    return Model.of(resolved("multilabel", hidden=hidden, act=act), inputs, outputs)


def test_layers_join_inputs_to_outputs() -> None:
    assert model().layers == (Layer(3, 5, "tanh"), Layer(5, 4, "relu"), Layer(4, 2, "sigmoid"))
    assert model("none", "tanh").layers == (Layer(3, 2, "sigmoid"),)
    assert model("6,5,4", "relu").hidden_activations == ("relu",)


def test_an_activation_that_no_layer_has_is_not_given_to_the_output() -> None:
    assert model("none", "tanh,relu").layers == (Layer(3, 2, "sigmoid"),)


def test_counts() -> None:
    made = model()
    assert made.parameters == 3 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2
    assert made.units == 11
    # forward and dW in every layer, dh in all but the first: 2 operations a multiplication
    assert made.update_flops(10) == 20 * (2 * 15 + 3 * 20 + 3 * 8)


def test_the_layout_fills_theta_without_gaps_in_the_oracle_s_order() -> None:
    made = model()
    theta = np.arange(made.parameters)
    views = made.views(theta)
    assert list(views) == [f"layer {i} {kind}" for i in (1, 2, 3) for kind in "Wb"]
    assert [view.shape for view in views.values()] == [(3, 5), (5,), (5, 4), (4,), (4, 2), (2,)]
    np.testing.assert_array_equal(np.concatenate([v.ravel() for v in views.values()]), theta)
    assert [each.start for each in made.layout] == [view.flat[0] for view in views.values()]


def test_views_are_views() -> None:
    made = model()
    theta = np.zeros(made.parameters)
    made.views(theta)["layer 2 W"][3, 1] = 7
    assert theta[20 + 3 * 4 + 1] == 7
    assert np.count_nonzero(theta) == 1


def test_the_table_says_what_the_layout_says() -> None:
    made = model("5,4,6,3", "tanh,relu,tanh,sigmoid")
    table = made.table()
    assert table.dtype == np.int64
    assert table.shape == (5, n.LAYER_COLUMNS)
    starts = [each.start for each in made.layout]
    assert table[:, n.WEIGHTS].tolist() == starts[::2]
    assert table[:, n.BIAS].tolist() == starts[1::2]
    assert table[:, n.FAN_IN].tolist() == [3, 5, 4, 6, 3]
    assert table[:, n.FAN_OUT].tolist() == [5, 4, 6, 3, 2]
    assert table[:, n.UNITS_BEFORE].tolist() == [0, 5, 9, 15, 18]
    assert table[:-1, n.ACTIVATION].tolist() == [0, 1, 0, 2]
    assert made.hidden_activations == ("tanh", "relu", "sigmoid")


@pytest.mark.parametrize("init", ["auto", "he", "xavier_uniform", "normal:0.5", "constant:0.1"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_first_parameters(init: str, dtype: str) -> None:
    spec = resolved("multiclass", hidden="5,4", act="tanh,relu", init=init, seed=9)
    dataset = data("multiclass")
    made = Model.of(spec, dataset.width, dataset.outputs)
    _, parameters, _ = oracle.start_of(spec, dataset)
    rng = np.random.default_rng(9)
    rng.integers(0, 2**63)  # the run's key is drawn first
    theta = made.initialize(rng, init, dtype)
    assert theta.dtype == dtype
    # drawn in float64 for either type and rounded once; scaled by a deviation rounded once
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(theta, oracle.flat(parameters), rtol=4 * eps, atol=eps)
    for name, view in made.views(theta).items():
        if name.endswith("b"):
            assert not view.any()
