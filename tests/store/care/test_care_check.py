"""``CareStore.check`` passes what nncli writes, and finds each kind of damage by its name."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from care_samples import UNCOUNTED, add_whole, best_of, fill, sound_run
from store_samples import ELSEWHERE, a_curve

from nncli.store import RunStore, SweepStore
from nncli.store.care import CareStore, Verdict
from nncli.store.care.checks import checks_of

FIXTURE = Path(__file__).parents[1] / "results_v0001.sql"


def verdicts(target: Path | str) -> dict[str, Verdict]:
    with CareStore(target) as store:
        return {verdict.name: verdict for verdict in store.check(UNCOUNTED)}


def wrong(target: Path | str) -> set[str]:
    return {name for name, verdict in verdicts(target).items() if verdict.wrong}


def test_a_sound_store(target: Path | str) -> None:
    fill(target)
    found = verdicts(target)
    assert {name: each.examples for name, each in found.items() if each.wrong} == {}
    assert ("file" in found) == isinstance(target, Path)
    assert all(each.what and each.seconds >= 0 for each in found.values())


def test_an_empty_store(target: Path | str) -> None:
    with RunStore(target) as store, store.transaction():
        pass
    assert wrong(target) == set()


def test_a_best_epoch_with_values_that_are_not_finite(path: Path) -> None:
    """Its flags stand at other bits in the row of the run than in that of the curve."""
    curve = a_curve(1, 3)
    curve["train_loss"] = np.array([1.0, np.nan, 2.0])
    curve["grad_norm"] = np.array([1.0, np.inf, 2.0])
    with SweepStore(path) as store:
        store.add_run(sound_run(), "completed", curve, summary=best_of(curve, 2))
    assert wrong(path) == set()


DAMAGE = {
    "UPDATE runs SET val_loss = 7 WHERE id = 1": "last values",
    "UPDATE runs SET val_accuracy = NULL WHERE id = 1": "last values",
    "UPDATE runs SET updates = 1 WHERE id = 1": "last values",
    "DELETE FROM epochs WHERE run_id = 1 AND epoch = 6": "last values",
    "UPDATE runs SET flags = 0 WHERE status = 'diverged'": "last values",
    "UPDATE runs SET best_val_loss = 7 WHERE id = 2": "best values",
    "UPDATE runs SET best_epoch = 77 WHERE id = 2": "best values",
    "DELETE FROM epochs WHERE run_id = 3": "curves",
    "DELETE FROM epochs WHERE run_id = 3 AND epoch = 2": "best values",
    "UPDATE runs SET flags = 1 WHERE id = 1": "numbers",
    "UPDATE epochs SET flags = 4 WHERE run_id = 1 AND epoch = 2": "numbers",
    "UPDATE layer_stats SET flags = 1 << 20 WHERE run_id = 1 AND epoch = 1": "numbers",
    "UPDATE runs SET seed = 12 WHERE id = 1": "specs",
    "UPDATE runs SET spec_hash = 'x' WHERE id = 1": "specs",
    "UPDATE runs SET spec = '{' WHERE id = 1": "specs",
    "UPDATE runs SET status = 'done' WHERE id = 1": "runs",
    "UPDATE runs SET finished = NULL WHERE id = 1": "runs",
    "UPDATE runs SET created = 'yesterday' WHERE id = 1": "runs",
    "UPDATE runs SET sweep_id = 77 WHERE id = 1": "references",
    "UPDATE runs SET versions = '[]' WHERE id = 1": "json",
    "UPDATE trials SET params = 'x' WHERE number = 1": "json",
    "UPDATE trials SET state = 'lost' WHERE number = 1": "trials",
    "UPDATE models SET kind = 'first' WHERE run_id = 1 AND kind = 'best'": "models",
    "UPDATE models SET epoch = 77 WHERE run_id = 1 AND kind = 'best'": "models",
    "UPDATE models SET info = '' WHERE run_id = 1": "models",
}


@pytest.mark.parametrize("statement", DAMAGE)
def test_damage_is_found(target: Path | str, execute: Callable[[str], Any], statement: str) -> None:
    fill(target)
    execute(f"{statement} RETURNING 1")
    found = wrong(target)
    assert DAMAGE[statement] in found
    # What a statement damages besides: a curve that is gone, and flags that count twice.
    assert found <= {DAMAGE[statement], "curves", "last values", "best values", "numbers"}


SQLITE_DAMAGE = {
    "UPDATE epochs SET val_loss = 9e999 WHERE run_id = 1 AND epoch = 3": "numbers",
    "UPDATE models SET weights = x'00' WHERE run_id = 1": "models",
    "UPDATE models SET state = substr(state, 1, 40) WHERE run_id = 1 AND kind = 'last'": "models",
    "PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE id = 1": "references",
    "PRAGMA foreign_keys = OFF; DELETE FROM sweeps": "references",
    "DROP INDEX ix_runs_status": "schema",
    "DROP VIEW runs_flat": "schema",
    "DROP VIEW curves; CREATE VIEW curves AS SELECT 1": "schema",
}


@pytest.mark.parametrize("statement", SQLITE_DAMAGE)
def test_damage_of_a_file_is_found(path: Path, statement: str) -> None:
    fill(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(statement)
    connection.close()
    assert SQLITE_DAMAGE[statement] in wrong(path)


def test_examples_name_what_is_wrong_and_the_rest_is_counted(path: Path) -> None:
    fill(path, singles=9)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE runs SET val_loss = 7 WHERE status = 'completed'")
    connection.close()
    found = verdicts(path)["last values"]
    assert found.wrong == 15
    assert len(found.examples) == 5
    assert found.examples[0] == "the last values of run 1 are not those of its epoch 6"


def test_a_torn_page_is_a_verdict_not_a_crash(path: Path) -> None:
    fill(path, singles=60)
    with CareStore(path) as store:
        store.compact()
    connection = sqlite3.connect(path)
    pages = "SELECT pageno FROM dbstat WHERE name = 'epochs' AND pagetype = 'leaf'"
    numbers = [row[0] for row in connection.execute(pages)]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((numbers[len(numbers) // 2] - 1) * size)
        file.write(b"\xff" * size)
    found = wrong(path)
    assert "file" in found
    assert "specs" not in found  # what can be read is checked all the same


def test_a_deleted_run_is_told_and_not_wrong(path: Path) -> None:
    fill(path)
    with CareStore(path) as store:
        store.delete_runs([1, 2])
    found = verdicts(path)
    assert not any(each.wrong for each in found.values())
    [note] = found["trials"].notes
    assert note.startswith("the runs of 2 trials of sweep 1 were deleted: nncli sweep --resume 1")


def test_a_run_that_has_vanished_is_told(path: Path) -> None:
    with RunStore(path, process=ELSEWHERE) as store:
        run_id = store.create_run(sound_run())
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE runs SET heartbeat = '2020-01-01T00:00:00.000Z'")
    connection.close()
    found = verdicts(path)["runs"]
    assert found.passed
    assert found.notes == (f"the processes of 1 runs are gone (run {run_id}): they are stale",)


def test_a_store_of_the_first_version_is_sound_after_migration(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(FIXTURE.read_text())
    connection.close()
    # Its specs were written by hand and never had these hashes.
    assert wrong(path) <= {"specs", "models", "last values", "best values", "runs"}


def test_every_check_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "store.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([a-z ]+) \|", page, re.MULTILINE)
    assert listed[1:] == [check.name for check in checks_of("sqlite", ())]


def test_checking_writes_nothing(path: Path) -> None:
    with SweepStore(path) as store:
        add_whole(store)
    before = path.read_bytes()
    assert wrong(path) == set()
    assert path.read_bytes() == before
