"""Complaints of sick networks, silence about healthy ones, and their way through the database."""

from __future__ import annotations

import json
import math
import sqlite3
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli import experiment
from nncli.diagnosis import Finding, findings
from nncli.diagnosis import thresholds as t
from nncli.kernels.assemble import assemble
from nncli.model import Layer
from nncli.spec import Spec
from nncli.store import RunStore
from nncli.trainer import Trainer, parts_of


def diagnosed(options: dict[str, Any]) -> tuple[Finding, ...]:
    """Train a network and return the complaints."""
    plan = experiment.plan(Spec.read({**options, "diagnose": True, "threads": 1}))
    spec, model = plan.spec, plan.model
    training = Trainer(spec, model, plan.dataset, assemble(parts_of(spec, model, plan.dataset)), 1)
    blocks, curves = [], []
    while training.status == "running":
        rows = training.advance(10**5)
        block = training.layer_block(rows)
        if block is not None:
            blocks.append(block.columns)
            curves.append(training.block(rows, np.zeros(len(rows))).columns)
    statistics = {name: np.ma.concatenate([each[name] for each in blocks]) for name in blocks[0]}
    curve = {name: np.concatenate([each[name] for each in curves]) for name in curves[0]}
    return findings(statistics, curve, model.layers, spec.to_json())


def deep(layers: int, width: int = 64) -> str:
    return ",".join([str(width)] * layers)


HEALTHY: dict[str, dict[str, Any]] = {
    "the defaults": {"epochs": 20},
    "the defaults, early": {"epochs": 1},
    "tanh on iris": {"data": "iris", "act": "tanh", "hidden": "16", "epochs": 100},
    "tanh on iris, early": {"data": "iris", "act": "tanh", "hidden": "16", "epochs": 2},
    "moons": {"data": "moons", "hidden": "64", "epochs": 60},
    "many units on two inputs": {"data": "moons", "epochs": 20},
    "three layers, he": {"hidden": "128,64,32", "init": "he", "epochs": 20},
    "six layers, he": {"hidden": deep(6), "epochs": 15},
    "six layers of tanh": {"hidden": deep(6), "act": "tanh", "epochs": 15},
    "normalized before": {"hidden": "64,32", "bn": "before", "epochs": 15},
    "normalized after": {"hidden": "64,32", "bn": "after", "epochs": 15},
    "normalized, one input": {"data": "sine", "hidden": "64", "bn": "before", "epochs": 30},
    "prelu": {"hidden": "64,32", "act": "prelu", "epochs": 15},
    "a regression": {"data": "sine", "hidden": "32,32", "act": "tanh", "epochs": 100},
    "relu on one input": {"data": "sine", "hidden": "64,64", "epochs": 100},
    "two layers of sigmoid": {"hidden": "64,64", "act": "sigmoid", "epochs": 20},
    "dropout": {"hidden": "128", "dropout": 0.3, "epochs": 20},
    "sgd": {"opt": "sgd", "lr": 0.1, "epochs": 15},
    "a cosine at its end": {"schedule": "cosine", "epochs": 20},
    "no hidden layer": {"data": "iris", "hidden": "none", "epochs": 50},
    "xor, solved": {
        "data": "xor", "hidden": "4", "act": "sigmoid", "lr": 0.05, "epochs": 3000,
        "batch_size": "full", "val": "0",
    },
    "xor, early": {
        "data": "xor", "hidden": "4", "act": "sigmoid", "lr": 0.05, "epochs": 10,
        "batch_size": "full", "val": "0",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_of_a_healthy_network_nothing_is_said(name: str) -> None:
    assert diagnosed(HEALTHY[name]) == ()


XOR = {"data": "xor", "hidden": "8", "act": "tanh", "epochs": 50}

#: Options, and the complaint that they must come to: its kind, its layer.
SICK: dict[str, tuple[dict[str, Any], str, int | None]] = {
    "constant": ({**XOR, "init": "constant"}, "symmetry", 1),
    "constant, not zero": (
        {"hidden": "64,64", "act": "sigmoid", "init": "constant:0.1", "epochs": 5},
        "symmetry",
        2,
    ),
    "relu, rate too large": ({"hidden": "64,64", "lr": 0.5, "epochs": 10}, "dead units", 1),
    "relu, dead by sgd": (
        {"hidden": "64", "opt": "sgd", "lr": 3.0, "epochs": 10},
        "dead units",
        1,
    ),
    "sigmoid, weights too large": (
        {"hidden": "64", "act": "sigmoid", "init": "normal:5", "epochs": 10},
        "saturation",
        1,
    ),
    "tanh, rate too large": (
        {"hidden": "64", "act": "tanh", "lr": 0.3, "epochs": 20},
        "oscillation",
        None,
    ),
    "deep sigmoid": (
        {"hidden": deep(8), "act": "sigmoid", "epochs": 10},
        "vanishing gradient",
        1,
    ),
    "deep sigmoid by sgd": (
        {"hidden": deep(6), "act": "sigmoid", "opt": "sgd", "epochs": 10},
        "vanishing gradient",
        1,
    ),
    "twelve layers of tanh": (
        {"hidden": deep(12), "act": "tanh", "init": "normal:0.01", "epochs": 10},
        "vanishing gradient",
        1,
    ),
    "weights too small": (
        {"hidden": deep(12), "act": "tanh", "init": "normal:0.01", "epochs": 10},
        "weights too small",
        2,
    ),
    "weights too large": (
        {"hidden": deep(4, 32), "init": "normal:1", "epochs": 10},
        "weights too large",
        4,
    ),
    "deep relu, weights too large": (
        {"hidden": deep(8), "init": "normal:1", "epochs": 10},
        "exploding gradient",
        1,
    ),
    "sgd, rate too small": ({"opt": "sgd", "lr": 1e-6, "epochs": 10}, "updates too small", None),
    "adam, rate too small": ({"lr": 1e-7, "epochs": 10}, "updates too small", None),
    "full batch, rate too large": (
        {"data": "linear", "hidden": "none", "opt": "sgd", "lr": 1.05, "batch_size": "full",
         "epochs": 20},
        "updates too large",
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_of_a_sick_network_is_said_what_it_has(name: str) -> None:
    options, kind, layer = SICK[name]
    found = diagnosed(options)
    assert (kind, layer) in [(each.kind, each.layer) for each in found], found
    assert all(each.text.isprintable() and "; try " in each.text for each in found if each.layer)


def test_what_explains_the_rest_stands_alone() -> None:
    """A dead network has no gradient and learns nothing: that need not be said too."""
    found = diagnosed(SICK["relu, rate too large"][0])
    assert {each.kind for each in found} == {"dead units"}


# Words and thresholds, on columns made by hand


def made(epochs: int, layers: int, **columns: Any) -> dict[str, Any]:
    """Statistics of a healthy network, (epochs, layers), with some columns replaced."""
    healthy = {
        "grad_norm": 0.5,
        "update_ratio": 1e-3,
        "act_mean": 0.1,
        "act_std": 0.5,
        "saturated_frac": math.nan,
        "dead_frac": 0.1,
        "similarity": 0.5,
    }
    found: dict[str, Any] = {
        "epoch": np.repeat(np.arange(1, epochs + 1), layers),
        "layer": np.tile(np.arange(1, layers + 1), epochs),
    }
    for name, value in healthy.items():
        given = np.asarray(columns.get(name, value), float)
        found[name] = np.broadcast_to(given, (epochs, layers)).ravel()
    return found


def said(statistics: dict[str, Any], loss: Any = None, **spec: Any) -> list[str]:
    epochs = int(statistics["epoch"].max(initial=0))
    layers = [Layer(8, 8, "relu")] * int(statistics["layer"].max(initial=0))
    curve = {"train_loss": np.linspace(1, 0.01, epochs) if loss is None else np.array(loss)}
    return [each.text for each in findings(statistics, curve, layers, {"lr": 0.05, **spec})]


def test_the_words() -> None:
    dead = np.array([[0.1, 0], [0.6, 0], [0.4, 0], [0.55, 0], [0.62, 0]])
    assert said(made(5, 2, dead_frac=dead), init="normal:1") == [
        "layer 1: 62% of units dead since epoch 4; try leaky_relu, He initialization or a learning "
        "rate under 0.01"
    ]
    assert said(made(5, 2, dead_frac=dead), init="he") == [
        "layer 1: 62% of units dead since epoch 4; try leaky_relu or a learning rate under 0.01"
    ]


def test_a_healthy_network_by_hand() -> None:
    assert said(made(20, 3)) == []


@pytest.mark.parametrize(
    ("column", "silent", "loud"),
    [
        ("dead_frac", t.DEAD, t.DEAD + 0.01),
        ("similarity", 1 - 1e-9, t.SYMMETRIC),
        ("act_std", t.FLAT, 0.9 * t.FLAT),
        ("act_std", [0.5, t.GROWTH * 0.5, 1], [0.5, 1.01 * t.GROWTH * 0.5, 1]),
        ("grad_norm", t.EXPLODED, t.EXPLODED + 1),
        ("grad_norm", [1.01 * t.VANISHED, 1, 1], [0.99 * t.VANISHED, 1, 1]),
    ],
)
def test_a_threshold_parts_silence_from_a_complaint(column: str, silent: Any, loud: Any) -> None:
    assert said(made(12, 3, **{column: silent})) == []
    assert len(said(made(12, 3, **{column: loud}))) > 0


def test_one_pair_that_comes_close_for_a_while_is_no_symmetry() -> None:
    close = np.full((9, 2), 1.0)
    close[0] = 0.999
    assert said(made(9, 2, similarity=close)) == []


def test_saturation_is_no_fault_of_a_network_that_has_learned() -> None:
    late = np.linspace(0, 0.9, 9)[:, None]
    assert said(made(9, 2, saturated_frac=late)) == []
    assert "saturated since epoch 6" in said(made(9, 2, saturated_frac=late), np.full(9, 1.0))[0]
    assert "saturated since epoch 1" in said(made(9, 2, saturated_frac=0.9))[0]


def test_updates_are_judged_by_whether_the_loss_falls() -> None:
    for ratio, word in ((0.5, "50%"), (1e-6, "larger learning rate above 0.5")):
        assert said(made(9, 2, update_ratio=ratio)) == []
        assert word in said(made(9, 2, update_ratio=ratio), np.full(9, 1.0))[0]
        assert said(made(4, 2, update_ratio=ratio), np.full(4, 1.0)) == []  # too early


def test_an_oscillating_loss() -> None:
    waves = 1 + 0.2 * (-1.0) ** np.arange(20)
    assert "it rises in 4 of the last 9 epochs and changes by 33% of" in said(made(20, 2), waves)[0]
    assert said(made(20, 2), 1 + 0.001 * (-1.0) ** np.arange(20)) == []
    assert said(made(9, 2), waves[:9]) == []
    assert "rises" in said(made(20, 2), 1.5 ** np.arange(20))[0]


def test_nothing_measured_is_nothing_found() -> None:
    assert said(made(0, 0), []) == []
    empty = {name: math.nan for name in made(1, 1) if name not in ("epoch", "layer")}
    assert said(made(12, 3, **empty), np.full(12, math.nan)) == []


# Through the database


OPTIONS = {"data": "digits", "hidden": "16", "epochs": 60, "threads": 1, "diagnose": True}


def test_a_run_keeps_its_layers_and_its_diagnosis(tmp_path: Path) -> None:
    import nncli

    db = str(tmp_path / "results.db")
    options = {**OPTIONS, **SICK["constant"][0], "act": "relu", "log_every": 20}
    run = nncli.train(db=db, **options)
    rows = sqlite3.connect(db).execute(
        "select epoch, layer, dead_frac, similarity, flags from layer_stats order by epoch, layer"
    )
    assert [(epoch, layer) for epoch, layer, *_ in rows] == [
        (epoch, layer) for epoch in (20, 40, 50) for layer in (1, 2)
    ]
    assert list(run.layers["epoch"]) == [20, 20, 40, 40, 50, 50]
    assert run.layers["similarity"][0] == 1
    assert math.isnan(run.layers["similarity"][1])
    (found,) = json.loads(json.dumps(run.result.to_json()))["diagnosis"]
    assert (found["kind"], found["layer"]) == ("symmetry", 1)


def test_a_run_that_is_not_watched_keeps_nothing(tmp_path: Path) -> None:
    import nncli

    run = nncli.train(db=str(tmp_path / "results.db"), **{**OPTIONS, "diagnose": False})
    assert len(run.layers) == 0
    assert "diagnosis" not in run.result.to_json()


def test_a_resumed_run_has_the_rows_of_one_that_was_not_stopped(tmp_path: Path) -> None:
    db = str(tmp_path / "results.db")
    plan = experiment.plan(Spec.read({**OPTIONS, "epochs": 1000}))
    calls = count()
    stopped = experiment.train(plan, db=db, stop=lambda: next(calls) > 0)
    assert 0 < stopped.epochs < 1000
    experiment.resume(str(stopped.run), db=db)
    whole = experiment.train(plan, db=db)
    with RunStore(db) as runs:
        resumed, expected = runs.layer_stats(stopped.run), runs.layer_stats(whole.run)
    assert len(expected) == 2000
    for name in expected.names():
        assert np.array_equal(resumed[name], expected[name], equal_nan=True)
        if name in expected.measured:
            assert np.array_equal(resumed.measured[name], expected.measured[name])
