"""Real processes on one sweep: they share its trials, and what one is killed with another does."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from store_samples import a_curve
from sweep_samples import a_sweep, do, wanted

from nncli.store import RunStore, SweepStore

HERE = str(Path(__file__).parent)
Execute = Callable[[str], list[tuple[Any, ...]]]

COMMON = f"""
import sys, time
sys.path.insert(0, {HERE!r})
from store_samples import a_curve, a_model
from sweep_samples import a_sweep, do, run_of, wanted
from nncli.store import SweepStore
store = SweepStore(sys.argv[1])
def start():
    store.list_sweeps()  # loads all there is to load
    print("ready", flush=True)
    sys.stdin.readline()  # all start together
"""

OPENER = f"""{COMMON}
try:
    start()
except Exception:
    print("ready", flush=True)
    sys.stdin.readline()
print(store.open_sweep(a_sweep())[1])
"""

WORKER = f"""{COMMON}
start()
sweep, _ = store.open_sweep(a_sweep())
process = store.join_sweep(sweep.id)
for first in range(0, 60, 5):
    asked = [wanted(number, seed) for number in range(first, first + 5) for seed in (0, 1)]
    for claim, each in zip(store.claim(sweep.id, process, asked), asked):
        if claim.outcome == "mine":
            do(store, sweep, each, epochs=a_curve(1, 3), last=a_model(3))
    time.sleep(0.01)  # nobody is to be done before the others have begun
store.leave_sweep(process)
"""

HOLDER = f"""{COMMON}
sweep, _ = store.open_sweep(a_sweep())
process = store.join_sweep(sweep.id)
store.claim(sweep.id, process, [wanted(number) for number in range(6)])
do(store, sweep, wanted(0))
begun = store.create_run(run_of(wanted(1), sweep))
store.save(begun, a_curve(1, 4), last=a_model(4))
store.link(sweep.id, 1, 0, begun)
print("ready", flush=True)
sys.stdin.readline()
"""

ENDLESS = f"""{COMMON}
sweep, _ = store.open_sweep(a_sweep())
process = store.join_sweep(sweep.id)
for first in range(0, 1_000_000, 4):
    asked = [wanted(number) for number in range(first, first + 4)]
    for claim, each in zip(store.claim(sweep.id, process, asked), asked):
        if claim.outcome == "mine":
            do(store, sweep, each, epochs=a_curve(1, 3), last=a_model(3, size=2000))
"""


def started(code: str, target: str | Path, *, ready: bool = True) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if ready:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    return child


def ended(children: list[subprocess.Popen[bytes]]) -> list[bytes]:
    """Let all of them go on at once, and return what they said."""
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    said = []
    for child in children:
        assert child.stdout is not None
        said.append(child.stdout.read())
        assert child.wait() == 0
    return said


def kill(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        stream.close()


def test_processes_that_open_a_sweep_together_make_one(
    target: str | Path, execute: Execute
) -> None:
    """Together they make the database, too."""
    said = ended([started(OPENER, target) for _ in range(5)])
    assert Counter(said) == {b"True\n": 1, b"False\n": 4}
    assert execute("SELECT count(*) FROM sweeps") == [(1,)]


@pytest.mark.slow
def test_eight_processes_share_the_trials(target: str | Path, execute: Execute) -> None:
    with SweepStore(target) as store:
        sweep, _ = store.open_sweep(a_sweep())
        ended([started(WORKER, target) for _ in range(8)])
        rows = list(store.trial_rows(sweep.id))
        assert [(row.number, row.seed) for row in rows] == [
            (n, s) for n in range(60) for s in (0, 1)
        ]
        assert {(row.state, row.status) for row in rows} == {("done", "completed")}
        assert len({row.process_id for row in rows}) > 1
        runs = store.list_runs(None, sweep_id=sweep.id)
        assert sorted(run.id for run in runs) == sorted(row.run_id or 0 for row in rows)
        hashes = {run.id: run.spec_hash for run in runs}
        assert all(hashes[row.run_id or 0] == row.spec_hash for row in rows)
    assert execute("SELECT count(*) AS n, count(ended) AS e FROM sweep_processes") == [(8, 8)]


def test_the_trials_of_a_killed_process_are_done_by_another(target: str | Path) -> None:
    with SweepStore(target) as store:
        sweep, _ = store.open_sweep(a_sweep())
        process = store.join_sweep(sweep.id)
        asked = [wanted(number) for number in range(8)]
        child = started(HOLDER, target)
        claims = store.claim(sweep.id, process, asked)
        assert [claim.outcome for claim in claims] == ["done", *["busy"] * 5, "mine", "mine"]
        kill(child)
        claims = store.claim(sweep.id, process, asked)
        assert [claim.outcome for claim in claims] == ["done", *["mine"] * 7]
        begun = claims[1].run_id
        assert begun is not None
        assert store.reopen_run(begun) is not None
        store.finish_run(begun, "completed", a_curve(5, 6))
        assert [claim.run_id for claim in claims[2:]] == [None] * 6
        for each in asked[2:]:
            do(store, sweep, each)
        assert store.counts(sweep.id) == {"completed": 8}


@pytest.mark.slow
def test_a_sweep_killed_at_any_moment_loses_and_doubles_nothing(
    target: str | Path, execute: Execute
) -> None:
    generator = random.Random(20260301)
    with SweepStore(target) as store:
        sweep, _ = store.open_sweep(a_sweep())
        for _ in range(6):
            before = len(store.list_runs(None))
            child = started(ENDLESS, target, ready=False)
            give_up = time.monotonic() + 30
            while len(store.list_runs(None)) == before and time.monotonic() < give_up:
                time.sleep(0.005)
            time.sleep(generator.uniform(0, 0.2))
            kill(child)
            rows = list(store.trial_rows(sweep.id))
            assert [row.number for row in rows] == list(range(len(rows)))
            assert {row.state for row in rows[:-4]} == {"done"}
        process = store.join_sweep(sweep.id)
        asked = [wanted(number) for number in range(len(rows))]
        for claim, each in zip(store.claim(sweep.id, process, asked), asked, strict=True):
            if claim.outcome == "mine":
                do(store, sweep, each)
        assert store.counts(sweep.id) == {"completed": len(rows)}
        assert store.open_trials(sweep.id) == []
    # A run each, with all that belongs to it.
    distinct = "SELECT count(DISTINCT spec_hash) AS specs, count(*) AS n FROM runs"
    assert execute(distinct) == [(len(rows),) * 2]
    left = "SELECT count(*) FROM runs WHERE epochs = 3 AND id NOT IN (SELECT run_id FROM models)"
    assert execute(left) == [(0,)]
    lines = execute("SELECT count(*) FROM epochs GROUP BY run_id")
    assert set(lines) == {(3,)}


def test_a_plain_store_sees_the_runs_of_a_sweep(target: str | Path) -> None:
    with SweepStore(target) as store, RunStore(target) as plain:
        sweep, _ = store.open_sweep(a_sweep())
        run_id = do(store, sweep, wanted(0))
        assert [row.id for row in plain.list_runs(sweep_id=sweep.id)] == [run_id]
