"""The store that reports are measured on is sound, and what measures stores does its work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from care_samples import UNCOUNTED

from nncli.store import SweepStore
from nncli.store.care import CareStore

SPEED = Path(__file__).parents[3] / "experiments" / "speed"


def run(*words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=SPEED, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "made.db"
    run("make_store.py", path, "--runs", "1500", "--rows", "30000")
    return path


def test_the_made_store_is_sound_and_has_all_kinds_of_runs(made: Path) -> None:
    with CareStore(made) as store:
        assert [verdict.examples for verdict in store.check(UNCOUNTED) if not verdict.passed] == []
        info = store.info()
        tags = store.tags()
    rows = {table.name: table.rows for table in info.tables}
    assert rows["runs"] == 1500
    assert rows["epochs"] == pytest.approx(30_000, rel=0.03)  # it steers by what runs have done
    assert rows["layer_stats"] > 0
    assert rows["models"] > 0
    assert {"completed", "diverged", "early_stopped", "pruned"} <= set(info.statuses)
    assert tags
    with SweepStore(made) as store:
        assert sum(sum(store.counts(sweep.id).values()) for sweep in store.list_sweeps()) >= 1400


def test_a_store_that_is_there_is_left_alone(made: Path) -> None:
    done = subprocess.run(
        [sys.executable, "make_store.py", made], cwd=SPEED, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is there already" in done.stderr


@pytest.mark.parametrize("how", ["whole", "epochs"])
def test_our_own_contestant_writes(how: str, tmp_path: Path) -> None:
    words = ("--task=write", f"--how={how}", "--runs=2", "--epochs=5")
    told = json.loads(run("-m", "peers.store_nncli", tmp_path / "a.db", *words))
    assert (told["check"], len(told["seconds"])) == (5, 2)
    with SweepStore(tmp_path / "a.db") as store:
        assert [len(store.curve(run.id)) for run in store.list_runs()] == [5, 5, 5]


def test_our_own_contestant_lists(tmp_path: Path) -> None:
    words = ("--task=list", "--runs=50", "--best=3", "--times=1")
    told = json.loads(run("-m", "peers.store_nncli", tmp_path / "a.db", *words))
    assert told["check"] == pytest.approx(0.98 + 0.96 + 0.94)


def test_reports_are_timed(made: Path) -> None:
    told = run("report_speed.py", made, "--rounds", "1", "--only", "info", "--only", "check")
    assert "1,500 runs, " in told
    assert "| nncli db check | " in told
    assert "Left out" not in told
