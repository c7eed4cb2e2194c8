"""L-BFGS: against SciPy on the oracle's functions, at minima that are known, and resumed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.small_runs import data, finish, resolved, trainer

from nncli.lbfgs import LbfgsTrainer

#: Line searches choose by comparing losses and so multiply roundings more than steps do.
CLOSE: dict[str, Any] = {"rtol": 1e-6, "atol": 1e-8}

CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "no hidden layer": {"hidden": "none"},
    "weight decay": {"weight_decay": 0.1},
    "normalized": {"bn": "before"},
    "slopes": {"act": "prelu:0.1:unit"},
    "slopes that stay": {"act": "leaky_relu:0.3"},
    "threads": {"threads": 2, "hidden": "40,20"},
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_trajectory(name: str, task: str) -> None:
    spec = resolved(task, **{"opt": "lbfgs", "act": "tanh", "batch_size": None, **CASES[name]})
    spec = replace(spec, epochs=6)
    training = trainer(spec, data(task))
    assert isinstance(training, LbfgsTrainer)
    curve = finish(training)
    expected, theta = oracle.train_by_lbfgs(spec, data(task))
    assert training.status == "completed"
    np.testing.assert_allclose(curve, expected, **CLOSE)
    np.testing.assert_allclose(training.theta, theta, **CLOSE)
    assert training.best_epoch == 1 + int(np.argmin(expected[:, oracle.COLUMNS.index("val_loss")]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_finds_the_least_squares(dtype: str) -> None:
    """Of a linear regression; far fewer iterations than asked for, and then it stops."""
    dataset = data("regression", train=60, width=4)
    spec = resolved(
        "regression", opt="lbfgs", hidden="none", batch_size=None, epochs=500, dtype=dtype
    )
    training = trainer(spec, dataset)
    finish(training)
    assert training.status == "completed"
    assert training.epoch < 60
    x, y = oracle.gathered(dataset, dataset.train)
    with_one = np.hstack([x, np.ones((len(x), 1))])
    best, *_ = np.linalg.lstsq(with_one, y, rcond=None)
    found = training.theta.reshape(-1, 2)
    # it stops where the loss, flat at its minimum, falls by less than its own rounding
    accuracy = 1e-5 if dtype == "float64" else 2e-3
    np.testing.assert_allclose(found, best, rtol=0, atol=accuracy)


def test_its_gradient_with_the_penalty_vanishes() -> None:
    """Logistic regression with weight decay has one minimum."""
    dataset = data("binary", train=60, width=4)
    spec = resolved(
        "binary", opt="lbfgs", hidden="none", batch_size=None, epochs=500, weight_decay=0.05
    )
    training = trainer(spec, dataset)
    finish(training)
    x, y = oracle.gathered(dataset, dataset.train)
    w, b = training.theta[:4, None], training.theta[4]
    error = 1 / (1 + np.exp(-(x @ w + b))) - y
    np.testing.assert_allclose(x.T @ error / len(x) + 0.05 * w, 0, atol=1e-5)  # gtol, ftol
    np.testing.assert_allclose(error.mean(), 0, atol=1e-5)


RESUMED: dict[str, dict[str, Any]] = {
    "float32": {"dtype": "float32"},
    "float64": {"dtype": "float64", "weight_decay": 0.01},
    "two threads": {"threads": 2, "hidden": "40,20"},
    "normalized": {"bn": "before", "bn_input": True, "dtype": "float32"},
}


@pytest.mark.parametrize("epoch", [0, 1, 3, 7])
@pytest.mark.parametrize("name", RESUMED)
def test_a_resumed_run_comes_to_the_same_bits(name: str, epoch: int) -> None:
    options = {"opt": "lbfgs", "batch_size": None, "epochs": 8, "act": "prelu", **RESUMED[name]}
    spec, dataset = resolved("multiclass", **options), data("multiclass")
    whole, first = trainer(spec, dataset), trainer(spec, dataset)
    curve = finish(whole)
    assert len(curve) == 8
    begun = first.advance(epoch).tolist() if epoch else []
    kept = first.checkpoint()
    assert finish(first) == curve[epoch:]
    stored = replace(kept, position=json.loads(json.dumps(kept.position)))
    second = trainer(spec, dataset, stored)
    assert (second.epoch, second.updates) == (epoch, epoch)
    assert begun + finish(second, 2) == curve
    for attribute in ("theta", "best_theta"):
        assert getattr(whole, attribute).tobytes() == getattr(second, attribute).tobytes()
    assert (second.status, second.best_epoch) == (whole.status, whole.best_epoch)


def test_a_completed_run_goes_on_to_more_epochs() -> None:
    few, many = (resolved("binary", opt="lbfgs", batch_size=None, epochs=n) for n in (3, 7))
    whole, first = trainer(many, data("binary")), trainer(few, data("binary"))
    curve, begun = finish(whole), finish(first)
    second = trainer(many, data("binary"), first.checkpoint())
    assert begun + finish(second) == curve
    assert second.theta.tobytes() == whole.theta.tobytes()


def test_it_stops_early() -> None:
    dataset = data("multiclass")
    spec = resolved("multiclass", opt="lbfgs", batch_size=None, epochs=200, early_stop=3)
    training = trainer(spec, dataset)
    curve = finish(training)
    assert training.status == "early_stopped"
    assert len(curve) == training.best_epoch + 3


def test_the_last_iteration_of_a_search_that_ends_by_itself_is_logged() -> None:
    dataset = data("regression", train=60, width=4)
    spec = resolved(
        "regression", opt="lbfgs", hidden="none", batch_size=None, epochs=500, log_every=100
    )
    training = trainer(spec, dataset)
    curve = finish(training)
    assert training.status == "completed"
    assert training.epoch < 100
    assert [row[0] for row in curve] == [training.epoch]
    assert training.best_theta.tobytes() == training.theta.tobytes()


def test_a_fault_in_its_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trainer(resolved("binary", opt="lbfgs", batch_size=None), data("binary"))

    def broken(trained: Any) -> Any:
        raise FloatingPointError("no")

    monkeypatch.setattr(training, "_evaluate", broken)
    with pytest.raises(FloatingPointError, match="no"):
        training.advance(1)


def test_rows_that_are_no_numbers_diverge() -> None:
    dataset = data("binary")
    dataset.rows[dataset.train[3], 1] = np.nan
    training = trainer(resolved("binary", opt="lbfgs", batch_size=None, act="tanh"), dataset)
    finish(training)
    assert training.status == "diverged"
