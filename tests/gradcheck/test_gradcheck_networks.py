"""The gradient check on networks: kinks, samples, directions, threads, and what it reports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nncli import choices
from nncli.arrays import no_settings
from nncli.gradcheck import catalogue
from nncli.gradcheck.check import Check, check_network
from nncli.gradcheck.differences import TOLERANCE, derivative
from nncli.gradcheck.jacobian import check_jacobian
from nncli.gradcheck.probe import Batch, Probe, Setting
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.layerwise import Layerwise
from nncli.model import Layer, Model


def probe_of(*layers: Layer, rows: int = 5, native: bool = False) -> tuple[Probe, Any]:
    rng = np.random.default_rng(1)
    model = Model(layers)
    batch = Batch(
        rng.standard_normal((rows, model.inputs)), rng.standard_normal((rows, model.outputs))
    )
    setting = Setting(choices.loss("mse"), no_settings(model.outputs, "float64"))
    theta = model.initialize(rng, "xavier", "float64")
    return Probe(model, setting, batch, native=native), theta


def test_the_catalogue_holds_every_pair_of_parts() -> None:
    cases = list(catalogue.cases())
    hidden = {name for name, part in ACTIVATIONS.parts.items() if part.hidden}
    for loss in LOSSES.names():
        for norm in catalogue.NORMS:
            for depth in catalogue.DEPTHS:
                found = {
                    each.activation.partition(":")[0]
                    for each in cases
                    if (each.loss, each.norm, len(each.hidden)) == (loss, norm, depth)
                }
                assert found >= hidden
    pairs = {(each.loss, each.task, each.output) for each in cases}
    for loss in LOSSES.parts.values():
        for task, outputs in loss.outputs.items():
            assert {(loss.name, task, output) for output in outputs} <= pairs
    assert len({each.name for each in cases}) == len(set(cases))


@pytest.mark.parametrize("activation", catalogue.hidden_activations())
def test_compiled_networks_pass(activation: str) -> None:
    for norm, input_norm in (("none", False), ("before", True), ("after", False)):
        case = catalogue.Case(
            activation, "huber", "regression", "identity", (4, 3), norm, input_norm, dropout=0.2
        )
        check = catalogue.check_case(case)
        assert check.passed, check
        assert check.entries > 30
        assert {"W", "complex"} <= set(check.groups)


def test_a_parameter_at_a_kink_is_checked_on_the_side_of_the_convention() -> None:
    # zero weights and biases: every sum is exactly at relu's kink
    probe, theta = probe_of(Layer(3, 4, "relu"), Layer(4, 2, "identity"))
    theta[: 3 * 4 + 4] = 0.0
    check = check_network("at the kink", probe, theta)
    assert check.passed
    assert check.kinks > 0  # a weight moves the sums of some rows up and of others down
    assert check.groups["b"] <= TOLERANCE  # a bias moves all the same way: one side is smooth


def test_a_kink_between_the_points_is_found_and_avoided() -> None:
    def loss(theta: Any) -> float:
        piece.append(b"+" if theta[0] > 1e-7 else b"-")
        return float(abs(theta[0] - 1e-7))

    piece: list[bytes] = []
    numeric = derivative(loss, lambda: piece[-1], np.zeros(1), np.ones(1), 1.0)
    # the straight difference over a step of 6e-6 would come to about -0.97
    assert numeric.value == pytest.approx(-1.0, abs=1e-6)


def test_large_arrays_are_sampled_and_taken_along_directions() -> None:
    probe, theta = probe_of(Layer(30, 20, "tanh"), Layer(20, 2, "identity"))
    check = check_network("sampled", probe, theta, most_entries=10)
    assert check.passed
    assert "direction" in check.groups
    assert check.entries == 10 + 10 + 10 + 2 + 4


def test_fast_takes_directions_alone_and_still_sees_a_mistake() -> None:
    probe, theta = probe_of(Layer(30, 20, "tanh"), Layer(20, 2, "identity"))
    check = check_network("fast", probe, theta, fast=True)
    assert check.passed
    assert set(check.groups) == {"direction"}
    right = probe.gradient

    def wrong(theta: Any) -> Any:
        gradient = right(theta)
        gradient[17] += 0.1 * np.linalg.norm(gradient)
        return gradient

    probe.gradient = wrong  # type: ignore[method-assign]
    assert not check_network("fast", probe, theta, fast=True).passed


@pytest.mark.parametrize("width", [31, 33, 70])
def test_wide_layers_use_all_tiles_of_the_products(width: int) -> None:
    probe, theta = probe_of(
        Layer(width, width, "tanh", "before"), Layer(width, width, "silu"),
        Layer(width, 3, "identity"), rows=40, native=True,
    )  # fmt: skip
    check = check_network("wide", probe, theta, most_entries=40)
    assert check.passed, check


def test_the_worst_entry_is_named() -> None:
    probe, theta = probe_of(Layer(3, 4, "tanh"), Layer(4, 2, "identity"))
    right = probe.gradient

    def wrong(theta: Any) -> Any:
        gradient = right(theta)
        gradient[3 * 4 + 4 + 3 * 2 + 1] *= -1  # row 3, column 1 of the second W
        return gradient

    probe.gradient = wrong  # type: ignore[method-assign]
    check = check_network("wrong", probe, theta)
    assert not check.passed
    assert check.worst is not None
    assert check.worst.parameter == "layer 2 W[3,1]"
    assert check.worst.analytic == pytest.approx(-check.worst.numeric, rel=1e-6)
    shown = check.to_json()
    assert shown["worst"]["parameter"] == "layer 2 W[3,1]"
    assert set(shown) == {"name", "passed", "max_relative_error", "worst"}


def test_numbers_that_are_none_fail_and_fit_into_json() -> None:
    probe, theta = probe_of(Layer(3, 4, "tanh"), Layer(4, 2, "identity"))
    theta[0] = np.nan
    check = check_network("nan", probe, theta)
    assert not check.passed
    json.dumps(check.to_json(), allow_nan=False)


def test_a_wrong_jacobian_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    case = catalogue.Case("tanh", "mse", "regression", "softmax", (4, 3), "before", True)
    model, theta, batch, setting = catalogue.prepared(case)
    assert check_jacobian("right", model, theta, batch.x[0], eps=setting.eps).passed
    right = Layerwise.jacobian
    monkeypatch.setattr(Layerwise, "jacobian", lambda self, x: 1.001 * right(self, x))
    assert not check_jacobian("wrong", model, theta, batch.x[0], eps=setting.eps).passed


def test_checks_know_their_family() -> None:
    found: list[Check] = []
    for check in catalogue.check_catalogue():
        found.append(check)
        if len(found) == 40:
            break
    assert {each.family for each in found} >= {"kernels alone", "identity"}
    assert replace(found[0], family="").family == ""
