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
    _, _, arrays = oracle.start_of(spec, dataset)
    rng = np.random.default_rng(9)
    rng.integers(0, 2**63)  # the run's key is drawn first
    theta = made.initialize(rng, init, dtype)
    assert theta.dtype == dtype
    # drawn in float64 for either type and rounded once; scaled by a deviation rounded once
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(theta, oracle.flat(arrays), rtol=4 * eps, atol=eps)
    for name, view in made.views(theta).items():
        if name.endswith("b"):
            assert not view.any()


# --- Batch Normalization and numbers of activations -------------------------------------------

NETWORKS = {
    "plain": {},
    "normalized before": {"bn": "before"},
    "normalized after, and the input": {"bn": "after,none", "bn_input": True},
    "slopes": {"act": "prelu:0.1:unit,prelu"},
    "slopes that stay": {"act": "prelu:0.3:fixed,leaky_relu:0.2", "bn": "none,before"},
    "no hidden layer": {"hidden": "none", "bn_input": True},
    "an output with a number": {"out_act": "elu:0.5", "bn": "before"},
}


def network(name: str, **more: str) -> tuple[Model, oracle.Network]:
    options = {"hidden": "5,4", "act": "tanh,relu", **NETWORKS[name], **more}
    spec, dataset = resolved("regression", **options), data("regression")
    return Model.of(spec, dataset.width, dataset.outputs), oracle.network_of(spec, dataset)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_layout_is_the_oracle_s(name: str) -> None:
    made, expected = network(name)
    trained = [(each.name, each.shape) for each in made.layout if each.trained]
    kept = [(each.name, each.shape) for each in made.layout if not each.trained]
    assert trained == list(expected.trained().items())
    assert kept == list(expected.kept().items())
    assert made.parameters == sum(int(np.prod(shape)) for _, shape in trained)
    assert made.size == made.parameters + sum(int(np.prod(shape)) for _, shape in kept)
    # a bias would be subtracted again by what is normalized before the activation
    assert made.normalizes == any("gamma" in found for found, _ in trained)


def test_the_layout_written_out() -> None:
    made, _ = network("normalized after, and the input", act="prelu:0.1:unit,leaky_relu:0.3")
    assert [each.name for each in made.layout] == [
        *("input gamma", "input beta", "layer 1 W", "layer 1 b", "layer 1 gamma", "layer 1 beta"),
        *("layer 1 alpha", "layer 2 W", "layer 2 b", "layer 3 W", "layer 3 b"),
        *("input running_mean", "input running_var", "layer 1 running_mean"),
        *("layer 1 running_var", "layer 2 alpha"),
    ]
    assert made.views(np.arange(made.size))["layer 1 alpha"].shape == (5,)
    assert "layer 1 b" not in [each.name for each in network("normalized before")[0].layout]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_number_has_a_name(name: str) -> None:
    made, _ = network(name)
    names = [
        each.element(place)
        for each in made.layout
        for place in range(each.start, each.start + each.size)
    ]
    assert len(set(names)) == made.size
    theta = np.arange(made.size)
    for each, view in made.views(theta).items():
        for index in np.ndindex(view.shape):
            inside = ",".join(map(str, index))
            assert names[view[index]] == f"{each}[{inside}]"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_table_says_where_everything_stands(name: str) -> None:
    made, _ = network(name)
    table, starts = made.table(), {each.name: each.start for each in made.layout}
    units = made.inputs * made.input_norm
    end = 0
    for number, (row, layer) in enumerate(zip(table, made.layers, strict=True), 1):
        own = f"layer {number}"
        assert row[n.WEIGHTS] == starts[f"{own} W"]
        assert row[n.BIAS] == starts.get(f"{own} b", n.NONE)
        assert row[n.NORM] == n.NORMS[layer.norm]
        if layer.norm != "none":
            assert row[n.GAMMA] == starts[f"{own} gamma"]
            assert starts[f"{own} beta"] == row[n.GAMMA] + layer.fan_out
            assert row[n.RUNNING] == starts[f"{own} running_mean"]
            assert starts[f"{own} running_var"] == row[n.RUNNING] + layer.fan_out
        if f"{own} alpha" in starts:
            assert row[n.ALPHA] == starts[f"{own} alpha"]
            alpha = next(each for each in made.layout if each.name == f"{own} alpha")
            assert (row[n.ALPHAS], row[n.LEARNED]) == (alpha.size, alpha.trained)
        else:
            assert (row[n.ALPHAS], row[n.LEARNED]) == (1, 0)
        assert row[n.UNITS_BEFORE] == units
        units += layer.fan_out
        # layers follow each other without gaps: each is stepped by from START to END
        assert (row[n.START], row[n.END]) == (end, row[n.WEIGHTS] + layer.parameters)
        end = row[n.END]
    assert end == made.parameters
    assert units == made.units
    assert (table[0, n.INPUT_GAMMA] >= 0) == made.input_norm


@pytest.mark.parametrize("name", NETWORKS)
def test_first_numbers_of_every_array(name: str) -> None:
    options = {"hidden": "5,4", "act": "tanh,relu", **NETWORKS[name]}
    spec, dataset = resolved("regression", **options, seed=9), data("regression")
    made = Model.of(spec, dataset.width, dataset.outputs)
    rng = np.random.default_rng(9)
    rng.integers(0, 2**63)
    theta = made.initialize(rng, spec.init, "float64")
    _, _, arrays = oracle.start_of(spec, dataset)
    np.testing.assert_allclose(theta, oracle.flat(arrays), rtol=1e-15)  # a rounding or two


def test_activations_that_differ_in_their_number_share_a_slot() -> None:
    made = model("5,4,3", "leaky_relu:0.1,leaky_relu:0.2,tanh")
    assert made.hidden_activations == ("leaky_relu", "tanh")
    assert made.table()[:, n.ACTIVATION].tolist() == [0, 0, 1, 0]
