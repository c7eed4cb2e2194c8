"""A run stored at once is the run that begins, saves and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from store_samples import a_curve, a_model, a_run, layers_of

from nncli.errors import StoreError
from nncli.store import RunStore, Summary
from nncli.store.records import ENDED

OF_ITSELF = ("id", "uuid", "created", "started", "finished", "heartbeat")


def an_odd_curve() -> dict[str, Any]:
    curve = a_curve(1, 8)
    curve["train_loss"] = np.where(curve["epoch"] == 8, np.nan, curve["train_loss"])
    curve["val_loss"] = np.where(curve["epoch"] > 6, -np.inf, curve["val_loss"])
    curve["grad_norm"] = np.ma.MaskedArray(curve["grad_norm"], mask=curve["epoch"] % 2 == 0)
    return curve


@pytest.mark.parametrize("status", ENDED)
def test_it_is_what_the_calls_one_by_one_leave(store: RunStore, status: str) -> None:
    new = a_run(
        name="n",
        tags=("b", "a"),
        sweep_id=3,
        parameters=99,
        git_dirty=False,
        versions={"numpy": "2.4"},
        environment={"deep": [1, {"a": None}]},
    )
    given: dict[str, Any] = {
        "epochs": an_odd_curve(),
        "layers": layers_of(1, 3),
        "last": a_model(8),
        "best": a_model(5),
        "summary": Summary(best_epoch=5, best_val_loss=np.inf, test_loss=0.5, seconds_train=0.25),
        "error": "of some kind\0",
    }
    expected = store.create_run(new)
    store.finish_run(expected, status, **given)
    run_id, uuid = store.add_run(new, status, **given)
    one, two = asdict(store.get_run(expected)), asdict(store.get_run(run_id))
    assert (two["id"], two["uuid"]) == (run_id, uuid)
    assert run_id == expected + 1
    np.testing.assert_equal(
        {name: value for name, value in two.items() if name not in OF_ITSELF},
        {name: value for name, value in one.items() if name not in OF_ITSELF},
    )
    assert np.isnan(two["train_loss"])
    for load in (store.curve, store.layer_stats):
        left, right = load(expected), load(run_id)
        for name in left.names():
            np.testing.assert_array_equal(left[name], right[name])
        for name, cells in left.measured.items():
            np.testing.assert_array_equal(cells, right.measured[name])
    assert store.load_model(run_id) == a_model(8)
    assert store.load_model(run_id, "best") == a_model(5)


def test_the_raw_rows_are_the_same(
    store: RunStore, execute: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    store.finish_run(store.create_run(a_run()), "diverged", an_odd_curve())
    store.add_run(a_run(), "diverged", an_odd_curve())
    one, two = execute("SELECT flags, train_loss, val_loss, epochs FROM runs ORDER BY id")
    assert one == two == (1 | 3 << 2, None, None, 8)
    one, two = execute("SELECT count(*), sum(flags) FROM epochs GROUP BY run_id ORDER BY run_id")
    assert one == two


def test_a_run_without_anything(store: RunStore) -> None:
    began = "2026-03-01T09:30:00.000Z"
    run_id, _ = store.add_run(a_run(), "failed", error="no memory", started=began)
    run = store.get_run(run_id)
    assert (run.status, run.error, run.epochs, run.updates) == ("failed", "no memory", 0, 0)
    assert (run.created, run.started) == (began, began)
    assert run.finished == run.heartbeat > began
    assert len(store.curve(run_id)) == 0
    with pytest.raises(StoreError, match="it keeps none"):
        store.load_model(run_id)
    with pytest.raises(ValueError, match="cannot end as 'running'"):
        store.add_run(a_run(), "running")


def test_it_is_all_or_nothing(store: RunStore) -> None:
    twice = a_curve(1, 3) | {"epoch": [1, 2, 2]}
    with pytest.raises(StoreError, match="refused a row"):
        store.add_run(a_run(), "completed", twice, last=a_model(3))
    assert store.list_runs() == []


def test_many_join_one_transaction(store: RunStore) -> None:
    versions = {"numpy": "2.4"}
    with store.transaction():
        for seed in range(3):
            new = a_run(seed=seed, versions=versions, environment={"seed": seed})
            store.add_run(new, "completed", a_curve(1, 3), last=a_model(3))
    runs = [store.get_run(row.id) for row in store.list_runs()]
    assert [run.seed for run in runs] == [2, 1, 0]
    assert [(run.versions, run.environment) for run in runs] == [
        (versions, {"seed": seed}) for seed in (2, 1, 0)
    ]


def test_it_can_be_gone_on_with(store: RunStore) -> None:
    run_id, _ = store.add_run(a_run(), "interrupted", a_curve(1, 6), last=a_model(6))
    assert store.reopen_run(run_id) == a_model(6)
    store.save(run_id, a_curve(7, 9), last=a_model(9))
    store.finish_run(run_id, "completed", a_curve(10, 12), last=a_model(12), best=a_model(11))
    assert store.get_run(run_id).epochs == 12
    assert store.load_model(run_id) == a_model(12)
    assert store.load_model(run_id, "best") == a_model(11)
