"""The native loop's gradients by central differences, and by formulas written out."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, resolved, trainer

from nncli.events import Checkpoint
from nncli.kernels import control as c
from nncli.kernels.losses import LOSSES
from nncli.reading import hidden_activations
from nncli.spec import Spec

HEADS = [
    (task, loss, out_act)
    for loss in LOSSES.names()
    for task, outputs in LOSSES[loss].outputs.items()
    for out_act in outputs
]

#: Step of the central differences. The error is step^2 / 6 times the third derivative, some 1e-10
#: here, and 2e-16 L / step of rounding, some 1e-11.
STEP = 1e-5
DIFFERENCE = 5e-9


class Probe:
    """The native loop's loss and gradient of one full batch, with the dropout mask frozen.

    One update at a rate of nothing is trained from a checkpoint in which theta has been replaced:
    the position in the run, and with it the mask, stay the same.
    """

    def __init__(self, spec: Spec, dataset: Data) -> None:
        self.spec = replace(spec, opt="sgd", lr=1e-300, batch_size="full", epochs=1, save="none")
        self.training = trainer(self.spec, dataset)
        self.start: Checkpoint = self.training.checkpoint()

    def __call__(self, theta: Any) -> tuple[float, Any]:
        arrays = {**self.start.arrays, "theta": theta}
        self.training._restore(replace(self.start, arrays=arrays))
        (row,) = self.training.advance(1)
        return row[c.CURVE_TRAIN_LOSS], self.training._d_theta.copy()


#: Where derivatives of activations jump, the first or the second.
BENDS = {
    **dict.fromkeys(("relu", "leaky_relu", "prelu", "elu", "selu", "step", "softsign"), (0.0,)),
    **{"relu6": (0.0, 6.0), "hard_tanh": (-1.0, 1.0)},
    **dict.fromkeys(("hard_silu", "hard_sigmoid"), (-3.0, 3.0)),
}


def distance_of_loss(loss: oracle.Loss, z: Any, p: Any, y: Any) -> float:
    """How far the outputs are from where the loss bends."""
    sign = np.where(y == 1, 1.0, -1.0)
    found = {
        "mae": np.abs(p - y),
        "huber": np.abs(np.abs(p - y) - loss.settings.value),
        "hinge": np.abs(1 - sign * p),
        "multi_margin": np.abs(1 - p[np.arange(len(y)), y.argmax(axis=1)][:, None] + p)[y == 0],
        "perceptron": np.abs(z),
    }
    return float(found.get(loss.name, np.ones(1)).min())


def away_from_kinks(spec: Spec, dataset: Data) -> Spec:
    """The first seed with a gradient, and nothing that could come over a bend in a step."""
    x, y = oracle.gathered(dataset, dataset.train)
    loss = oracle.loss_of(spec, dataset)
    for seed in itertools.count(spec.seed):
        candidate = replace(spec, seed=seed)
        _, network, arrays = oracle.start_of(candidate, dataset)
        done = oracle.forward(network, arrays, x, training=True)
        distances = [
            float(np.abs(z - bend).min())
            for layer, z in enumerate(done.z, 1)
            for bend in BENDS.get(network.activation(layer), ())
        ]
        distances.append(distance_of_loss(loss, done.z[-1], done.p, y))
        gradient = oracle.backward(network, arrays, done, loss, y)
        if np.abs(oracle.flat(gradient)).max() > 1e-3 and min(distances) > 50 * STEP:
            return candidate
    raise AssertionError


@pytest.mark.parametrize(("task", "loss", "out_act"), HEADS)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_gradient_of_every_head(task: str, loss: str, out_act: str, depth: int) -> None:
    dataset = data(task, train=6, val=0, width=2)
    spec = resolved(
        task, loss=loss, out_act=out_act, hidden=[3] * depth or "none", act="tanh",
        init="normal:0.7",
    )  # fmt: skip
    check(spec, dataset)


@pytest.mark.parametrize("act", [*hidden_activations(), "prelu:0.1:unit", "prelu:-0.3:fixed"])
@pytest.mark.parametrize("bn", ["none", "before", "after"])
@pytest.mark.parametrize("depth", [1, 2])
def test_gradient_of_every_activation(act: str, bn: str, depth: int) -> None:
    """With an eps that keeps the curvature of a normalization of six rows in bounds."""
    dataset = data("multiclass", train=6, val=0, width=2)
    options = {"bn": bn, "bn_eps": 0.1} if bn != "none" else {}
    spec = resolved("multiclass", hidden=[3] * depth, act=act, init="normal:0.7", **options)
    check(spec, dataset)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("multiclass", {"bn_input": True}),
        ("multiclass", {"bn_input": True, "hidden": "none"}),
        ("binary", {"bn_input": True, "bn": "after,before", "act": "prelu:0.1:unit,prelu"}),
        (
            "regression",
            {
                "bn": "before,none,after",
                "hidden": "4,3,3",
                "act": "tanh,elu:0.5,silu",
                "bn_eps": 0.1,
            },
        ),
        ("regression", {"loss": "huber:0.4", "out_act": "leaky_relu:0.3"}),
        ("multiclass", {"label_smoothing": 0.2, "class_weight": "1,3,0.5"}),
        ("binary", {"label_smoothing": 0.2, "class_weight": "0.5,3"}),
        ("binary", {"loss": "hinge", "class_weight": "0.5,3"}),
        ("multiclass", {"loss": "multi_margin", "class_weight": "1,3,0.5"}),
    ],
    ids=str,
)
def test_gradient_of_options(task: str, options: dict[str, Any]) -> None:
    spec = resolved(task, **{"hidden": "4,3", "act": "tanh", "init": "normal:0.7", **options})
    check(spec, data(task, train=7, val=0, width=2))


def test_gradient_of_formulas() -> None:
    options = {"act": "x*sigmoid(1.702*x),log(1+exp(x))", "loss": "log(cosh(p-y))", "bn": "after"}
    spec = resolved("regression", hidden="4,3", **options)
    probe = Probe(spec, data("regression", train=7, val=0, width=2))
    check_gradient(probe, probe.start.arrays["theta"])


def check(spec: Spec, dataset: Data) -> None:
    probe = Probe(away_from_kinks(spec, dataset), dataset)
    check_gradient(probe, probe.start.arrays["theta"])


def check_gradient(probe: Probe, theta: Any) -> None:
    _, gradient = probe(theta)
    trained = probe.training.model.parameters
    gradient, numeric = gradient[:trained], np.empty(trained)
    for i in range(trained):
        moved = theta.copy()
        moved[i] = theta[i] + STEP
        above, _ = probe(moved)
        moved[i] = theta[i] - STEP
        below, _ = probe(moved)
        numeric[i] = (above - below) / (2 * STEP)
    assert np.abs(numeric).max() > 1e-4  # a gradient of nothing would be right of anything
    np.testing.assert_allclose(gradient, numeric, rtol=1e-7, atol=DIFFERENCE)


@pytest.mark.parametrize("act", ["tanh", "sigmoid"])
@pytest.mark.parametrize("threads", [1, 2])
def test_gradient_through_a_frozen_dropout_mask(act: str, threads: int) -> None:
    spec = resolved("multiclass", hidden="6,4", act=act, dropout=0.4, threads=threads)
    dataset = data("multiclass", train=6, val=0, width=2)
    probe = Probe(spec, dataset)
    check_gradient(probe, probe.start.arrays["theta"])
    _, gradient = probe(probe.start.arrays["theta"])
    undropped = Probe(replace(spec, dropout=0.0), dataset)
    assert not np.allclose(gradient, undropped(undropped.start.arrays["theta"])[1])


def test_gradient_of_the_worked_network_by_its_literal_formulas() -> None:
    """The 2-2-1 network with hidden f and output g written out, weight by weight."""
    spec = resolved("regression", hidden="2", act="tanh", out_act="sigmoid", loss="squared_error")
    dataset = data("regression", val=0, width=2)
    dataset.train = dataset.train[:1]
    dataset.outputs, dataset.targets = 1, dataset.targets[:, :1]
    dataset.preprocessing.target_scale = (2.5,)
    probe = Probe(spec, dataset)
    theta = np.array([0.3, -0.2, 0.5, 0.7, 0.1, -0.4, 0.6, -0.9, 0.25])
    w11, w12, w21, w22, b1, b2, v1, v2, c0 = theta
    ((x1, x2),), ((y,),) = oracle.gathered(dataset, dataset.train)
    h1, h2 = math.tanh(w11 * x1 + w21 * x2 + b1), math.tanh(w12 * x1 + w22 * x2 + b2)
    p = 1 / (1 + math.exp(-(v1 * h1 + v2 * h2 + c0)))
    e = 2 * (p - y) * p * (1 - p)
    f1, f2 = 1 - h1**2, 1 - h2**2
    expected = [
        *(e * v1 * f1 * x1, e * v2 * f2 * x1, e * v1 * f1 * x2, e * v2 * f2 * x2),
        *(e * v1 * f1, e * v2 * f2, e * h1, e * h2, e),
    ]
    loss, gradient = probe(theta)
    assert loss == pytest.approx((p - y) ** 2, rel=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)
