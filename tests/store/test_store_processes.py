"""Real processes: many at once on one database, and one killed at any moment."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store_samples import a_model, a_run

from nncli.store import RunStore

HERE = str(Path(__file__).parent)
RUNS_EACH = 3

WRITER = f"""
import sys
sys.path.insert(0, {HERE!r})
import pytest
from store_samples import a_curve, a_model, a_run
from nncli.store import RunStore
path, scratch, who = sys.argv[1:]
with RunStore(f"{{scratch}}/{{who}}.db") as store:
    store.finish_run(store.create_run(a_run()), "completed")  # loads all there is to load
with RunStore(path) as store:
    print("ready", flush=True)
    sys.stdin.readline()  # all start together
    for number in range({RUNS_EACH}):
        run_id = store.create_run(a_run(name=f"{{who}}-{{number}}", tags=(who,)))
        for first in (1, 11, 21):
            store.save(run_id, a_curve(first, first + 9), last=a_model(first + 9))
        store.finish_run(run_id, "interrupted")
        store.reopen_run(run_id)  # reads, and then writes
        store.finish_run(run_id, "completed")
"""

ENDLESS = f"""
import sys
sys.path.insert(0, {HERE!r})
import pytest
from store_samples import a_curve, a_model, a_run
from nncli.store import RunStore
with RunStore(sys.argv[1]) as store:
    run_id = store.create_run(a_run())
    for epoch in range(1, 1_000_000, 2):
        store.save(run_id, a_curve(epoch, epoch + 1), last=a_model(epoch + 1, size=5000))
"""


def check(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.slow
def test_many_processes_on_a_missing_database(target: str | Path, tmp_path: Path) -> None:
    processes = 16 if isinstance(target, Path) else 8
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, target, scratch, f"p{k}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for k in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    assert [child.wait() for child in children] == [0] * processes
    if isinstance(target, Path):
        check(target)
    with RunStore(target) as store:
        rows = store.list_runs(None)
        assert {row.name for row in rows} == {
            f"p{k}-{number}" for k in range(processes) for number in range(RUNS_EACH)
        }
        assert len(rows) == processes * RUNS_EACH
        for row in rows:
            assert (row.status, row.epochs) == ("completed", 30)
            assert len(store.curve(row.id)) == 30
            assert store.load_model(row.id) == a_model(30)
    if isinstance(target, Path):
        assert {p.name for p in tmp_path.iterdir()} == {target.name, "scratch"}


@pytest.mark.slow
def test_a_writer_killed_at_any_moment(target: str | Path, execute) -> None:
    psycopg = pytest.importorskip("psycopg")

    def count() -> int:
        try:
            return int(execute("SELECT count(*) FROM runs")[0][0])
        except (sqlite3.Error, psycopg.Error):  # no file or no table yet
            return 0

    generator = random.Random(20260301)
    rounds = 12 if isinstance(target, Path) else 6  # its log and locks are our own settings
    for _ in range(rounds):
        before = count()
        child = subprocess.Popen([sys.executable, "-c", ENDLESS, target])
        if generator.random() < 0.7:  # else it dies while it starts or makes the database
            give_up = time.monotonic() + 30
            while count() == before and time.monotonic() < give_up:
                time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        if count() > before:
            assert_consistent(target)
    assert count() >= rounds // 2
    if isinstance(target, Path):
        check(target)


def assert_consistent(target: str | Path) -> None:
    """The newest run is stale, its curve and model fit together, and it can be resumed."""
    with RunStore(target) as store:
        run = store.find_run("last")
        assert run.status == "stale"
        curve = store.curve(run.id)
        assert curve["epoch"].tolist() == list(range(1, run.epochs + 1))
        checkpoint = store.reopen_run(run.id)
        if run.epochs:
            assert checkpoint == a_model(run.epochs, size=5000)
            assert len(store.curve(run.id)) == run.epochs
        else:
            assert checkpoint is None
        store.finish_run(run.id, "interrupted")
        store.finish_run(store.create_run(a_run()), "completed")
