"""Whole trainings against the oracle: curve, weights, best weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, finish, resolved, trainer

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.reading import hidden_activations
from nncli.spec import Spec
from nncli.trainer import Trainer

# --- trajectories -----------------------------------------------------------------------------

#: Two float64 computations of one run differ by roundings, 1e-16 of the numbers, that some
#: dozens of updates in these smooth or kink-free cases make a thousand times larger at most.
CLOSE: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-12}

TRAJECTORIES: dict[str, dict[str, Any]] = {
    "sgd": {"opt": "sgd"},
    "sgd at the default rate, no hidden layer": {"opt": "sgd", "hidden": "none"},
    "momentum": {"opt": "momentum", "momentum": 0.8},
    "adagrad": {"opt": "adagrad", "eps": 1e-3},
    "adagrad, eps inside": {"opt": "adagrad", "eps": 1e-3, "eps_inside": True},
    "rmsprop": {"opt": "rmsprop", "rho": 0.8, "eps": 1e-3},
    "rmsprop, eps inside": {"opt": "rmsprop", "rho": 0.8, "eps": 1e-3, "eps_inside": True},
    "adam": {"opt": "adam", "lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3},
    "adam of the document": {
        **{"opt": "adam", "lr": 1e-4, "beta1": 0.9, "beta2": 0.9, "eps": 1e-3},
        **{"eps_inside": True, "bias_correction": "constant"},
    },
    "adam, no correction": {"opt": "adam", "bias_correction": "none", "eps": 1e-3},
    "nesterov": {"opt": "nesterov", "momentum": 0.8},
    "adadelta": {"opt": "adadelta", "rho": 0.8, "eps": 1e-3},
    "adamax": {"opt": "adamax", "lr": 0.02, "beta1": 0.8, "eps": 1e-3},
    "adamax, constant correction": {
        **{"opt": "adamax", "lr": 1e-3, "eps": 1e-3, "bias_correction": "constant"}
    },
    "amsgrad": {"opt": "amsgrad", "lr": 0.02, "beta2": 0.8, "eps": 1e-3},
    "amsgrad of the document": {
        **{"opt": "amsgrad", "lr": 1e-3, "beta2": 0.9, "eps": 1e-3},
        **{"eps_inside": True, "bias_correction": "constant"},
    },
    "nadam": {"opt": "nadam", "lr": 0.02, "eps": 1e-3},
    "nadam, a momentum that rises": {"opt": "nadam", "lr": 0.02, "momentum_decay": 0.3},
    "nadam, half a momentum": {"opt": "nadam", "lr": 0.02, "momentum_decay": 0},
    "nadam, eps inside": {"opt": "nadam", "lr": 0.02, "eps": 1e-3, "eps_inside": True},
    "radam": {"opt": "radam", "lr": 0.02, "beta2": 0.9, "eps": 1e-3},
    "radam, eps inside": {
        **{"opt": "radam", "lr": 0.02, "beta2": 0.9, "eps": 1e-3, "eps_inside": True}
    },
    "lion": {"opt": "lion", "lr": 0.01, "act": "tanh"},
    "adamw, its own decay": {"opt": "adamw", "lr": 0.02, "eps": 1e-3},
    "adamw, all penalties": {
        **{"opt": "adamw", "lr": 0.02, "eps": 1e-3, "eps_inside": True},
        **{"weight_decay": 0.3, "l1": 0.01, "clip_norm": 0.2, "schedule": "exp:0.7"},
    },
    "lion, decay": {"opt": "lion", "lr": 0.01, "weight_decay": 0.3, "act": "tanh"},
    "three layers of three activations": {"hidden": "7,6,5", "act": "tanh,sigmoid,relu"},
    "one row a batch": {"batch_size": 1, "epochs": 2},
    "batches that divide the rows": {"batch_size": 23},
    "full batch": {"batch_size": "full", "epochs": 9},
    "a batch larger than the split": {"batch_size": 1000},
    "weight decay": {"opt": "sgd", "weight_decay": 0.1},
    "l1": {"opt": "momentum", "l1": 0.01},
    "all penalties and clipping": {"weight_decay": 0.1, "l1": 0.01, "clip_norm": 0.2},
    "clipping": {"opt": "sgd", "clip_norm": 0.3, "lr": 0.5},
    "dropout": {"dropout": 0.4, "hidden": "8,7"},
    "dropout, full batch": {"dropout": 0.2, "batch_size": "full", "epochs": 9},
    "step": {"schedule": "step:2:0.5"},
    "exp": {"schedule": "exp:0.7", "opt": "momentum"},
    "cosine, warm-up": {"schedule": "cosine:0.1", "warmup": 2},
    "warm-up of a part of an epoch": {"warmup": 0.5},
    "warm-up that ends between two updates": {"warmup": 1.5},
    "plateau": {"schedule": "plateau:2:0.3", "epochs": 40, "lr": 0.3},
    "early stop": {"early_stop": 2, "epochs": 40, "lr": 0.1, "hidden": "8"},
    "log every third epoch": {"log_every": 3, "epochs": 8},
    "constant weights": {"init": "constant:0.1", "act": "sigmoid"},
    "uniform weights": {"init": "uniform:0.4", "act": "identity"},
    "truncated weights": {"init": "truncated_normal:0.5", "act": "tanh"},
    "biases of their own": {"bias_init": "normal:0.7", "hidden": "7,6", "act": "tanh"},
    "biases as PyTorch has them": {"init": "fan_in_uniform", "bias_init": "fan_in_uniform"},
    "biases where there are any": {
        "bias_init": "uniform:0.5",
        "hidden": "7,6",
        "bn": "before,none",
    },
    "scaled by data, with biases": {"init": "lsuv", "hidden": "7,6", "bias_init": "normal:1"},
    "inverse root": {"schedule": "inverse_root", "warmup": 1.5},
    "scaled by data": {"init": "lsuv", "hidden": "7,6", "act": "tanh,relu"},
    "scaled by normalized data": {
        **{"init": "lsuv", "hidden": "7,6", "bn": "after,before", "bn_input": True},
        **{"opt": "sgd", "bn_eps": 0.3},
    },
    "of their own": {"hidden": "7,6,5,4", "act": "leaky_relu:0.2,elu:0.7,leaky_relu,prelu:0.1"},
    "one slope a layer": {"act": "prelu", "hidden": "7,6"},
    "a slope a unit": {"act": "prelu:0.1:unit", "hidden": "7,6", "opt": "momentum"},
    "slopes that stay": {"act": "prelu:0.4:fixed", "hidden": "7,6"},
    "slopes of all kinds": {
        **{"act": "prelu:0.4:fixed,prelu:-0.1:unit,prelu,tanh", "hidden": "7,6,5,4"},
        **{"dropout": 0.2, "weight_decay": 0.1},
    },
    "normalized, then not": {"hidden": "7,6", "act": "relu,tanh", "bn": "before,none"},
    "normalized, little and often": {
        **{"bn": "before", "bn_momentum": 0.5, "bn_eps": 0.1, "hidden": "7,6"}
    },
    "normalized, one row left": {"bn": "after", "batch_size": 11},
    "normalized, full batch": {"bn": "before", "batch_size": "full", "epochs": 9},
    "all at once": {
        **{"hidden": "7,6,5", "act": "prelu:0.1:unit,tanh,leaky_relu", "bn": "after,none,after"},
        **{"bn_input": True, "dropout": 0.3, "clip_norm": 1.0, "l1": 1e-3, "opt": "adamw"},
        **{"eps": 1e-3, "schedule": "cosine", "warmup": 1},
    },
}


def compare(spec: Spec, dataset: Data) -> Trainer:
    """Train natively and by the oracle; see that everything agrees."""
    training = trainer(spec, dataset)
    curve = finish(training)
    expected = oracle.train(spec, dataset)
    assert training.status == expected.status
    np.testing.assert_allclose(curve, expected.curve, **CLOSE)
    np.testing.assert_allclose(training.theta, expected.theta, **CLOSE)
    np.testing.assert_allclose(training.best_theta, expected.best_theta, **CLOSE)
    assert training.best_epoch == expected.best_epoch
    return training


@pytest.mark.parametrize("name", TRAJECTORIES)
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_trajectory(name: str, task: str) -> None:
    compare(resolved(task, **TRAJECTORIES[name]), data(task))


@pytest.mark.parametrize(
    ("task", "loss"), [(task, name) for name in LOSSES.names() for task in LOSSES[name].outputs]
)
def test_trajectory_of_every_task_and_loss(task: str, loss: str) -> None:
    for out_act in LOSSES[loss].outputs[task]:
        compare(resolved(task, loss=loss, out_act=out_act, act="tanh", lr=0.01), data(task))


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("regression", {"loss": "huber:0.3"}),
        ("regression", {"loss": "huber:2", "out_act": "softsign"}),
        ("regression", {"out_act": "leaky_relu:0.3"}),
        ("regression", {"out_act": "elu:2", "loss": "mae"}),
        ("multiclass", {"label_smoothing": 0.2}),
        ("multiclass", {"class_weight": "1,3,0.5"}),
        ("multiclass", {"class_weight": "balanced", "label_smoothing": 0.1}),
        ("multiclass", {"class_weight": "green=3,blue=0.1"}),
        ("multiclass", {"class_weight": "1,3,0.5", "loss": "multi_margin"}),
        ("multiclass", {"loss": "binary_cross_entropy", "label_smoothing": 0.2}),
        ("binary", {"label_smoothing": 0.2, "class_weight": "0.5,3"}),
        ("binary", {"class_weight": "yes=3", "loss": "hinge"}),
        ("binary", {"class_weight": "balanced"}),
        ("multilabel", {"label_smoothing": 0.1}),
        ("multilabel", {"loss": "perceptron", "hidden": "none"}),
    ],
    ids=str,
)
def test_trajectory_of_losses_with_settings(task: str, options: dict[str, Any]) -> None:
    compare(resolved(task, **{"act": "tanh", **options}), data(task))


@pytest.mark.parametrize("act", hidden_activations())
@pytest.mark.parametrize("opt", ["sgd", "adam"])
def test_trajectory_of_every_activation(act: str, opt: str) -> None:
    compare(resolved("multiclass", act=act, opt=opt, hidden="7,6"), data("multiclass"))


@pytest.mark.parametrize("out_act", [n for n in ACTIVATIONS.names() if ACTIVATIONS[n].output])
def test_trajectory_of_every_output_of_a_regression(out_act: str) -> None:
    if out_act in ("softmax", "step"):
        pytest.skip("not for a regression")
    compare(resolved("regression", out_act=out_act, act="tanh"), data("regression"))


@pytest.mark.parametrize("init", INITIALIZERS.names())
@pytest.mark.parametrize("width", [3, 20])
def test_trajectory_of_every_initializer(init: str, width: int) -> None:
    spec = resolved("regression", init=init, hidden="7,6", act="tanh")
    compare(spec, data("regression", width=width))


@pytest.mark.parametrize("bn", ["none", "before", "after"])
@pytest.mark.parametrize("bn_input", [False, True])
@pytest.mark.parametrize("dropout", [0, 0.3])
@pytest.mark.parametrize("hidden", ["none", "6", "7,6"])
def test_trajectory_of_batch_normalization(
    bn: str, bn_input: bool, dropout: float, hidden: str
) -> None:
    """Not by Adam: it would blow up the roundings that are left of gradients of nothing.

    A shift before a normalization changes nothing, so that its gradient is zero.
    """
    spec = resolved(
        "multiclass", bn=bn, bn_input=bn_input, dropout=dropout, hidden=hidden, act="tanh",
        opt="momentum",
    )  # fmt: skip
    compare(spec, data("multiclass"))


def test_trajectory_of_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = resolved("regression", act="x*sigmoid(1.702*x)", loss="log(cosh(p-y))", bn="before")
    (act,), loss = spec.act, spec.loss
    assert loss is not None
    gate = oracle.ACTIVATIONS["sigmoid"]
    monkeypatch.setitem(oracle.ACTIVATIONS, act, lambda z: z * gate(1.702 * z))

    def slope(z: Any, d: Any) -> Any:
        return d * (gate(1.702 * z) + 1.702 * z * gate(1.702 * z) * (1 - gate(1.702 * z)))

    monkeypatch.setitem(oracle.PULLBACKS, act, slope)
    # of a formula a row's loss is the mean over its outputs
    monkeypatch.setitem(
        oracle.LOSSES, loss, lambda p, y, s=None: np.log(np.cosh(p - y)).mean(axis=1)
    )
    monkeypatch.setitem(
        oracle.LOSS_GRADIENTS, loss, lambda p, y, s=None: np.tanh(p - y) / p.shape[1]
    )
    compare(spec, data("regression"))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "multilabel"])
def test_trajectory_of_several_threads(threads: int, task: str) -> None:
    """Layers of several shares, of one, and of fewer units than ranks."""
    spec = resolved(
        task, hidden="70,33,2", act="tanh,sigmoid,tanh", threads=threads, batch_size=11, epochs=3,
        dropout=0.2, clip_norm=0.5, weight_decay=0.01, l1=1e-3,
    )  # fmt: skip
    compare(spec, data(task, width=40))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("act", ["prelu:0.1,tanh,prelu:0.2", "prelu:0.1:unit"])
@pytest.mark.parametrize("bn", ["before", "after", "before,none,after"])
def test_normalized_networks_on_several_threads(threads: int, act: str, bn: str) -> None:
    """The same three kinds of layers, with arrays that ranks share out by units."""
    spec = resolved(
        "multiclass", hidden="70,33,2", act=act, threads=threads, batch_size=11, epochs=3,
        bn=bn, bn_input=True, dropout=0.2, opt="sgd", clip_norm=0.5,
    )  # fmt: skip
    compare(spec, data("multiclass", width=40))


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("batch_size", [1, 5, "full"])
def test_narrow_networks_on_several_threads(threads: int, batch_size: int | str) -> None:
    """Where all units are in one share, the other ranks must leave them alone."""
    spec = resolved("multiclass", threads=threads, batch_size=batch_size, epochs=30, opt="sgd")
    compare(spec, data("multiclass"))


def test_no_validation_split() -> None:
    """The training loss then decides which epoch was best."""
    dataset = data("binary", val=0)
    training = compare(resolved("binary", epochs=6, lr=0.01), dataset)
    assert training.best_epoch == 6


def test_more_validation_rows_than_a_buffer_holds() -> None:
    compare(resolved("multiclass", epochs=2, threads=2), data("multiclass", val=600))


@pytest.mark.parametrize("storage", ["uint8", "float32"])
def test_rows_stored_in_other_types(storage: str) -> None:
    compare(resolved("regression"), data("regression", storage=storage))


def test_the_cases_do_what_their_names_say() -> None:
    """Otherwise the comparisons above would pass for want of anything to compare."""
    runs = {}
    for name in ("early stop", "plateau", "clipping", "adam", "dropout"):
        spec = resolved("multiclass", **TRAJECTORIES[name])
        runs[name] = oracle.train(spec, data("multiclass"))
    assert runs["early stop"].status == "early_stopped"
    assert runs["early stop"].best_epoch == len(runs["early stop"].curve) - 2
    rates = runs["plateau"].curve[:, oracle.COLUMNS.index("lr")]
    assert len(set(rates)) > 2
    assert (runs["clipping"].curve[:, oracle.COLUMNS.index("grad_norm")] > 0.3).any()
    losses = runs["adam"].curve[:, oracle.COLUMNS.index("train_loss")]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("opt", [name for name in OPTIMIZERS.names() if name != "lbfgs"])
def test_float32_follows_float64_from_the_same_start(opt: str) -> None:
    wide = resolved("regression", opt=opt, epochs=2, act="tanh")
    narrow = replace(wide, dtype="float32")
    found = trainer(narrow, data("regression"))
    finish(found)
    expected = oracle.train(wide, data("regression")).theta
    # six updates, of sums of eight roundings of 6e-8; adaptive steps divide by small roots
    np.testing.assert_allclose(found.theta, expected, rtol=1e-4, atol=2e-5)
    assert found.theta.dtype == np.float32
