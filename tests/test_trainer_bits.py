"""The same bits however a run is cut: into calls, into runs, over threads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fixtures.small_runs import Data, data, finish, resolved, trainer

from nncli.errors import UsageError
from nncli.kernels import control as c
from nncli.spec import Spec
from nncli.trainer import Trainer

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


#: Batch Normalization everywhere, learned slopes of both kinds, a momentum with a memory.
NORMALIZED: dict[str, Any] = {
    **EVERYTHING, "act": "prelu:0.1:unit,prelu", "bn": "before,after", "bn_input": True,
    "opt": "nadam", "momentum_decay": 0.1, "batch_size": 6,
}  # fmt: skip
#: The largest second moments, and weights that shrink beside them.
AMSGRAD: dict[str, Any] = {**EVERYTHING, "act": "elu:0.5", "bn": "before", "opt": "amsgrad"}
LION: dict[str, Any] = {**EVERYTHING, "act": "prelu:0.3:fixed", "opt": "lion", "lr": 1e-3}

RUNS = [
    *((EVERYTHING, "float32", 1), (EVERYTHING, "float64", 1), (EVERYTHING, "float32", 2)),
    *((NORMALIZED, "float32", 1), (NORMALIZED, "float64", 2), (AMSGRAD, "float32", 1)),
    (LION, "float32", 1),
]


@pytest.fixture(params=RUNS, ids=lambda each: f"{each[0]['opt']}-{each[1]}-{each[2]}")
def everything(request: pytest.FixtureRequest) -> tuple[Spec, Data]:
    options, dtype, threads = request.param
    return resolved("multiclass", **options, dtype=dtype, threads=threads), data("multiclass")


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


@pytest.mark.parametrize("updates", [0, 1, 7, 10, 33, 47])
def test_a_resumed_run_comes_to_the_same_bits(everything: tuple[Spec, Data], updates: int) -> None:
    """In the middle of an epoch, between two, in the last."""
    spec, dataset = everything
    whole, first = trainer(spec, dataset), trainer(spec, dataset)
    curve = finish(whole)
    begun = first.advance(updates).tolist() if updates else []
    kept = first.checkpoint()
    finish(first)  # a checkpoint is a copy: training on must not change it
    stored = replace(kept, position=json.loads(json.dumps(kept.position)))
    second = trainer(spec, dataset, stored)
    assert (second.updates, second.epoch) == (updates, updates // whole.batches)
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
    with pytest.raises(UsageError, match=r"26 numbers and this network 5.*own spec"):
        trainer(resolved("binary", hidden="1"), data("binary", width=2), kept)


def test_log_interval_and_slots_do_not_change_what_is_learned() -> None:
    often, seldom = (
        trainer(resolved("binary", log_every=n, epochs=6), data("binary")) for n in (1, 5)
    )
    assert [row[c.CURVE_EPOCH] for row in finish(often)] == [1, 2, 3, 4, 5, 6]
    assert [row[c.CURVE_EPOCH] for row in finish(seldom)] == [5, 6]
    assert (often.theta == seldom.theta).all()


def test_a_call_writes_no_more_rows_than_the_curve_holds() -> None:
    """Native code checks no bounds."""
    training = trainer(resolved("binary", epochs=20), data("binary"))
    memory = np.full((32, c.CURVE_COLUMNS), np.nan)
    training._curve = memory[:8]
    assert len(training.advance(10**6)) <= 8
    assert np.isnan(memory[8:]).all()
    assert len(finish(training)) >= 12
    assert training.status == "completed"


# --- threads ----------------------------------------------------------------------------------

THREADED: dict[str, dict[str, Any]] = {
    "plain": {"act": "tanh"},
    "normalized before": {"bn": "before"},
    "normalized after": {"bn": "after"},
    "normalized input": {"bn_input": True, "act": "tanh"},
    "a slope a unit": {"act": "prelu:0.1:unit"},
    "a slope a layer": {"act": "prelu:0.1"},
    "all at once": {"bn": "after,before", "act": "prelu,prelu:0.2:unit", "bn_input": True},
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", THREADED)
def test_threads_come_to_the_same_weights(name: str, dtype: str) -> None:
    """To the bit: each rank computes whole sums over rows, in the order of a single thread.

    What is added up over ranks, losses and the norm of the gradient, differs by roundings, so that
    this holds for weights as long as no norm is clipped.
    """
    options = {"hidden": "70,40", "batch_size": 12, "opt": "momentum", "dropout": 0.2}
    dataset = data("multiclass", width=40)
    spec = resolved("multiclass", **{**options, **THREADED[name]}, dtype=dtype)
    one, two, three = (trainer(replace(spec, threads=n), dataset) for n in (1, 2, 3))
    curves = [np.array(finish(each)) for each in (one, two, three)]
    assert one.theta.tobytes() == two.theta.tobytes() == three.theta.tobytes()
    for other in curves[1:]:
        # sums of 23 losses of one type's accuracy
        np.testing.assert_allclose(other, curves[0], rtol=30 * float(np.finfo(dtype).eps))
