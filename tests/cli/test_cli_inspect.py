"""``nncli inspect``: what it shows of real runs, and what it refuses."""

from __future__ import annotations

import pytest
from cli_fakes import Call

from nncli.cli import inspect_view
from nncli.piecewise import LinearMap

TRAIN = ("train", "iris", "--hidden", "6", "--epochs", "2", "-q")


def test_layers_and_arrays(call: Call) -> None:
    call(*TRAIN, "--act", "prelu:0.2:unit", "--bn", "before", "--bn-input")
    done = call("inspect", "last")
    assert done.code == 0, done.err
    assert "layer 1  4x6    prelu:0.2:unit  before  42       12" in done.out
    for name in ("W", "b", "gamma", "beta", "alpha", "running_mean", "running_var"):
        assert f"\n  {name} " in done.out
    assert "linear map" not in done.out
    assert "\x1b" not in done.out


def test_map_and_jacobian(call: Call) -> None:
    call(*TRAIN)
    done = call("inspect", "last", "--linear-map", "0", "--jacobian", "-1")
    assert done.code == 0, done.err
    assert "linear map at row 0 (train): z = W_eff x + b_eff, x scaled" in done.out
    assert "largest error against the forward pass: " in done.out
    assert "linear regions met on the data: " in done.out
    assert "jacobian at row 149 (" in done.out
    assert "in 12 entries" in done.out
    assert "setosa  versicolor  virginica" in done.out


@pytest.mark.parametrize("columns", [80, 160])
def test_it_fits(call: Call, columns: int) -> None:
    call("train", "digits", "--hidden", "300,20", "--act", "leaky_relu", "--epochs", "1", "-q")
    done = call("inspect", "1", "--linear-map", "3", "--jacobian", "3", columns=columns)
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= columns
    assert "the 20 largest of 640 entries; all with --json" in done.out


def test_scaled_targets_are_told(call: Call) -> None:
    call("train", "sine", "--hidden", "5", "--epochs", "1", "-q")
    assert "x and z scaled" in call("inspect", "1", "--linear-map", "0").out
    assert "x and p scaled" in call("inspect", "1", "--jacobian", "0").out


def test_json(call: Call) -> None:
    call(*TRAIN)
    plain = call("inspect", "last", "--json").json
    assert plain["parameters"] == {"trained": 4 * 6 + 6 + 6 * 3 + 3, "kept": 0}
    assert [each["name"] for each in plain["layers"][0]["arrays"]] == ["W", "b"]
    assert "linear_map" not in plain
    full = call("inspect", "last", "--linear-map", "5", "--jacobian", "5", "--json").json
    at = full["linear_map"]
    assert (len(at["W_eff"]), len(at["W_eff"][0]), len(at["b_eff"])) == (3, 4, 3)
    assert at["error"] < 1e-12  # float64 sums of ten terms near 1
    assert set(at["regions"]) == {"train", "val", "all"}
    assert (len(full["jacobian"]["dp_dx"]), full["jacobian"]["compared"]) == (3, 12)
    assert full["outputs"] == ["setosa", "versicolor", "virginica"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--linear-map", "x"), 2, "--linear-map is 'x': expected the number of a row"),
        (("--jacobian", "150"), 2, "--jacobian is 150: the data set has 150 rows"),
        (("--linear-map", "0"), 2, "layer 1 has the activation tanh, which is curved"),
    ],
)
def test_refused(call: Call, options: tuple[str, ...], code: int, message: str) -> None:
    call(*TRAIN, "--act", "tanh")
    done = call("inspect", "last", *options)
    assert done.code == code
    assert message in done.err
    assert done.out == ""


def test_an_unknown_run(call: Call) -> None:
    call(*TRAIN)
    assert call("inspect", "12").code == 4


def test_a_map_that_is_wrong_is_an_error(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call(*TRAIN)
    monkeypatch.setattr(LinearMap, "is_exact", False)
    done = call("inspect", "last", "--linear-map", "0")
    assert done.code == 1
    assert "error: the figures above disagree with the forward pass" in done.err


def test_narrow_terminals_lose_columns_from_the_right(call: Call) -> None:
    call(*TRAIN)
    narrow = call("inspect", "last", columns=40).out
    assert "mean" in narrow
    assert inspect_view.TITLES[-1] not in narrow
