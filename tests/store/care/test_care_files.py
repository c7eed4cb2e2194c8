"""Compacting and backing up: what is gained, what is refused, and nothing half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from care_samples import UNCOUNTED, add_whole, content_of, fill, sound_run
from store_samples import ELSEWHERE, a_curve

from nncli.errors import StoreError, UsageError
from nncli.store import RunStore, SweepStore
from nncli.store.care import CareStore
from nncli.store.care.files import check_room, temporary_folder

NOBODY = 65534


def is_sound(path: Path) -> bool:
    with CareStore(path) as store:
        return all(verdict.passed for verdict in store.check(UNCOUNTED))


def fill_long(path: Path) -> None:
    """A store of some hundred pages."""
    with SweepStore(path) as store:
        for number in range(40):
            run_id, _ = store.add_run(sound_run(seed=number), "interrupted", a_curve(1, 200))
            assert run_id


def test_compacting_gives_back_what_was_deleted(path: Path) -> None:
    fill_long(path)
    with CareStore(path) as store:
        store.delete_runs(range(1, 40))
        size = path.stat().st_size
        assert (store.info().free_bytes or 0) > size / 2
        done = store.compact()
        assert store.info().free_bytes == 0
        assert store.info().log_bytes == 0
    assert path.stat().st_size == done.after < size / 2
    assert done.before >= size
    assert is_sound(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA application_id").fetchone() != (0,)
    connection.close()


def test_compacting_is_refused_while_a_run_is_trained(path: Path) -> None:
    with SweepStore(path) as training, CareStore(path) as store:
        live = training.create_run(sound_run())
        with pytest.raises(StoreError, match=rf"being written: run {live} is being trained by pr"):
            store.compact()
        training.finish_run(live, "completed")
        store.compact()


def test_compacting_is_refused_while_a_sweep_is_worked_on(path: Path) -> None:
    fill(path)
    with SweepStore(path) as sweeping, CareStore(path) as store:
        process = sweeping.join_sweep(1)
        with pytest.raises(StoreError, match="works on sweep 1"):
            store.compact()
        sweeping.leave_sweep(process)
        store.compact()


def test_a_run_that_vanished_does_not_keep_from_compacting(path: Path) -> None:
    with RunStore(path, process=ELSEWHERE) as store:
        store.create_run(sound_run())
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE runs SET heartbeat = '2020-01-01T00:00:00.000Z'")
    connection.close()
    with CareStore(path) as store:
        store.compact()


def test_compacting_waits_for_a_reader_and_then_says_so(path: Path) -> None:
    fill(path)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchone()
    with RunStore(path) as store:
        store.add_run(sound_run(), "failed")
    with (
        CareStore(path, timeout=0.2) as store,
        pytest.raises(StoreError, match="read by another program that does not end"),
    ):
        store.compact()
    reader.close()
    assert is_sound(path)


def test_there_must_be_room_for_a_second_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(path)
    usage = shutil.disk_usage(path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=2**20 + 4096))
    with CareStore(path) as store:
        with pytest.raises(StoreError, match="not enough disk for compacting: it needs"):
            store.compact()
        with pytest.raises(StoreError, match="not enough disk for the backup: it needs"):
            store.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    check_room({tmp_path: 2048}, "x")
    with pytest.raises(StoreError, match="not enough"):  # two needs on one disk add up
        check_room({tmp_path: 2**20, path.parent: 2**20, Path("/"): 1}, "x")


def test_sqlite_s_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == tmp_path
    monkeypatch.setenv("SQLITE_TMPDIR", "/")
    assert temporary_folder() == Path("/")


def test_a_backup_while_a_run_is_written(path: Path, tmp_path: Path) -> None:
    fill(path)
    copy = tmp_path / "copy.db"
    with SweepStore(path) as training, CareStore(path) as store:
        live = training.create_run(sound_run(name="live"))
        training.save(live, a_curve(1, 3))
        done = store.backup(copy)
        assert content_of(copy) == content_of(path)
        training.save(live, a_curve(4, 5))  # the writer goes on
        training.finish_run(live, "completed")
    assert (done.runs, done.path, done.bytes) == (13, str(copy), copy.stat().st_size)
    assert is_sound(copy)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "results.db"]


def test_a_backup_replaces_only_if_it_is_told_to(path: Path, tmp_path: Path) -> None:
    fill(path)
    copy = tmp_path / "copy.db"
    with CareStore(path) as store:
        store.backup(copy)
        before = copy.read_bytes()
        add_whole(SweepStore(path))
        with pytest.raises(UsageError, match=r"is there already: .*--force"):
            store.backup(copy)
        assert copy.read_bytes() == before
        store.backup(copy, replace=True)
    assert content_of(copy) == content_of(path)


def test_a_copy_that_is_not_sound_replaces_nothing(path: Path, tmp_path: Path) -> None:
    fill_long(path)
    copy = tmp_path / "copy.db"
    with CareStore(path) as store:
        store.backup(copy)
    before = copy.read_bytes()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    with (
        CareStore(path) as store,
        pytest.raises(StoreError, match=r"the copy is not sound .*nncli db check"),
    ):
        store.backup(copy, replace=True)
    assert copy.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "results.db"]


def test_places_that_take_no_backup(path: Path, tmp_path: Path) -> None:
    fill(path)
    link = tmp_path / "link.db"
    os.link(path, link)
    with CareStore(path) as store:
        for place, problem in (
            (path, "the database itself"),
            (link, "the database itself"),
            (tmp_path, "is a folder: name a file"),
            (tmp_path / "no" / "copy.db", "no folder .*mkdir -p"),
        ):
            with pytest.raises(UsageError, match=problem):
                store.backup(place, replace=True)
        (tmp_path / "used.db-wal").touch()
        with pytest.raises(UsageError, match="is in use"):
            store.backup(tmp_path / "used.db")


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_the_log_is_no_place_for_a_backup(path: Path, tmp_path: Path, end: str) -> None:
    log = Path(f"{path}{end}")
    link = tmp_path / "link.db"
    link.symlink_to(log)
    with RunStore(path) as training:
        training.add_run(sound_run(), "failed")
        with CareStore(path) as store:
            for place in (log, link):
                for replace in (False, True):
                    with pytest.raises(UsageError, match="is a part of the database"):
                        store.backup(place, replace=replace)
        assert is_sound(path)
    with CareStore(path) as store:
        Path(f"{tmp_path / 'copy.db'}{end}").touch()
        with pytest.raises(UsageError, match="is in use"):
            store.backup(tmp_path / "copy.db")


def test_a_backup_replaces_files_alone(path: Path, tmp_path: Path) -> None:
    fill(path)
    pipe, circle = tmp_path / "pipe", tmp_path / "circle"
    os.mkfifo(pipe)
    circle.symlink_to(circle)
    to_pipe = tmp_path / "to_pipe"
    to_pipe.symlink_to(pipe)
    with CareStore(path) as store:
        for place in (pipe, to_pipe, circle):
            with pytest.raises(UsageError, match="is a device, a pipe or the like"):
                store.backup(place, replace=True)
        assert pipe.is_fifo()
        (tmp_path / "there").mkdir()
        link, copy = tmp_path / "link.db", tmp_path / "there" / "copy.db"
        link.symlink_to(copy)
        store.backup(link)
        store.backup(link, replace=True)
    assert link.is_symlink()
    assert content_of(copy) == content_of(path)


def test_what_a_killed_backup_left_goes_with_the_next(path: Path, tmp_path: Path) -> None:
    fill(path)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    gone = tmp_path / f".copy.db.{child.pid}.part"
    for end in ("", "-journal"):
        Path(f"{gone}{end}").touch()
    kept = [f".copy.db.{os.getppid()}.part", f".other.db.{child.pid}.part", ".copy.db.mine.part"]
    for name in kept:
        (tmp_path / name).touch()
    with CareStore(path) as store:
        store.backup(tmp_path / "copy.db")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        [*kept, "copy.db", "results.db"]
    )


def test_a_missing_database_is_not_made(path: Path, tmp_path: Path) -> None:
    with CareStore(path) as store:
        for ask in (
            store.info,
            store.compact,
            store.tags,
            lambda: list(store.check()),
            lambda: store.backup(tmp_path / "copy.db"),
            lambda: store.weigh([1]),
        ):
            with pytest.raises(StoreError, match="no database at"):
                ask()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_only_be_read(path: Path) -> None:
    """Looking goes on; every change is refused with the reason, and changes nothing."""
    folder = Path(tempfile.mkdtemp())  # that other users can reach, unlike pytest's
    kept = folder / "results.db"
    user = os.geteuid()
    try:
        source = folder / "source.db"
        for each in (path, kept, source):
            fill(each)
        with CareStore(path) as store:  # loads all there is to load, which nobody may not
            assert list(store.check(UNCOUNTED))
            store.compact()
            with pytest.raises(StoreError):
                store.merge(folder / "missing.db")
        before = kept.read_bytes()
        kept.chmod(0o444)
        folder.chmod(0o555)
        if user == 0:
            os.setresuid(NOBODY, NOBODY, 0)
        with CareStore(kept) as store:
            assert store.info().statuses
            assert all(verdict.passed for verdict in store.check(UNCOUNTED))
            for change in (
                lambda: store.delete_runs([1]),
                lambda: store.delete_models([1]),
                lambda: store.change_tags([1], ["x"]),
                lambda: store.set_note(1, "x"),
                lambda: store.merge(source),
                store.compact,
            ):
                with pytest.raises(StoreError, match="cannot be written"):
                    change()
            with pytest.raises(UsageError, match="cannot be written: name a backup in a folder"):
                store.backup(folder / "copy.db")
        assert kept.read_bytes() == before
    finally:
        os.setresuid(user, user, user)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself says that there is no room, in the middle of it."""
    fill_long(path)
    before = content_of(path)
    connect = sqlite3.connect

    def small(*given: object, **options: object) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(*given, **options)  # type: ignore[call-overload]
        made.execute("PRAGMA max_page_count = 1")  # never less than what the file has
        return made

    other = path.with_name("other.db")
    fill(other)
    monkeypatch.setattr(sqlite3, "connect", small)
    with (
        CareStore(path) as store,
        pytest.raises(StoreError, match=r"disk is full: nothing was written .* is intact"),
    ):
        store.merge(other)
    monkeypatch.undo()
    after = content_of(path)
    assert {uuid: after[uuid] for uuid in before if len(uuid) == 36} == {
        uuid: rows for uuid, rows in before.items() if len(uuid) == 36
    }
    assert is_sound(path)
    with CareStore(path) as store:  # there is room now, and the rest is brought
        store.merge(other)
    assert is_sound(path)


def test_a_server_has_its_own_ways(url: str, tmp_path: Path) -> None:
    fill(url)
    with CareStore(url) as store:
        with pytest.raises(UsageError, match=r"is a server: .*VACUUM FULL"):
            store.compact()
        with pytest.raises(UsageError, match=r"is a server: .*pg_dump"):
            store.backup(tmp_path / "copy.db")


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, nncli.store.care as c; c.read_rule('best:1'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "numpy", "scipy", "pandas", "alembic"} & set(done.stdout.split())
