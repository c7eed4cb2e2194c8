"""Who gets which trial of a sweep: never two, never nobody, and what is done stays done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store_samples import ELSEWHERE, a_curve, a_model, a_run, layers_of
from sweep_samples import a_sweep, do, params_of, run_of, wanted

from nncli.store import Claim, Settled, Summary, Sweep, SweepStore
from nncli.store.process import Process, this_process
from nncli.store.records import ENDED, FINAL

Execute = Callable[[str], list[tuple[Any, ...]]]
OpenAs = Callable[..., SweepStore]

KILLED = replace(this_process(), started="12")
"""A process of this machine whose number came to another since."""


@pytest.fixture
def open_as(target: str | Path) -> Iterator[OpenAs]:
    opened: list[SweepStore] = []

    def open_as(process: Process | None = None, **more: Any) -> SweepStore:
        opened.append(SweepStore(target, timeout=5, process=process, **more))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()


@pytest.fixture
def store(open_as: OpenAs) -> SweepStore:
    return open_as()


@pytest.fixture
def sweep(store: SweepStore) -> Sweep:
    return store.open_sweep(a_sweep())[0]


@pytest.fixture
def process(store: SweepStore, sweep: Sweep) -> int:
    return store.join_sweep(sweep.id)


def outcomes(claims: list[Claim]) -> list[tuple[str, int | None]]:
    return [(claim.outcome, claim.run_id) for claim in claims]


def test_a_claimed_trial_is_busy_for_others(
    store: SweepStore, sweep: Sweep, process: int, execute: Execute
) -> None:
    other = store.join_sweep(sweep.id)
    asked = [wanted(1), wanted(0, 2**62), wanted(0)]
    claims = store.claim(sweep.id, process, asked)
    assert claims == [
        Claim(each.number, each.seed, "mine", each.params, each.spec_hash) for each in asked
    ]
    before = execute("SELECT * FROM trials ORDER BY number, seed")
    theirs = [wanted(0, params='{"lr": 77}', spec_hash="theirs"), wanted(2)]
    busy, mine = store.claim(sweep.id, other, theirs)
    assert (busy.outcome, busy.params, busy.spec_hash) == ("busy", params_of(0), "spec-0-0")
    assert (mine.outcome, mine.number) == ("mine", 2)
    assert execute("SELECT * FROM trials WHERE number < 2 ORDER BY number, seed") == before
    assert store.claim(sweep.id, process, asked) == claims  # its own it may ask for again


def test_nothing_wanted_is_nothing(store: SweepStore, sweep: Sweep, process: int) -> None:
    assert store.claim(sweep.id, process, []) == []


def test_the_same_trial_twice_in_a_batch(store: SweepStore, sweep: Sweep, process: int) -> None:
    first, second = store.claim(sweep.id, process, [wanted(0), wanted(0)])
    assert first == second
    assert len(list(store.trial_rows(sweep.id))) == 1


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("settled", [True, False])
def test_a_run_with_a_result_is_not_done_again(
    store: SweepStore, sweep: Sweep, process: int, status: str, settled: bool
) -> None:
    """Also where the process was killed between the end of the run and settling it."""
    store.claim(sweep.id, process, [wanted(0)])
    run_id = store.create_run(run_of(wanted(0), sweep))
    store.link(sweep.id, 0, 0, run_id)
    store.finish_run(run_id, status, a_curve(1, 4), summary=Summary(best_val_loss=0.25))
    if settled:
        store.settle(sweep.id, [Settled(0, 0, run_id)])
    store.leave_sweep(process)
    other = store.join_sweep(sweep.id)
    (claim,) = store.claim(sweep.id, other, [wanted(0)])
    assert claim.outcome == ("done" if status in FINAL else "mine")
    assert (claim.run_id, claim.status, claim.results["best_val_loss"]) == (run_id, status, 0.25)
    (row,) = store.trial_rows(sweep.id)
    assert row.state == ("done" if status in FINAL else "claimed")
    assert row.run_id == run_id
    assert bool(store.open_trials(sweep.id)) == (status not in FINAL)


def test_what_failed_is_not_tried_by_every_process_at_work(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    store.claim(sweep.id, process, [wanted(0)])
    run_id = do(store, sweep, wanted(0), "failed")
    other = store.join_sweep(sweep.id)
    (claim,) = store.claim(sweep.id, other, [wanted(0)])
    assert (claim.outcome, claim.run_id, claim.status) == ("done", run_id, "failed")
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("mine", run_id)]
    store.leave_sweep(process)
    assert outcomes(store.claim(sweep.id, other, [wanted(0)])) == [("mine", run_id)]


def test_a_dropped_trial_is_done_without_a_run(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    store.claim(sweep.id, process, [wanted(0)])
    store.settle(sweep.id, [Settled(0, 0, None, "dropped")])
    store.add_run(run_of(wanted(0)), "completed")  # found elsewhere, but not to be run
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("done", None)]


def test_a_deleted_run_makes_its_trial_missing(
    store: SweepStore, sweep: Sweep, process: int, execute: Execute
) -> None:
    store.claim(sweep.id, process, [wanted(0)])
    do(store, sweep, wanted(0))
    execute("DELETE FROM runs")
    other = store.join_sweep(sweep.id)
    assert outcomes(store.claim(sweep.id, other, [wanted(0)])) == [("mine", None)]
    (row,) = store.trial_rows(sweep.id)
    assert (row.state, row.process_id, row.run_id) == ("claimed", other, None)


def test_what_a_killed_process_held_is_taken_over(
    store: SweepStore, open_as: OpenAs, sweep: Sweep, process: int
) -> None:
    killed = open_as(KILLED)
    held = killed.join_sweep(sweep.id)
    asked = [wanted(0), wanted(1)]
    killed.claim(sweep.id, held, asked)
    begun = killed.create_run(run_of(wanted(0), sweep))
    killed.save(begun, a_curve(1, 4), last=a_model(4))
    killed.link(sweep.id, 0, 0, begun)
    assert [row.is_alive for row in store.open_trials(sweep.id)] == [False, False]
    # Its configurations stay: a sampler that learns would propose others now.
    proposed = [wanted(0), wanted(1, params='{"lr": 77}', spec_hash="other")]
    claims = store.claim(sweep.id, process, proposed)
    assert outcomes(claims) == [("mine", begun), ("mine", None)]
    assert [claim.status for claim in claims] == ["stale", None]
    assert (claims[1].params, claims[1].spec_hash) == (params_of(1), "spec-1-0")
    assert [row.process_id for row in store.open_trials(sweep.id)] == [process] * 2
    assert store.reopen_run(begun) == a_model(4)
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("mine", begun)]


def test_what_a_process_leaves_is_free(store: SweepStore, sweep: Sweep, process: int) -> None:
    store.claim(sweep.id, process, [wanted(0), wanted(1)])
    run_id = do(store, sweep, wanted(0))
    store.leave_sweep(process)
    other = store.join_sweep(sweep.id)
    claims = store.claim(sweep.id, other, [wanted(0), wanted(1)])
    assert outcomes(claims) == [("done", run_id), ("mine", None)]


def test_on_another_machine_the_heartbeat_decides(open_as: OpenAs) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    theirs = open_as(ELSEWHERE, clock=lambda: now)
    sweep, _ = theirs.open_sweep(a_sweep())
    held = theirs.join_sweep(sweep.id)
    theirs.claim(sweep.id, held, [wanted(0)])

    def asked_after(minutes: float) -> str:
        mine = open_as(clock=lambda: now + timedelta(minutes=minutes))
        process = mine.join_sweep(sweep.id)
        (claim,) = mine.claim(sweep.id, process, [wanted(0)])
        mine.leave_sweep(process)
        return claim.outcome

    assert asked_after(4.9) == "busy"
    open_as(ELSEWHERE, clock=lambda: now + timedelta(minutes=4)).beat(held)
    assert asked_after(8.9) == "busy"
    assert asked_after(9.1) == "mine"


def test_a_run_that_somebody_resumed_by_hand_is_busy(
    store: SweepStore, open_as: OpenAs, sweep: Sweep, process: int
) -> None:
    killed = open_as(KILLED)
    held = killed.join_sweep(sweep.id)
    killed.claim(sweep.id, held, [wanted(0)])
    run_id = killed.create_run(run_of(wanted(0), sweep))
    killed.link(sweep.id, 0, 0, run_id)
    store.reopen_run(run_id)
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("busy", run_id)]
    store.finish_run(run_id, "interrupted")
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("mine", run_id)]


def test_all_seeds_of_a_number_have_its_params(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    store.claim(sweep.id, process, [wanted(0, 0)])
    do(store, sweep, wanted(0, 0))
    store.leave_sweep(process)
    other = store.join_sweep(sweep.id)
    (claim,) = store.claim(sweep.id, other, [wanted(0, 1, params='{"lr": 77}')])
    assert (claim.outcome, claim.params, claim.spec_hash) == ("mine", params_of(0), "")
    # Written otherwise they are the same, and now the hash is known.
    spelled = json.dumps(json.loads(params_of(0)), indent=2)
    (claim,) = store.claim(sweep.id, other, [wanted(0, 1, params=spelled)])
    assert (claim.params, claim.spec_hash) == (params_of(0), "spec-0-1")


def test_runs_of_other_sweeps_are_taken_for_results(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    reusable = {}
    for number, status in enumerate(ENDED):
        run_id, _ = store.add_run(
            run_of(wanted(number)), status, summary=Summary(val_loss=0.5 + number)
        )
        if status in ("completed", "early_stopped", "diverged"):
            reusable[number] = run_id
    asked = [wanted(number) for number in range(len(ENDED))]
    claims = store.claim(sweep.id, process, asked)
    assert {claim.number: claim.run_id for claim in claims if claim.outcome == "done"} == reusable
    assert all(claim.run_id is None for claim in claims if claim.outcome == "mine")
    assert claims[0].results["val_loss"] == 0.5
    rows = list(store.trial_rows(sweep.id))
    assert {row.number: row.run_id for row in rows if row.state == "done"} == reusable
    assert rows[0].results == claims[0].results
    # Once they are linked it does not matter that nothing is to be taken any more.
    assert store.claim(sweep.id, process, asked, reuse=False) == claims


def test_the_newest_run_of_the_same_data_is_taken(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    new = run_of(wanted(0))
    first, newest, _failed, _other_data = (
        store.add_run(each, status)[0]
        for each, status in (
            (new, "diverged"),
            (new, "completed"),
            (new, "failed"),
            (replace(new, data_hash="data-2"), "completed"),
        )
    )
    assert first < newest
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("done", newest)]


def test_without_reuse_other_runs_do_not_count(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    store.add_run(run_of(wanted(0)), "completed")
    (claim,) = store.claim(sweep.id, process, [wanted(0)], reuse=False)
    assert outcomes([claim]) == [("mine", None)]


def test_where_layers_are_watched_runs_without_their_statistics_do_not_count(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    blind, _ = store.add_run(run_of(wanted(0)), "completed")
    (claim,) = store.claim(sweep.id, process, [wanted(0)], watched=True)
    assert outcomes([claim]) == [("mine", None)]
    seeing, _ = store.add_run(run_of(wanted(1)), "completed", layers=layers_of(1, 2))
    asked = [wanted(1)]
    assert outcomes(store.claim(sweep.id, process, asked, watched=True)) == [("done", seeing)]
    hashes = wanted(0).spec_hash, wanted(0).data_hash
    assert store.find_completed(*hashes) == blind
    assert store.find_completed(*hashes, watched=True) is None
    hashes = wanted(1).spec_hash, wanted(1).data_hash
    assert store.find_completed(*hashes, watched=True) == seeing


@pytest.mark.parametrize("reuse", [True, False])
def test_the_same_spec_under_two_numbers_is_run_once(
    store: SweepStore, sweep: Sweep, process: int, reuse: bool
) -> None:
    store.claim(sweep.id, process, [wanted(0)], reuse=reuse)
    twin = replace(wanted(0), number=1)
    other = replace(wanted(0), number=2)
    assert outcomes(store.claim(sweep.id, process, [twin], reuse=reuse)) == [("mine", None)]
    run_id = do(store, sweep, wanted(0), "pruned")
    assert outcomes(store.claim(sweep.id, process, [other], reuse=reuse)) == [("done", run_id)]


def test_a_free_trial_is_done_by_a_run_found_since(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    store.claim(sweep.id, process, [wanted(0)])
    do(store, sweep, wanted(0), "failed")
    run_id, _ = store.add_run(run_of(wanted(0)), "completed")
    assert outcomes(store.claim(sweep.id, process, [wanted(0)])) == [("done", run_id)]
    (row,) = store.trial_rows(sweep.id)
    assert (row.state, row.run_id) == ("done", run_id)


def test_claims_of_a_transaction_that_fails_are_free(
    store: SweepStore, sweep: Sweep, process: int
) -> None:
    def stopped_half_way() -> None:
        with store.transaction():
            store.claim(sweep.id, process, [wanted(0)])
            do(store, sweep, wanted(0))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stopped_half_way()
    assert list(store.trial_rows(sweep.id)) == []
    assert store.list_runs() == []


def test_large_batches(store: SweepStore, sweep: Sweep, process: int) -> None:
    """More than a page of numbers and of hashes, some done and some new."""
    done = [wanted(number) for number in range(0, 1200, 2)]
    with store.transaction():
        for each in done:
            store.add_run(run_of(each), "completed")
    asked = [wanted(number) for number in range(1200)]
    claims = store.claim(sweep.id, process, asked)
    assert [claim.outcome for claim in claims] == ["done", "mine"] * 600
    assert store.claim(sweep.id, process, asked) == claims


def test_reuse_is_found_by_the_index_of_specs(path: Path, execute: Execute) -> None:
    """Among many runs of one sweep and status, not by either of these."""
    from sqlalchemy import create_engine

    from nncli.store.claims import _RUNS
    from nncli.store.schema import runs

    with SweepStore(path) as store:
        store.create_run(a_run())
    statement = _RUNS.where(runs.c.spec_hash.in_([f"{k}" for k in range(100)]))
    dialect = create_engine("sqlite://").dialect
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan = " ".join(str(row) for row in execute(f"EXPLAIN QUERY PLAN {text}"))
    assert "SEARCH runs USING INDEX ix_runs_spec_hash_data_hash" in plan
