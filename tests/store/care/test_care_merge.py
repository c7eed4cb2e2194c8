"""Merging: everything comes over with new ids, twice is once, and the source stays as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from care_samples import (
    UNCOUNTED,
    add_whole,
    content,
    content_of,
    fill,
    sound_model,
    sound_run,
)
from store_samples import ELSEWHERE, a_curve
from sweep_samples import a_sweep, params_of

from nncli.errors import StoreError, UsageError
from nncli.store import NewRun, RunStore, Settled, SweepStore, Wanted
from nncli.store.care import CareStore, Merged

FIXTURE = Path(__file__).parents[1] / "results_v0001.sql"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another store, with two sweeps and all kinds of runs."""
    path = tmp_path / "other" / "other.db"
    path.parent.mkdir()
    fill(path, sweeps=2)
    return path


def merge(target: Path | str, other: Path, **options: Any) -> Merged:
    with CareStore(target, timeout=5) as store:
        return store.merge(other, **options)


def is_sound(target: Path | str) -> bool:
    with CareStore(target) as store:
        return all(verdict.passed for verdict in store.check(UNCOUNTED))


def test_everything_comes_over(
    target: Path | str, other: Path, execute: Callable[[str], Any]
) -> None:
    with SweepStore(target) as store:  # so that ids differ
        store.open_sweep(a_sweep())
        own = add_whole(store, name="own")
    with CareStore(target) as store:
        own_uuid = store.get_run(own).uuid
    merged = merge(target, other)
    assert (merged.added, merged.sweeps, merged.gradchecks) == (18, 2, 2)
    assert (merged.trials, merged.models) == (16, 32)
    mine, theirs = content(execute), content_of(other)
    assert mine.pop(own_uuid)
    mine["sweeps"] = [row for row in mine["sweeps"] if row in theirs["sweeps"]]
    assert _comparable(mine) == _comparable(theirs)
    assert is_sound(target)


def _comparable(found: dict[str, Any]) -> str:
    """As text, in which a truth of one database is that of the other."""
    return json.dumps(found, sort_keys=True, default=str).replace("true", "1").replace("false", "0")


def test_twice_is_once(target: Path | str, other: Path, execute: Callable[[str], Any]) -> None:
    merge(target, other)
    before = _comparable(content(execute))
    again = merge(target, other)
    assert again.unchanged == 18
    again.unchanged = again.seconds = 0
    assert again == Merged()
    assert _comparable(content(execute)) == before


def test_merging_there_and_back_changes_nothing(path: Path, other: Path) -> None:
    fill(path, sweeps=1)
    merge(path, other)
    merge(other, path)
    assert content_of(path) == content_of(other)
    assert is_sound(path)
    assert is_sound(other)


def test_the_source_is_only_read(path: Path, other: Path) -> None:
    before = hashlib.sha256(other.read_bytes()).hexdigest()
    merge(path, other)
    assert hashlib.sha256(other.read_bytes()).hexdigest() == before
    assert [each.name for each in other.parent.iterdir()] == ["other.db"]


def test_a_source_with_content_in_its_log(path: Path, other: Path) -> None:
    with SweepStore(other) as writing:
        run_id = add_whole(writing, name="in the log")
        log = Path(f"{other}-wal")
        assert log.stat().st_size > 0
        before = other.read_bytes(), log.read_bytes()
        assert merge(path, other).added == 19
        assert (other.read_bytes(), log.read_bytes()) == before
        uuid = writing.get_run(run_id).uuid
    with RunStore(path) as store:
        assert store.find_run(uuid).name == "in the log"


def test_the_log_of_a_source_that_was_killed_is_read_and_left(path: Path, other: Path) -> None:
    left = other.parent / "left"
    left.mkdir()
    with SweepStore(other) as writing:
        add_whole(writing, name="in the log")
        for name in ("other.db", "other.db-wal"):
            shutil.copy(other.with_name(name), left / name)
    before = [(left / name).read_bytes() for name in ("other.db", "other.db-wal")]
    assert merge(path, left / "other.db").added == 19
    assert [(left / name).read_bytes() for name in ("other.db", "other.db-wal")] == before


def test_nobody_works_here_on_a_sweep_from_there(path: Path, other: Path) -> None:
    with SweepStore(other) as there:
        process = there.join_sweep(1)
        there.claim(1, process, [Wanted(8, 0, params_of(8), "", "data-1")], reuse=False)
        merge(path, other)
        with SweepStore(path) as here:
            assert not any(row.is_alive for row in here.trial_rows(here.find_sweep("s0").id))
        with CareStore(path) as here:
            here.compact()


def test_a_source_of_an_older_version(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "old.db"
    old.parent.mkdir()
    connection = sqlite3.connect(old)
    connection.executescript(FIXTURE.read_text())
    runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    connection.close()
    before = old.read_bytes()
    assert merge(path, old).added == runs > 0
    assert old.read_bytes() == before
    assert merge(path, old).added == 0


def test_a_dry_run_writes_nothing(path: Path, other: Path) -> None:
    told = merge(path, other, dry_run=True)
    assert (told.added, told.sweeps, told.gradchecks) == (18, 2, 2)
    assert not path.exists()
    fill(path)
    before = content_of(path)
    assert merge(path, other, dry_run=True).added == 18
    assert content_of(path) == before


def test_a_run_that_went_on_elsewhere_is_brought_up_to_date(path: Path, other: Path) -> None:
    with RunStore(other) as store:
        run_id = store.create_run(sound_run(name="long", tags=("theirs",)))
        store.finish_run(run_id, "interrupted", a_curve(1, 4), last=sound_model(4))
    merge(path, other)
    with CareStore(path) as mine:
        here = mine.find_run("long").id
        mine.set_note(here, "mine")
        mine.change_tags([here], ["own"])
    with RunStore(other) as store:
        store.reopen_run(run_id, epochs_planned=9)
        store.finish_run(run_id, "completed", a_curve(5, 9), last=sound_model(9))
    merged = merge(path, other)
    assert (merged.added, merged.updated, merged.unchanged) == (0, 1, 18)
    with RunStore(path) as mine:
        run = mine.find_run("long")
        assert (run.id, run.status, run.epochs, run.note) == (here, "completed", 9, "mine")
        assert run.tags == ("own", "theirs")
        assert len(mine.curve(here)) == 9
        assert mine.load_model(here).epoch == 9
    # What is older does not come back.
    stale = merge(other, path)
    assert stale.updated == 0
    assert merge(path, other).updated == 0
    assert is_sound(path)


def test_a_run_that_is_trained_is_left_alone_on_both_sides(path: Path, other: Path) -> None:
    with RunStore(other) as there:
        run_id = there.create_run(sound_run(name="live"))
        there.save(run_id, a_curve(1, 2))
        merged = merge(path, other)
        assert (merged.added, merged.running) == (18, 1)
        there.finish_run(run_id, "interrupted", last=sound_model(2))
        assert merge(path, other).added == 1
        with RunStore(path) as here:
            mine = here.find_run("live").id
            here.reopen_run(mine)
            there.reopen_run(run_id)
            there.finish_run(run_id, "completed", a_curve(3, 8))
            assert merge(path, other).busy == 1
            assert here.get_run(mine).status == "running"
            here.finish_run(mine, "completed")


def test_a_run_whose_process_vanished_comes_as_stale(path: Path, other: Path) -> None:
    with RunStore(other, process=ELSEWHERE) as store:
        store.create_run(sound_run(name="lost"))
    connection = sqlite3.connect(other)
    with connection:
        connection.execute(
            "UPDATE runs SET heartbeat = '2020-01-01T00:00:00.000Z' WHERE name = 'lost'"
        )
    connection.close()
    merge(path, other)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT status FROM runs WHERE name = 'lost'").fetchone() == (
        "stale",
    )
    connection.close()


def trial(store: SweepStore, sweep: int, process: int, number: int, params: str) -> None:
    new: NewRun = sound_run(seed=0, sweep_id=sweep)
    wanted = Wanted(number, 0, params, new.spec_hash, "data-1")
    store.claim(sweep, process, [wanted], reuse=False)
    store.settle(sweep, [Settled(number, 0, add_whole(store, seed=0, sweep_id=sweep))])


def test_two_that_went_on_with_one_sweep(path: Path, tmp_path: Path) -> None:
    """A copy of a store went on with its sweep, and so did the store."""
    copied = tmp_path / "copied.db"
    with SweepStore(path) as store:
        sweep, _ = store.open_sweep(a_sweep(definition='{"trials": 3}'))
        process = store.join_sweep(sweep.id)
        trial(store, sweep.id, process, 0, params_of(0))
        store.claim(sweep.id, process, [Wanted(1, 0, params_of(1), "", "data-1")], reuse=False)
        store.leave_sweep(process)
    shutil.copy(path, copied)
    for each, ours in ((path, False), (copied, True)):
        with SweepStore(each) as store:
            process = store.join_sweep(sweep.id)
            trial(store, sweep.id, process, 2, params_of(20 + ours))  # each chose its own
            if ours:
                trial(store, sweep.id, process, 1, params_of(1))  # done here alone
                trial(store, sweep.id, process, 3, params_of(3))
                store.change_sweep(sweep.id, definition='{"trials": 9}')
            store.leave_sweep(process)
    merged = merge(path, copied)
    assert (merged.added, merged.sweeps, merged.trials, merged.contested) == (3, 0, 2, 1)
    with SweepStore(path) as store:
        assert store.find_sweep("last").definition == '{"trials": 9}'
        rows = {row.number: row for row in store.trial_rows(sweep.id)}
        assert store.counts(sweep.id) == {"completed": 4}
    assert rows[2].params == params_of(20)
    assert not any(row.is_alive for row in rows.values())
    again = merge(path, copied)
    assert (again.trials, again.contested) == (0, 1)
    assert is_sound(path)


def test_a_sweep_that_lost_a_run_misses_it_after_the_merge(path: Path, other: Path) -> None:
    fill(path, singles=12)  # ids that the lost one could be taken for
    with CareStore(other) as store:
        store.delete_runs([1])
    merge(path, other)
    with SweepStore(path) as store:
        counts = [store.counts(sweep.id) for sweep in store.list_sweeps()]
    assert sorted(each.get("missing", 0) for each in counts) == [0, 0, 1]


def test_many_runs_are_brought_in_several_transactions(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nncli.store.care import merge_runs

    other = tmp_path / "other.db"
    fill(other, sweeps=1, singles=12)
    monkeypatch.setattr(merge_runs, "BATCH", 5)
    told: list[tuple[int, int]] = []
    with CareStore(path) as store:
        store.merge(other, tell=lambda *each: told.append(each))
    assert told == [(5, 20), (10, 20), (15, 20), (20, 20)]
    assert content_of(path) == content_of(other)


def test_long_runs_and_large_models_are_few_at_a_time() -> None:
    from nncli.store.care.merge_runs import MOST_BYTES, MOST_ROWS, Head, batches

    def sizes(heads: list[Head]) -> list[int]:
        return [len(batch) for batch in batches(heads)]

    small = Head(1, "", "completed", "", 50, 1000)
    assert sizes([]) == []
    assert sizes([small] * 600) == [250, 250, 100]
    assert sizes([small._replace(epochs=MOST_ROWS + 1)] * 3) == [1, 1, 1]
    assert sizes([small._replace(bytes=MOST_BYTES // 2)] * 5) == [2, 2, 1]


def test_what_cannot_be_merged(path: Path, other: Path, tmp_path: Path) -> None:
    fill(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    for same in (path, link):
        with pytest.raises(UsageError, match="itself: name another database"):
            merge(path, same)
    with pytest.raises(UsageError, match="is a server: what is merged must be an SQLite file"):
        merge(path, "postgresql://somebody:secret@nowhere/name")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"no database at .*missing.db: expected an SQLite file"):
        merge(path, tmp_path / "missing.db")
    with pytest.raises(StoreError, match="is a folder"):
        merge(path, tmp_path)
    for data in (b"x" * 40, b"x" * 4096):
        (tmp_path / "text.db").write_bytes(data)
        with pytest.raises(StoreError, match="not a database"):
            merge(path, tmp_path / "text.db")
    connection = sqlite3.connect(tmp_path / "foreign.db")
    connection.execute("CREATE TABLE cookies (id)")
    connection.close()
    with pytest.raises(StoreError, match="a database of another program"):
        merge(path, tmp_path / "foreign.db")
    connection = sqlite3.connect(other)
    with connection:
        connection.execute("UPDATE nncli_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer nncli"):
        merge(path, other)
    assert is_sound(path)
