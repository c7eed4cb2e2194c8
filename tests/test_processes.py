"""Real processes: kill -9 at random moments, signals, and many runs at once on one database."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

NNCLI = [sys.executable, "-m", "nncli.cli"]
LONG = ("train", "moons", "--hidden", "16", "--epochs", "200000", "--log-every", "100")


def start(folder: Path, *args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*NNCLI, *args],
        cwd=folder,
        env={**os.environ, "NNCLI_DB": "results.db", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    process = start(folder, *args, **environment)
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def query(folder: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(folder / "results.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def wait_for_rows(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the run has begun to write its curve."""
    for _ in range(2000):
        assert process.poll() is None, process.communicate()
        try:
            if query(folder, "select count(*) from epochs")[0][0]:
                return
        except sqlite3.OperationalError:
            pass  # not there yet
        time.sleep(0.02)
    pytest.fail("the run wrote nothing")


def test_interrupting_stores_the_run_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = start(tmp_path, *LONG)
    wait_for_rows(tmp_path, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "--resume 1" in out
    assert query(tmp_path, "select status from runs") == [("interrupted",)]
    epochs = query(tmp_path, "select epochs from runs")[0][0]
    again = call(tmp_path, "train", "--resume", "1", "--epochs", str(epochs + 1000), "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["epochs"] == epochs + 1000


@pytest.mark.slow
def test_kill_at_any_moment_leaves_a_run_to_resume(tmp_path: Path) -> None:
    rng = random.Random(7)
    for round_ in range(1, 9):
        process = start(tmp_path, *LONG)
        if round_ % 4:
            wait_for_rows(tmp_path, process)
        time.sleep(rng.uniform(0, 1.5))
        process.kill()
        process.wait()
        process.communicate()
    assert query(tmp_path, "pragma integrity_check") == [("ok",)]
    listed = call(tmp_path, "report", "--json", "--limit", "100")
    assert listed.returncode == 0, listed.stderr
    runs = json.loads(listed.stdout)["runs"]
    assert runs
    assert {each["status"] for each in runs} == {"stale"}
    for each in runs[:3]:  # what is there goes on from its last checkpoint, or from the start
        process = start(tmp_path, "train", "--resume", str(each["run"]))
        whose = f"select pid from runs where id = {each['run']}"
        for _ in range(1000):
            if query(tmp_path, whose) == [(process.pid,)]:  # it has taken the run over
                break
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        after = query(tmp_path, f"select status, epochs from runs where id = {each['run']}")
        assert after[0][0] == "interrupted"
        assert after[0][1] >= each["epochs"] - 60_000  # what five seconds may have trained


@pytest.mark.slow
def test_sixteen_at_once_with_cold_caches(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    processes = [
        start(
            tmp_path,
            "train",
            "digits",
            "--epochs",
            "3",
            "--seed",
            str(seed),
            "--json",
            NNCLI_CACHE=cache,
        )
        for seed in range(16)
    ]
    for process in processes:
        out, err = process.communicate(timeout=580)
        assert process.returncode == 0, err
        assert json.loads(out)["status"] == "completed"
    assert query(
        tmp_path, "select count(*), count(distinct seed) from runs where status = 'completed'"
    ) == [(16, 16)]
    assert query(tmp_path, "select count(*) from epochs") == [(48,)]


def test_four_at_once(tmp_path: Path) -> None:
    processes = [
        start(tmp_path, "train", "iris", "--epochs", "5", "--seed", str(seed), "--json")
        for seed in range(4)
    ]
    for process in processes:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert query(tmp_path, "select count(*) from runs where status = 'completed'") == [(4,)]
