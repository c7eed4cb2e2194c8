"""Sweeps in real processes: killed and interrupted at any moment, and several at one sweep."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sweep.conftest import Lab

#: Runs of milliseconds, and runs that are in their middle whenever one looks.
SHORT = ("sweep", "iris", "--hidden", "4", "--epochs", "60", "--lr", "log:1e-4:1e-1:20")
LONG = ("sweep", "moons", "--hidden", "16", "--epochs", "12000", "--lr", "0.001,0.01")
LONG = (*LONG, "--log-every", "100", "--seeds", "2")

#: Sixteen rates, each a half of the one before: the pruner has good trials to judge the others by.
RATES_GETTING_WORSE = ",".join(str(0.1 / 2**step) for step in range(16))

A_CHECKPOINT = "select count(*) from models m join runs r on r.id = m.run_id where m.kind = 'last' "
A_CHECKPOINT += "and r.status = 'running'"


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def done_of(out: str) -> dict[str, Any]:
    last = events(out)[-1]
    assert last["event"] == "done"
    return last


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a sweep, which must end well, and return its last line."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return done_of(out)


def uninterrupted(lab: Lab, *args: str) -> dict[tuple[str, int], Any]:
    """Return what a sweep comes to in one go, in a database of its own."""
    db = str(lab.folder / "uninterrupted.db")
    process = lab.call(*args, "--quiet", NNCLI_DB=db)
    assert process.returncode == 0, process.stderr
    return lab.results(1, db=db)


def behind(lab: Lab) -> set[tuple[Any, ...]]:
    """Return the curve rows up to the last checkpoint of each run that has not ended."""
    try:
        return set(
            lab.query(
                "select e.run_id, e.epoch, e.seconds from epochs e join runs r on r.id = e.run_id "
                "join models m on m.run_id = r.id and m.kind = 'last' "
                "where r.status in ('running', 'interrupted') and e.epoch <= m.epoch"
            )
        )
    except Exception:  # killed before there were tables
        return set()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stores_the_runs_and_says_how_to_go_on(lab: Lab, name: str) -> None:
    how = ["--json"] if name == "SIGINT" else []
    process = lab.start(*LONG, "--jobs", "2", *how, pace=0.1)
    lab.wait(process, A_CHECKPOINT)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    statuses = dict(lab.query("select status, count(*) from runs group by 1"))
    assert set(statuses) <= {"completed", "interrupted"}
    assert statuses["interrupted"] >= 1
    if how:
        done = done_of(out)
        assert done["interrupted"] == statuses["interrupted"]
        assert done["completed"] == statuses.get("completed", 0)
    else:
        assert "go on with: nncli sweep --resume 1" in out
    stored = behind(lab)
    assert stored
    again = lab.call("sweep", "--resume", "last", "--json")
    assert again.returncode == 0, again.stderr
    lab.check_whole(2, 2)
    # The interrupted runs went on where they stood: their curves still begin with the old rows.
    assert stored <= set(lab.query("select run_id, epoch, seconds from epochs"))


def test_a_second_signal_ends_it_at_once(lab: Lab) -> None:
    process = lab.start(*LONG, "--epochs", "10000000")
    lab.wait(process, "select count(*) from epochs")
    process.send_signal(signal.SIGINT)
    try:
        process.wait(0.005)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert lab.query("select count(*) from runs where status = 'completed'") == [(0,)]


def test_killed_in_the_middle_of_runs_that_go_on_from_their_checkpoints(lab: Lab) -> None:
    process = lab.start(*LONG, "--jobs", "2", pace=0.1)
    lab.wait(process, A_CHECKPOINT)
    lab.kill(process)
    stored = behind(lab)
    done = finish(lab.start(*LONG, "--jobs", "2", "--json", pace=0.1))
    assert done["completed"] + done["skipped"] == 4
    lab.check_whole(2, 2)
    assert stored
    assert stored <= set(lab.query("select run_id, epoch, seconds from epochs"))
    assert not lab.differences(1, uninterrupted(lab, *LONG))


def kill_until_done(
    lab: Lab, seed: int, *args: str, pace: float, least: float = 0.3, most: float = 3.0
) -> None:
    """Start a sweep and kill it at random moments; after a dozen times it may come to its end."""
    moments, stored = random.Random(seed), set()
    for kills in range(40):
        process = lab.start(*args, "--json", pace=pace)
        try:
            process.wait(moments.uniform(least, most) if kills < 12 else 240)
        except subprocess.TimeoutExpired:
            lab.kill(process)
            stored |= behind(lab)
            continue
        finish(process)
        # None of the rows that a checkpoint had secured was made anew.
        rows = set(lab.query("select run_id, epoch, seconds from epochs"))
        assert stored <= rows
        return
    pytest.fail("the sweep never ended")


@pytest.mark.slow
def test_kill_at_any_moment_loses_and_doubles_nothing(lab: Lab) -> None:
    args = (*SHORT, "--epochs", "2500", "--seeds", "6")
    kill_until_done(lab, 1, *args, pace=0.05)
    lab.check_whole(20, 6)
    assert not lab.differences(1, uninterrupted(lab, *args))


@pytest.mark.slow
def test_kill_at_any_moment_of_long_runs(lab: Lab) -> None:
    args = (*LONG, "--epochs", "60000")
    kill_until_done(lab, 4, *args, pace=0.15, least=1.0)
    lab.check_whole(2, 2)
    assert not lab.differences(1, uninterrupted(lab, *args))


@pytest.mark.slow
def test_tpe_killed_goes_on_as_if_it_had_not_been(lab: Lab) -> None:
    pytest.importorskip("optuna")
    args = ("sweep", "moons", "--hidden", "8", "--epochs", "3000", "--log-every", "50")
    args = (*args, "--lr", "loguniform:1e-5:1", "--act", "relu,tanh", "--sampler", "tpe")
    args = (*args, "--trials", "24", "--seeds", "2", "--jobs", "1")
    kill_until_done(lab, 5, *args, pace=0.1, least=1.5, most=4.0)
    lab.check_whole(24, 2)
    assert not lab.differences(1, uninterrupted(lab, *args))


@pytest.mark.slow
def test_a_pruned_sweep_killed_goes_on(lab: Lab) -> None:
    pytest.importorskip("optuna")
    args = ("sweep", "moons", "--hidden", "8", "--epochs", "15000", "--log-every", "50", "--seeds")
    args = (*args, "2", "--lr", RATES_GETTING_WORSE, "--pruner", "median:3", "--jobs", "1")
    kill_until_done(lab, 6, *args, pace=0.1, least=1.5, most=4.0)
    assert lab.query("select count(*), count(distinct number) from trials") == [(32, 16)]
    assert lab.query("select count(*) from trials where state = 'claimed'") == [(0,)]
    assert lab.query("select distinct status from runs order by 1") == [("completed",), ("pruned",)]
    # each trial has two whole runs, or one that was pruned and one that was left out
    kinds = lab.query(
        "select group_concat(coalesce(r.status, t.state), ' ') from (select * from trials order by "
        "number, seed) t left join runs r on r.id = t.run_id group by t.number"
    )
    assert {kind for (kind,) in kinds} == {"completed completed", "pruned dropped"}


# Several processes on one sweep


def together(lab: Lab, count: int, *args: str) -> list[dict[str, Any]]:
    processes = [lab.start(*args, "--json", "--jobs", "1") for _ in range(count)]
    return [finish(process) for process in processes]


def check_shares(lab: Lab, dones: list[dict[str, Any]], runs: int) -> None:
    """Assert that each process knows of all runs, and that each run was done by one of them."""
    assert [done["completed"] + done["skipped"] for done in dones] == [runs] * len(dones)
    assert sum(done["completed"] for done in dones) == runs
    assert {done["sweep"] for done in dones} == {1}
    assert len({json.dumps(done["best"]["params"]) for done in dones}) == 1
    assert lab.query("select count(*) from sweeps") == [(1,)]


def test_two_processes_share_a_sweep(lab: Lab) -> None:
    dones = together(lab, 2, *SHORT, "--seeds", "3")
    check_shares(lab, dones, 60)
    lab.check_whole(20, 3)


@pytest.mark.slow
def test_four_processes_share_a_sweep(lab: Lab) -> None:
    args = (*SHORT, "--epochs", "1500", "--seeds", "4")
    dones = together(lab, 4, *args)
    check_shares(lab, dones, 80)
    lab.check_whole(20, 4)
    assert not lab.differences(1, uninterrupted(lab, *args))
    assert sum(done["completed"] > 0 for done in dones) > 1


@pytest.mark.slow
def test_two_processes_share_a_sampler_that_learns(lab: Lab) -> None:
    pytest.importorskip("optuna")
    args = ("sweep", "iris", "--hidden", "4", "--epochs", "400", "--lr", "loguniform:1e-5:1")
    dones = together(lab, 2, *args, "--sampler", "tpe", "--trials", "30", "--seeds", "2")
    check_shares(lab, dones, 60)
    lab.check_whole(30, 2)


@pytest.mark.slow
def test_what_a_killed_process_leaves_is_done_by_the_other(lab: Lab) -> None:
    args = (*SHORT, "--epochs", "2000", "--seeds", "4", "--json", "--jobs", "1")
    one, other = lab.start(*args, pace=0.1), lab.start(*args, pace=0.1)
    lab.wait(one, "select count(distinct pid) > 1 from runs where status = 'completed'")
    lab.kill(one)
    killed = lab.query("select count(*) from runs where status = 'completed' and pid = ?", one.pid)
    done = finish(other)
    assert done["completed"] + done["skipped"] == 80
    assert done["completed"] >= 80 - killed[0][0]
    lab.check_whole(20, 4)
    assert not lab.differences(1, uninterrupted(lab, *args))


@pytest.mark.slow
def test_a_run_that_somebody_resumes_by_hand_is_waited_for(lab: Lab) -> None:
    process = lab.start(*LONG, "--epochs", "60000", "--jobs", "2")
    lab.wait(process, "select count(*) from epochs")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    run = lab.query("select min(id) from runs where status = 'interrupted'")[0][0]
    by_hand = lab.start("train", "--resume", str(run), "--json")
    lab.wait(by_hand, "select count(*) from runs where status = 'running'")
    done = finish(lab.start("sweep", "--resume", "last", "--json"))
    assert done["completed"] + done["skipped"] == 4
    by_hand.communicate(timeout=240)
    assert by_hand.returncode == 0
    # That seed is not settled, since nobody of the sweep ended it; its run is what counts.
    found = "select r.status, count(*) from trials t join runs r on r.id = t.run_id group by 1"
    assert lab.query(found) == [("completed", 4)]
    assert lab.query("select count(*) from runs") == [(4,)]
