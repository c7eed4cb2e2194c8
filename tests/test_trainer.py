"""Whole trainings against the oracle; gradients; the same bits however a run is cut."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import Data, data, finish, resolved, trainer

from nncli.errors import UsageError
from nncli.events import Checkpoint
from nncli.kernels import control as c
from nncli.kernels.losses import LOSSES
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.spec import Spec, hidden_activations
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


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "multilabel"])
def test_trajectory_of_several_threads(threads: int, task: str) -> None:
    """Layers of several shares, of one, and of fewer units than ranks."""
    spec = resolved(
        task, hidden="70,33,2", act="tanh,sigmoid,tanh", threads=threads, batch_size=11, epochs=3,
        dropout=0.2, clip_norm=0.5, weight_decay=0.01, l1=1e-3,
    )  # fmt: skip
    compare(spec, data(task, width=40))


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


@pytest.mark.parametrize("opt", OPTIMIZERS.names())
def test_float32_follows_float64_from_the_same_start(opt: str) -> None:
    wide = resolved("regression", opt=opt, epochs=2, act="tanh")
    narrow = replace(wide, dtype="float32")
    found = trainer(narrow, data("regression"))
    finish(found)
    expected = oracle.train(wide, data("regression")).theta
    # six updates, of sums of eight roundings of 6e-8; adaptive steps divide by small roots
    np.testing.assert_allclose(found.theta, expected, rtol=1e-4, atol=2e-5)
    assert found.theta.dtype == np.float32


# --- gradients --------------------------------------------------------------------------------

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


def away_from_kinks(spec: Spec, dataset: Data) -> Spec:
    """The first seed with a gradient, and no ReLU whose sum could change its sign in a step."""
    x, y = oracle.gathered(dataset, dataset.train)
    for seed in itertools.count(spec.seed):
        candidate = replace(spec, seed=seed)
        _, parameters, activations = oracle.start_of(candidate, dataset)
        done = oracle.forward(parameters, activations, x)
        bends = [
            float(abs(z).min()) for z, name in zip(done.z, activations, strict=True)
            if name == "relu"
        ]  # fmt: skip
        gradient = oracle.backward(parameters, activations, done, str(spec.loss), y)
        alive = np.abs(oracle.flat(gradient)).max() > 1e-3
        if alive and min(bends, default=1.0) > 30 * STEP:
            return candidate
    raise AssertionError


@pytest.mark.parametrize(("task", "loss", "out_act"), HEADS)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_gradient_by_central_differences(task: str, loss: str, out_act: str, depth: int) -> None:
    dataset = data(task, train=6, val=0, width=2)
    for act in hidden_activations() if depth else ["identity"]:
        spec = resolved(
            task, loss=loss, out_act=out_act, hidden=[3] * depth or "none", act=act,
            init="normal:0.7",
        )  # fmt: skip
        probe = Probe(away_from_kinks(spec, dataset), dataset)
        check_gradient(probe, probe.start.arrays["theta"])


def check_gradient(probe: Probe, theta: Any) -> None:
    _, gradient = probe(theta)
    numeric = np.empty_like(theta)
    for i in range(theta.size):
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


# --- the same bits ----------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "hidden": "40,20", "act": "tanh,relu", "opt": "adam", "lr": 0.02, "dropout": 0.3,
    "schedule": "plateau:1:0.5", "warmup": 1, "clip_norm": 1.0, "weight_decay": 1e-3,
    "epochs": 12, "batch_size": 5, "log_every": 2,
}  # fmt: skip


def same(one: Trainer, other: Trainer) -> None:
    for name in ("theta", "best_theta", "state"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.checkpoint().position["numbers"] == other.checkpoint().position["numbers"]
    assert one.best_epoch == other.best_epoch
    assert one.status == other.status


@pytest.fixture(params=[("float32", 1), ("float64", 1), ("float32", 2)], ids=str)
def everything(request: pytest.FixtureRequest) -> tuple[Spec, Data]:
    dtype, threads = request.param
    return resolved("multiclass", **EVERYTHING, dtype=dtype, threads=threads), data("multiclass")


def test_a_run_gives_the_same_bits_again(everything: tuple[Spec, Data]) -> None:
    one, other = trainer(*everything), trainer(*everything)
    assert finish(one) == finish(other)
    same(one, other)
    another = trainer(replace(everything[0], seed=1), everything[1])
    finish(another)
    assert (another.theta != one.theta).any()


@pytest.mark.parametrize("budget", [1, 3, 5, 7])
def test_cutting_a_run_into_calls_changes_no_bit(
    everything: tuple[Spec, Data], budget: int
) -> None:
    whole, pieces = trainer(*everything), trainer(*everything)
    assert finish(whole) == finish(pieces, budget)
    same(whole, pieces)


@pytest.mark.parametrize("updates", [0, 1, 7, 10, 33, 59])
def test_a_resumed_run_comes_to_the_same_bits(everything: tuple[Spec, Data], updates: int) -> None:
    """Five batches an epoch: in the middle of an epoch, between two, in the last."""
    spec, dataset = everything
    whole, first = trainer(spec, dataset), trainer(spec, dataset)
    curve = finish(whole)
    begun = first.advance(updates).tolist() if updates else []
    kept = first.checkpoint()
    finish(first)  # a checkpoint is a copy: training on must not change it
    stored = replace(kept, position=json.loads(json.dumps(kept.position)))
    second = trainer(spec, dataset, stored)
    assert (second.updates, second.epoch) == (updates, updates // 5)
    assert begun + finish(second) == curve
    same(whole, second)


def test_a_full_batch_is_resumed_too() -> None:
    spec = resolved("binary", batch_size="full", epochs=9, dropout=0.2, act="tanh")
    whole, first = trainer(spec, data("binary")), trainer(spec, data("binary"))
    finish(whole)
    first.advance(4)
    second = trainer(spec, data("binary"), first.checkpoint())
    finish(second)
    same(whole, second)


def test_a_completed_run_goes_on_to_more_epochs() -> None:
    few, many = (resolved("binary", epochs=n, dropout=0.2) for n in (3, 7))
    whole, first = trainer(many, data("binary")), trainer(few, data("binary"))
    finish(whole)
    finish(first)
    assert first.status == "completed"
    second = trainer(many, data("binary"), first.checkpoint())
    assert second.status == "running"
    finish(second)
    same(whole, second)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    kept = trainer(resolved("binary"), data("binary")).checkpoint()
    with pytest.raises(UsageError, match=r"26 parameters and this network 5.*own spec"):
        trainer(resolved("binary", hidden="1"), data("binary", width=2), kept)


def test_log_interval_and_slots_do_not_change_what_is_learned() -> None:
    often, seldom = (
        trainer(resolved("binary", log_every=n, epochs=6), data("binary")) for n in (1, 5)
    )
    assert [row[c.CURVE_EPOCH] for row in finish(often)] == [1, 2, 3, 4, 5, 6]
    assert [row[c.CURVE_EPOCH] for row in finish(seldom)] == [5, 6]
    assert (often.theta == seldom.theta).all()


def test_a_call_writes_no_more_rows_than_the_curve_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code checks no bounds."""
    monkeypatch.setattr("nncli.trainer.CURVE_CAPACITY", 8)
    training = trainer(resolved("binary", epochs=20), data("binary"))
    training._curve = np.full((32, c.CURVE_COLUMNS), np.nan)
    assert len(training.advance(10**6)) <= 8
    assert np.isnan(training._curve[8:]).all()
    assert len(finish(training)) >= 12
    assert training.status == "completed"


# --- divergence -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("budget", [1, 10**6])
def test_divergence_is_seen(dtype: str, threads: int, budget: int) -> None:
    spec = resolved(
        "regression", opt="sgd", lr=3, act="identity", epochs=200, dtype=dtype, threads=threads
    )
    training = trainer(spec, data("regression"))
    with np.errstate(all="ignore"):
        curve = finish(training, budget)
        expected = oracle.train(spec, data("regression"))
    assert training.status == "diverged"
    assert expected.status == "diverged"
    assert training.epoch < 200
    losses = [row[c.CURVE_VAL_LOSS] for row in curve]
    assert all(map(math.isfinite, losses[:-1]))
    assert np.isfinite(training.best_theta).all()
    assert training.best_epoch == 1 + int(np.nanargmin(losses)) == expected.best_epoch
    block = training.block(np.array(curve[-1:]), np.array([1.5])) if curve else None
    row = training.broken_row(1.5)[0] if training.broke_off else block[0]
    assert row.epoch == len(curve) + training.broke_off
    assert not all(map(math.isfinite, (row.train_loss, row.val_loss or 0.0)))


def test_a_number_that_is_none_among_the_rows_diverges_at_once() -> None:
    dataset = data("multiclass")
    dataset.rows[dataset.train[3], 1] = np.nan
    for act in hidden_activations():
        training = trainer(resolved("multiclass", act=act), dataset)
        finish(training)
        assert training.status == "diverged"
        assert training.broke_off
        assert training.epoch == 0
        assert training.best_epoch == 0
        assert math.isnan(training.broken_row(0.0)[0].train_loss)


def test_weights_that_are_no_numbers_are_not_the_best_ones() -> None:
    """Without a validation split nothing is computed from the weights of the last update."""
    spec = resolved("regression", opt="sgd", lr=1e308, clip_norm=None, epochs=1, batch_size="full")
    training = trainer(spec, data("regression", val=0))
    finish(training)
    assert not np.isfinite(training.theta).all()
    assert training.status == "diverged"


# --- evaluation -------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("rows", [1, 9])
def test_evaluation_of_a_split(task: str, rows: int) -> None:
    spec, dataset = resolved(task, hidden="6", act="tanh", dropout=0.5), data(task)
    training = trainer(spec, dataset)
    _, parameters, activations = oracle.start_of(spec, dataset)
    index = dataset.test[:rows]
    found = training.evaluate(index, training.theta)
    x, y = oracle.gathered(dataset, index)
    p = oracle.forward(parameters, activations, x).p
    assert spec.loss is not None
    assert found.loss == pytest.approx(oracle.LOSSES[spec.loss](p, y).mean(), rel=1e-13)
    scale = dataset.preprocessing.target_scale
    assert found.metric == pytest.approx(oracle.metric(task, p, y, scale), rel=1e-13)
