"""A process that is killed while it merges, deletes, prunes or compacts leaves whole runs."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from care_samples import UNCOUNTED, add_whole, content_of, fill

from nncli.store import SweepStore
from nncli.store.care import CareStore

RUNS = 150

CODE = """
import sys
from nncli.store.care import CareStore, deleting, merge_runs
deleting.batches.__defaults__ = (4,)  # many transactions, to be killed between and inside
merge_runs.BATCH = 4
with CareStore(sys.argv[1], timeout=20) as store:
    list(store.check())  # loads all there is to load
    print("ready", flush=True)
    sys.stdin.readline()
    {act}
    print("done", flush=True)
"""

ACTS = {
    "merge": "store.merge(sys.argv[2])",
    "delete": "store.delete_runs(range(1, 100))",
    "prune": "store.delete_models(range(1, 100))",
    "compact": "[store.compact() for _ in range(20)]",
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store, and a larger one to merge into it."""
    folder = tmp_path_factory.mktemp("stores")
    small, large = folder / "small.db", folder / "large.db"
    fill(small)
    fill(large, sweeps=3, singles=8)
    with SweepStore(large) as store, store.transaction():
        for number in range(RUNS):
            add_whole(store, 5 + number % 20, seed=number, tags=("night",))
    return small, large


def killed_after(seconds: float, act: str, path: Path, *more: Path) -> bool:
    """Begin, kill, and say whether there was something left to kill."""
    child = subprocess.Popen(
        [sys.executable, "-c", CODE.format(act=ACTS[act]), path, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"ready\n"
    child.stdin.write(b"\n")
    child.stdin.flush()
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return child.stdout.read() != b"done\n"


def wrong(path: Path) -> list[str]:
    with CareStore(path) as store:
        return [v.name for v in store.check(UNCOUNTED) if not v.passed]


def first_rows(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    count = connection.execute(f"SELECT count(*) FROM {table} WHERE run_id < 100").fetchone()[0]
    connection.close()
    return int(count)


def finish_merge(path: Path, source: Path) -> None:
    """Doing it again does the rest, and comes to what doing it once does."""
    with CareStore(path) as store:
        store.merge(source)


def times(act: str, path: Path, *more: Path) -> float:
    """How long it takes if it is let be."""
    began = time.perf_counter()
    with CareStore(path) as store:
        if act == "merge":
            store.merge(*more)
        elif act == "compact":
            store.compact()
        elif act == "prune":
            store.delete_models(range(1, 100))
        else:
            store.delete_runs(range(1, 100))
    return 2 * (time.perf_counter() - began)


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_any_moment(stores: tuple[Path, Path], tmp_path: Path, act: str) -> None:
    _kill(stores, tmp_path, act, rounds=2)


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
def test_killed_many_times(stores: tuple[Path, Path], tmp_path: Path, act: str) -> None:
    _kill(stores, tmp_path, act, rounds=7)


def _kill(stores: tuple[Path, Path], tmp_path: Path, act: str, rounds: int) -> None:
    small, large = stores
    start, source = (small, (large,)) if act == "merge" else (large, ())
    whole = tmp_path / "whole.db"
    shutil.copy(start, whole)
    span = max(times(act, whole, *source), 0.1)
    rng = random.Random(7)
    interrupted, number = 0, 0
    # a machine that is quicker now than when it was timed is killed sooner, until it is in time
    while number < rounds or (not interrupted and number < 3 * rounds):
        path = tmp_path / f"{number}.db"
        shutil.copy(start, path)
        in_time = killed_after(rng.uniform(0.2, 0.9) * span, act, path, *source)
        interrupted += in_time
        span *= 1.0 if in_time else 0.7
        assert wrong(path) == []
        CHECKS[act](path, small, large)
        for each in tmp_path.glob(f"{number}.db*"):
            each.unlink()
        number += 1
    assert interrupted  # or nothing was tested


def _check_merge(path: Path, small: Path, large: Path) -> None:
    finish_merge(path, large)
    with CareStore(path) as store:
        again = store.merge(large)
    assert (again.added, again.updated, again.trials, again.gradchecks) == (0, 0, 0, 0)
    merged, theirs = content_of(path), content_of(large)
    assert all(merged[uuid] == rows for uuid, rows in theirs.items() if len(uuid) == 36)
    assert set(map(str, theirs["trials"])) <= set(map(str, merged["trials"]))
    assert wrong(path) == []


def _check_delete(path: Path, small: Path, large: Path) -> None:
    connection = sqlite3.connect(path)
    left = connection.execute("SELECT count(*) FROM runs WHERE id < 100").fetchone()[0]
    connection.close()
    before, after = content_of(large), content_of(path)
    kept = {uuid: rows for uuid, rows in before.items() if uuid in after and len(uuid) == 36}
    assert all(after[uuid] == rows for uuid, rows in kept.items())  # each whole, or gone
    with CareStore(path) as store:
        assert store.delete_runs(range(1, 100)) == left
    assert first_rows(path, "epochs") == 0


def _check_prune(path: Path, small: Path, large: Path) -> None:
    assert first_rows(path, "epochs") == first_rows(large, "epochs")
    with CareStore(path) as store:
        store.delete_models(range(1, 100))
    assert first_rows(path, "models") == 0


def _check_compact(path: Path, small: Path, large: Path) -> None:
    assert content_of(path) == content_of(large)


CHECKS: dict[str, Callable[[Path, Path, Path], None]] = {
    "merge": _check_merge,
    "delete": _check_delete,
    "prune": _check_prune,
    "compact": _check_compact,
}
