"""Divergence is seen at once; evaluation is by running statistics, without dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import data, finish, resolved, trainer

from nncli.kernels import control as c
from nncli.reading import hidden_activations

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
        if act == "step":  # which asks whether a sum is above zero
            continue
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
@pytest.mark.parametrize("bn", ["none", "before", "after"])
def test_evaluation_of_a_split(task: str, rows: int, bn: str) -> None:
    """Without dropout, by running statistics: also of a row alone."""
    dataset = data(task)
    spec = resolved(task, hidden="6", act="tanh", dropout=0.5, bn=bn, bn_input=bn != "none")
    training = trainer(spec, dataset)
    finish(training)
    _, network, like = oracle.start_of(spec, dataset)
    index = dataset.test[:rows]
    found = training.evaluate(index, training.theta)
    x, y = oracle.gathered(dataset, index)
    done = oracle.forward(network, oracle.unflat(training.theta, like), x)
    expected = oracle.loss_of(spec, dataset).of_rows(done, y).mean()
    assert found.loss == pytest.approx(expected, rel=1e-13)
    scale = dataset.preprocessing.target_scale
    assert found.metric == pytest.approx(oracle.metric(task, done.p, y, scale), rel=1e-13)


def test_rows_are_evaluated_for_themselves() -> None:
    dataset = data("multiclass", val=300)
    spec = resolved("multiclass", hidden="6,5", bn="before,after", bn_input=True, dropout=0.5)
    training = trainer(spec, dataset)
    finish(training)
    alone = [training.evaluate(dataset.val[i : i + 1], training.theta).loss for i in range(300)]
    together = training.evaluate(dataset.val, training.theta).loss
    assert together == pytest.approx(np.mean(alone), rel=1e-12)


def test_gamma_and_beta_of_the_data_change_nothing() -> None:
    """A network with ``gamma = sqrt(D z + eps)``, ``beta = E z`` is the one that has neither."""
    dataset = data("multiclass")
    options: dict[str, Any] = {"hidden": "6,5", "act": "tanh", "batch_size": "full", "epochs": 1}
    bare = resolved("multiclass", **options)
    normal = resolved("multiclass", **options, bn="before", bn_input=True)
    x, _ = oracle.gathered(dataset, dataset.train)
    _, network, arrays = oracle.start_of(bare, dataset)
    done = oracle.forward(network, arrays, x)
    training = trainer(normal, dataset)
    views = training.model.views(training.theta)
    assert normal.bn_eps is not None
    sums = {"input": x} | {f"layer {i}": z for i, z in enumerate(done.z[:-1], 1)}
    for owner, z in sums.items():
        views[f"{owner} gamma"][:] = np.sqrt(z.var(axis=0) + normal.bn_eps)
        views[f"{owner} beta"][:] = views[f"{owner} running_mean"][:] = z.mean(axis=0)
        views[f"{owner} running_var"][:] = z.var(axis=0)
    for name, values in arrays.items():
        if name.endswith("W"):
            np.testing.assert_array_equal(views[name], values)
    plain = trainer(bare, dataset)
    one, other = (each.evaluate(dataset.train, each.theta) for each in (plain, training))
    assert other.loss == pytest.approx(one.loss, rel=1e-13)
    (row,), (other_row,) = plain.advance(1), training.advance(1)  # by the batch's statistics
    assert other_row[c.CURVE_TRAIN_LOSS] == pytest.approx(row[c.CURVE_TRAIN_LOSS], rel=1e-13)
