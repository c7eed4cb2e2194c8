"""Sweeps: opened once, found by every name, their trials listed and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_samples import a_curve, a_model, a_run
from sweep_samples import a_sweep, do, params_of, run_of, wanted

from nncli.errors import StoreError
from nncli.store import Settled, Summary, Sweep, SweepStore, sweep_queries
from nncli.store.records import clean

Execute = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def store(target: str | Path) -> Iterator[SweepStore]:
    with SweepStore(target, timeout=5) as opened:
        yield opened


@pytest.fixture
def sweep(store: SweepStore) -> Sweep:
    return store.open_sweep(a_sweep())[0]


def test_every_field_of_a_sweep_comes_back(store: SweepStore) -> None:
    new = a_sweep(name="night", tags=("b", "a"), note="caf\udce9\0", nncli_version="0.1.0")
    sweep, made = store.open_sweep(new)
    assert made
    expected = asdict(new) | {"note": clean(new.note)}
    assert {name: asdict(sweep)[name] for name in expected} == expected
    assert store.find_sweep(sweep.id) == sweep
    assert store.list_sweeps() == [sweep]


def test_a_sweep_of_the_same_definition_is_opened_again(store: SweepStore) -> None:
    first, made = store.open_sweep(a_sweep(name="first"))
    assert made
    assert store.open_sweep(a_sweep(name="again")) == (first, False)
    other, made = store.open_sweep(a_sweep(definition_hash="definition-2"))
    assert made
    anew, made = store.open_sweep(a_sweep(name="anew"), fresh=True)
    assert made
    assert store.open_sweep(a_sweep()) == (anew, False)  # the newest
    assert [each.id for each in store.list_sweeps(2)] == [anew.id, other.id]
    assert first.id < other.id < anew.id


def test_find_by_id_name_uuid_and_last(store: SweepStore) -> None:
    first, _ = store.open_sweep(a_sweep(name="alpha"))
    second, _ = store.open_sweep(a_sweep(name="beta"), fresh=True)
    assert store.find_sweep("last") == second
    assert store.find_sweep(first.id) == store.find_sweep(str(first.id)) == first
    assert store.find_sweep("alpha") == first
    for length in (13, 20, 36):
        assert store.find_sweep(first.uuid[:length]) == first


def test_find_refuses_what_is_unknown_or_ambiguous(store: SweepStore) -> None:
    store.create_run(a_run(name="gamma"))  # a run is no sweep
    with pytest.raises(StoreError, match=r"no sweep 'last': .* has no sweeps yet: nncli sweep"):
        store.find_sweep("last")
    for _ in range(2):
        store.open_sweep(a_sweep(name="twin"), fresh=True)
    with pytest.raises(StoreError, match=r"no sweep 'twni'.*did you mean 'twin'.*are 2 \(twin\)"):
        store.find_sweep("twni")
    with pytest.raises(StoreError, match=r"'twin' is the name of several sweeps.*give the id"):
        store.find_sweep("twin")
    with pytest.raises(StoreError, match="no sweep 'gamma'"):
        store.find_sweep("gamma")


def test_what_is_gone_is_refused(store: SweepStore, sweep: Sweep, execute: Execute) -> None:
    process = store.join_sweep(sweep.id)
    for call in (lambda: store.join_sweep(99), lambda: store.claim(99, process, [wanted(0)])):
        with pytest.raises(StoreError, match="no sweep 99"):
            call()
    with pytest.raises(StoreError, match="process 99 works on no sweep"):
        store.beat(99)
    assert execute("SELECT count(*) FROM trials") == [(0,)]


def test_trials_are_listed_with_what_came_of_them(store: SweepStore, sweep: Sweep) -> None:
    process = store.join_sweep(sweep.id)
    asked = [wanted(number, seed) for number in range(3) for seed in (5, 3)]
    store.claim(sweep.id, process, asked)
    summary = Summary(best_epoch=4, best_val_loss=np.nan, seconds_train=0.5)
    run_id = do(store, sweep, asked[0], "diverged", epochs=a_curve(1, 6), summary=summary)
    rows = list(store.trial_rows(sweep.id))
    assert [(row.number, row.seed) for row in rows] == [(n, s) for n in range(3) for s in (3, 5)]
    row = rows[1]
    assert (row.state, row.params, row.spec_hash) == ("done", params_of(0), "spec-0-5")
    assert (row.run_id, row.status, row.process_id) == (run_id, "diverged", process)
    assert (row.results["epochs"], row.results["val_loss"]) == (6, 1.5 / 6)
    assert row.results["best_val_loss"] is not None
    assert np.isnan(row.results["best_val_loss"])
    assert (row.results["seconds_train"], row.results["test_loss"]) == (0.5, None)
    assert (rows[0].state, rows[0].run_id, rows[0].status) == ("claimed", None, None)
    assert rows[0].results == {}
    assert rows[0].is_alive
    assert store.open_trials(sweep.id) == [each for each in rows if each is not row]
    assert list(store.trial_rows(sweep.id, after=1)) == rows[4:]
    assert list(store.trial_rows(99)) == []
    store.leave_sweep(process)
    assert not any(each.is_alive for each in store.trial_rows(sweep.id))


@pytest.mark.parametrize("count", [0, 3, 4, 7, 8, 9])
def test_pages_of_trials(
    store: SweepStore, sweep: Sweep, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(sweep_queries, "PAGE", 4)
    process = store.join_sweep(sweep.id)
    seeds = (0, 2**62, 7)  # a page may end among the seeds of a number
    asked = [wanted(k // 3, seeds[k % 3]) for k in range(count)]
    store.claim(sweep.id, process, asked)
    rows = [(row.number, row.seed) for row in store.trial_rows(sweep.id)]
    assert rows == sorted((each.number, each.seed) for each in asked)
    assert [claim.outcome for claim in store.claim(sweep.id, process, asked)] == ["mine"] * count


def test_counts(store: SweepStore, sweep: Sweep, execute: Execute) -> None:
    assert store.counts(sweep.id) == {}
    process = store.join_sweep(sweep.id)
    asked = [wanted(number) for number in range(8)]
    store.claim(sweep.id, process, asked)
    for each, status in zip(asked, ("completed", "completed", "failed", "pruned"), strict=False):
        deleted = do(store, sweep, each, status)
    execute(f"DELETE FROM runs WHERE id = {deleted}")
    store.settle(sweep.id, [Settled(4, 0, None, "dropped")])
    running = store.create_run(run_of(asked[5], sweep))
    lost = store.create_run(run_of(asked[6], sweep))
    store.link(sweep.id, 5, 0, running)
    store.link(sweep.id, 6, 0, lost)
    execute(f"UPDATE runs SET pid_started = '12' WHERE id = {lost}")
    assert store.counts(sweep.id) == {
        "completed": 2,
        "failed": 1,
        "missing": 1,
        "dropped": 1,
        "running": 1,
        "stale": 1,
        "claimed": 1,
    }
    status = {row.number: row.status for row in store.trial_rows(sweep.id)}
    assert (status[3], status[5], status[6], status[7]) == (None, "running", "stale", None)


def test_settling_twice_is_harmless(store: SweepStore, sweep: Sweep) -> None:
    store.claim(sweep.id, store.join_sweep(sweep.id), [wanted(0), wanted(1)])
    run_id = do(store, sweep, wanted(0))
    for settled in ([Settled(0, 0, run_id)], [Settled(0, 0)], [Settled(99, 0, run_id)], []):
        store.settle(sweep.id, settled)
        first, second = store.trial_rows(sweep.id)
        assert (first.state, first.run_id, second.state) == ("done", run_id, "claimed")
    with pytest.raises(ValueError, match="cannot end as 'claimed'"):
        store.settle(sweep.id, [Settled(0, 0, None, "claimed")])  # type: ignore[arg-type]


def test_deleting_a_sweep_takes_its_trials_and_leaves_its_runs(
    store: SweepStore, sweep: Sweep, execute: Execute
) -> None:
    kept, _ = store.open_sweep(a_sweep(), fresh=True)
    for each in (sweep, kept):
        process = store.join_sweep(each.id)
        store.claim(each.id, process, [wanted(0)], reuse=False)
        do(store, each, wanted(0), last=a_model(3))
    store.close()
    execute(f"DELETE FROM sweeps WHERE id = {sweep.id}")
    for table in ("trials", "sweep_processes"):
        assert execute(f"SELECT sweep_id FROM {table}") == [(kept.id,)]
    assert [run.sweep_id for run in store.list_runs()] == [kept.id, sweep.id]
    with pytest.raises(StoreError, match="no sweep 1"):
        store.claim(sweep.id, 1, [wanted(1)])
    assert store.open_sweep(a_sweep(), fresh=True)[0].id == kept.id + 1  # an id is used once


def test_a_view_for_people(store: SweepStore, execute: Execute) -> None:
    sweep, _ = store.open_sweep(a_sweep(name="night"))
    store.claim(sweep.id, store.join_sweep(sweep.id), [wanted(0), wanted(1), wanted(2)])
    run_id = do(store, sweep, wanted(0), "diverged", summary=Summary(val_loss=np.inf, epochs=4))
    store.settle(sweep.id, [Settled(1, 0, None, "dropped")])
    columns = "sweep_id, sweep, number, seed, run_id, status, epochs, val_loss, nonfinite, params"
    assert execute(f"SELECT {columns} FROM sweep_trials ORDER BY number") == [
        (sweep.id, "night", 0, 0, run_id, "diverged", 4, None, "val_loss=+inf", params_of(0)),
        (sweep.id, "night", 1, 0, None, "dropped", None, None, None, params_of(1)),
        (sweep.id, "night", 2, 0, None, "claimed", None, None, None, params_of(2)),
    ]
