"""Linear regions counted on a grid, against networks whose regions can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncli import choices
from nncli.judging import regions
from nncli.judging.regions import MARGIN, SIDE, count_patterns, grid_around
from nncli.layerwise import Layerwise
from nncli.model import Layer, Model
from nncli.piecewise import PiecewiseLinear

ROWS = np.array([[-1.0, -1], [1, 1], [1, -1], [-1, 1]])


def network(weights: np.ndarray, biases: np.ndarray, act: str = "relu") -> PiecewiseLinear:
    """One hidden layer on a plane, of units max(0, x w + b)."""
    units = len(biases)
    name, identity = (choices.activation(each).text for each in (act, "identity"))
    layers = (Layer(2, units, name, "none"), Layer(units, 1, identity, "none"))
    model = Model(layers, False)
    theta = np.zeros(model.size)
    views = model.views(theta)
    views["layer 1 W"][:] = weights
    views["layer 1 b"][:] = biases
    return PiecewiseLinear(Layerwise(model, theta, 1e-5))


def test_the_grid_goes_a_little_beyond_the_rows() -> None:
    grid = grid_around(ROWS, side=5)
    assert grid.shape == (25, 2)
    assert grid.min() == pytest.approx(-1 - 2 * MARGIN)
    assert grid.max() == pytest.approx(1 + 2 * MARGIN)


def test_rows_on_a_line_have_a_flat_grid() -> None:
    assert len(np.unique(grid_around(np.array([[0.0, 1], [1, 1]]), side=4), axis=0)) == 4


@pytest.mark.parametrize(
    ("weights", "biases", "wanted"),
    [
        ([[1.0], [0]], [0.0], 2),  # a line through the square
        ([[1.0], [0]], [5.0], 1),  # a line beside it
        ([[1.0, 0], [0, 1]], [0.0, 0], 4),  # two that cross
        ([[1.0, 1], [0, 0]], [0.5, -0.5], 3),  # two that do not
        ([[1.0, 0, 1], [0, 1, 1]], [0.0, 0, -0.5], 7),  # three in general position
        ([[1.0, -1], [0, 0]], [0.0, 0], 2),  # the same line twice
    ],
)
def test_lines_cut_the_plane(weights: list[list[float]], biases: list[float], wanted: int) -> None:
    found = network(np.array(weights), np.array(biases))
    assert count_patterns(found, grid_around(ROWS)) == wanted


@pytest.mark.parametrize("act", ["relu", "hard_tanh"])
def test_it_counts_as_patterns_are_digested_elsewhere(act: str) -> None:
    rng = np.random.default_rng(3)
    found = network(rng.standard_normal((2, 9)), rng.standard_normal(9), act)
    grid = grid_around(ROWS)
    assert count_patterns(found, grid) == len(found.patterns(grid))
    assert count_patterns(found, ROWS) == len(found.patterns(ROWS)) <= 4


def test_no_hidden_layer_is_one_piece() -> None:
    model = Model((Layer(2, 1, choices.activation("identity").text, "none"),), False)
    straight = PiecewiseLinear(Layerwise(model, np.ones(model.size), 1e-5))
    assert count_patterns(straight, grid_around(ROWS)) == 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Runs of one epoch: 1 and 2 relu, 3 tanh, 4 with four inputs, 5 keeps nothing, 6 linear,
    7 of products of its inputs."""
    import nncli

    db = str(tmp_path_factory.mktemp("regions") / "results.db")
    plain = {"data": "moons", "epochs": 1, "db": db, "act": "relu"}
    for options in (
        *({"hidden": 3}, {"hidden": 8, "seed": 1}, {"hidden": 3, "act": "tanh"}),
        *({"hidden": 3, "data": "iris"}, {"hidden": 4, "save": "none"}, {"hidden": "none"}),
        {"hidden": 4, "features": "quadratic"},
    ):
        nncli.train(**{**plain, **options})
    return db


def test_pieces_of_stored_runs(trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from nncli.inspecting import inspect_run
    from nncli.store.finding import ReportStore

    with ReportStore(trained) as store:
        found = regions.regions_of(store, [1, 2, 3, 4, 5, 6, 7])
        rows = regions.regions_of(store, [1, 2, 4, 7], of_rows=True)
        monkeypatch.setattr(regions, "MOST_WEIGHTS", 20)
        limited = regions.regions_of(store, [2])
    # three lines cut a plane into at most 7, eight into at most 1 + 8 + 28
    assert 1 <= int(found[1]) <= 7
    assert 1 <= int(found[2]) <= 37
    assert "curved" in str(found[3])
    assert "4 inputs" in str(found[4])
    assert "save" in str(found[5])
    assert found[6] == 1
    assert "curved" in str(found[7])
    for run, count in rows.items():
        at = inspect_run(str(run), db=trained, linear_map=0).linear_map
        assert at is not None
        assert count == at.regions["train"]
    assert "weights" in str(limited[2])


def test_the_resolution_is_part_of_what_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "claims.md").read_text()
    assert f"{SIDE} by {SIDE}" in text
