"""Affine maps of networks with kinks against the forward pass, and regions counted by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nncli import choices
from nncli.errors import UsageError
from nncli.layerwise import Layerwise
from nncli.model import Layer, Model
from nncli.piecewise import PiecewiseLinear, pieces_of

STRAIGHT = [
    *("identity", "relu", "leaky_relu:0.2", "prelu:0.1", "prelu:0.1:unit", "prelu:-0.3:fixed"),
    *("relu6", "hard_tanh", "hard_sigmoid", "elu:0", "step", "max(0.1*x, x)", "abs(x - 1)"),
]
CURVED = [
    *("tanh", "sigmoid", "softsign", "elu", "elu:0.001", "selu", "gelu", "gelu_tanh", "silu"),
    *("softplus", "hard_silu", "x*sigmoid(1.7*x)", "x + 0.001*sin(x)", "1e-9*tanh(x)"),
]

#: Two ways through the same float64 sums of a few dozen terms near 1.
ROUNDING = 1e-12


def network(
    acts: tuple[str, ...],
    norms: tuple[str, ...] | None = None,
    input_norm: bool = False,
    output: str = "identity",
    widths: tuple[int, ...] = (3, 7, 6, 2),
    seed: int = 0,
) -> Layerwise:
    """A network in float64 with random numbers everywhere, variances above 0."""
    names = [choices.activation(each).text for each in (*acts, output)]
    norms = (*(norms or ("none",) * len(acts)), "none")
    layers = zip(widths, widths[1:], names, norms, strict=False)
    model = Model(tuple(Layer(*each) for each in layers), input_norm)
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(model.size)
    views = model.views(theta)
    for name, view in views.items():
        if name.endswith("running_var"):
            view[:] = rng.uniform(0.5, 2.0, view.shape)
    for number, layer in enumerate(model.layers, 1):
        if layer.choice.value is not None and not layer.choice.learned:
            views[f"layer {number} alpha"][:] = layer.choice.value
    return Layerwise(model, theta, 1e-5)


def check(found: Layerwise, seed: int = 1) -> None:
    """See that maps at random points agree with the forward pass, there and around."""
    straight = PiecewiseLinear(found)
    rng = np.random.default_rng(seed)
    for x in 2 * rng.standard_normal((20, found.model.inputs)):
        at = straight.map_at(x)
        scale = max(1.0, float(np.abs(at.z).max()), at.terms)
        assert at.error <= ROUNDING * scale
        assert at.is_exact
        for shift in 1e-3 * rng.standard_normal((5, found.model.inputs)):
            if straight.patterns((x + shift)[None]) == straight.patterns(x[None]):
                z = found.forward((x + shift)[None])[-1].z[0]
                expected = at.weights @ (x + shift) + at.bias
                np.testing.assert_allclose(expected, z, rtol=0, atol=10 * ROUNDING * scale)
        if found.model.layers[-1].activation == "identity":
            # dz/dx by the backward kernels, of which the map knows nothing
            jacobian = found.jacobian(x)
            size = max(1.0, float(np.abs(jacobian).max()))
            np.testing.assert_allclose(at.weights, jacobian, rtol=0, atol=10 * ROUNDING * size)


@pytest.mark.parametrize("act", STRAIGHT)
def test_the_map_is_the_forward_pass(act: str) -> None:
    check(network((act, act)))


@pytest.mark.parametrize("norms", list(itertools.product(("none", "before", "after"), repeat=2)))
@pytest.mark.parametrize("input_norm", [False, True])
def test_with_batch_normalization(norms: tuple[str, str], input_norm: bool) -> None:
    check(network(("leaky_relu:0.1", "relu6"), norms, input_norm))


def test_the_map_goes_to_the_sums_of_the_output_layer() -> None:
    check(network(("relu", "prelu:0.2:unit"), output="softmax"))


def test_a_network_without_hidden_layers_is_one_map() -> None:
    found = network((), widths=(3, 2))
    straight = PiecewiseLinear(found)
    at = straight.map_at(np.array([1.0, -2.0, 3.0]))
    np.testing.assert_array_equal(at.weights, found.views["layer 1 W"].T)
    np.testing.assert_array_equal(at.bias, found.views["layer 1 b"])
    assert len(straight.patterns(np.random.default_rng(0).standard_normal((50, 3)))) == 1


@pytest.mark.parametrize("act", CURVED)
def test_a_curved_activation_is_refused_by_its_layer(act: str) -> None:
    with pytest.raises(UsageError, match=r"layer 2 has the activation .*curved") as refused:
        PiecewiseLinear(network(("relu", act)))
    assert choices.activation(act).text in str(refused.value)


@pytest.mark.parametrize(
    ("act", "slopes", "offsets"),
    [
        ("relu", (0, 1), (0, 0)),
        ("leaky_relu:0.01", (0.01, 1), (0, 0)),
        ("relu6", (0, 1, 0), (0, 0, 6)),
        ("hard_tanh", (0, 1, 0), (-1, 0, 1)),
        ("step", (0, 0), (0, 1)),
        ("identity", (1,), (0,)),
    ],
)
def test_slopes_come_out_to_the_last_bit(act: str, slopes: Any, offsets: Any) -> None:
    found = network((act,), widths=(2, 3, 1))
    pieces = pieces_of(found, 1)
    np.testing.assert_array_equal(pieces.slopes, np.repeat(np.array(slopes)[:, None], 3, axis=1))
    np.testing.assert_array_equal(pieces.offsets, np.repeat(np.array(offsets)[:, None], 3, axis=1))


def by_hand(weights: list[list[float]], bias: list[float], act: str = "relu") -> PiecewiseLinear:
    """A network of one hidden layer with these numbers (inputs, units)."""
    found = network((act,), widths=(len(weights), len(bias), 1))
    found.views["layer 1 W"][:] = weights
    found.views["layer 1 b"][:] = bias
    return PiecewiseLinear(found)


def test_the_four_quadrants_are_four_regions() -> None:
    straight = by_hand([[1, 0], [0, 1]], [0, 0])
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], float)
    assert len(straight.patterns(corners)) == 4
    assert len(straight.patterns(3 * corners)) == 4
    assert straight.patterns(corners) == straight.patterns(3 * corners)
    # a kink belongs to the piece below it
    assert straight.patterns(np.zeros((1, 2))) == straight.patterns(-np.ones((1, 2)))


def test_kinks_on_a_line_cut_it_into_intervals() -> None:
    line = np.linspace(-3, 3, 1000)[:, None]
    assert len(by_hand([[1, 1, -1]], [0, -1, -2]).patterns(line)) == 4  # at 0, 1 and -2
    # two units with the kink at the same place do not cut twice
    assert len(by_hand([[1, 2]], [-1, -2]).patterns(line)) == 2
    # z = x and z = x - 1 with kinks at -1 and 1: x = -1, 1, 0, 2
    assert len(by_hand([[1, 1]], [0, -1], "hard_tanh").patterns(line)) == 5


def test_three_lines_in_a_plane_leave_seven_regions() -> None:
    """In general position n lines cut the plane into 1 + n + n (n - 1) / 2 (Zaslavsky 1975)."""
    grid = np.array(list(itertools.product(np.linspace(-9, 9, 60), repeat=2)))
    assert len(by_hand([[1, 0, 1], [0, 1, 1]], [0, 0, -1]).patterns(grid)) == 7
