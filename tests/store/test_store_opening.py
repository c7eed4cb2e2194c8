"""Opening what is there, what is not there, and what ought not to be there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from store_samples import a_curve, a_model, a_run

from nncli.errors import StoreError
from nncli.store import RunStore
from nncli.store.open import _create, open_engine
from nncli.store.target import parse_target

NOBODY = 65534


def fill(path: Path, epochs: int = 50) -> int:
    with RunStore(path) as store:
        run_id = store.create_run(a_run(name="kept"))
        store.finish_run(run_id, "completed", a_curve(1, epochs), last=a_model(epochs))
    return run_id


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def become_nobody() -> Iterator[object]:
    """Give up root's right to write everywhere, if the tests have it, until the test ends."""

    def become() -> None:
        if os.geteuid() == 0:
            os.setresuid(NOBODY, NOBODY, 0)

    user = os.geteuid()
    yield become
    os.setresuid(user, user, user)


def test_a_store_writes_nothing_before_the_first_write(store: RunStore, path: Path) -> None:
    for read in (store.list_runs, lambda: store.find_run("last"), lambda: store.curve(1)):
        with pytest.raises(StoreError, match=r"no database at .*: train something first"):
            read()
    assert list(path.parent.iterdir()) == []
    path.touch()
    with pytest.raises(StoreError, match="train something first"):
        store.list_runs()
    store.create_run(a_run())
    assert len(store.list_runs()) == 1


def test_reading_does_not_change_the_file(path: Path) -> None:
    run_id = fill(path)
    before = path.read_bytes()
    with RunStore(path) as store:
        assert store.find_run("kept").id == run_id
        with pytest.raises(StoreError, match="readonly"), store._reading() as session:
            session.connection.cursor().execute("DELETE FROM runs")
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_opening_again_is_idempotent(path: Path) -> None:
    def schema() -> list[object]:
        with sqlite3.connect(path) as connection:
            return connection.execute("SELECT name, sql FROM sqlite_master").fetchall()

    fill(path)
    before = schema()
    fill(path)
    assert schema() == before
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM nncli_version").fetchone() == (1,)


def test_the_settings_of_the_file_and_of_connections(store: RunStore, path: Path) -> None:
    store.create_run(a_run())
    with store._writing() as connection:
        for pragma, value in {
            "journal_mode": "wal",
            "synchronous": 1,
            "foreign_keys": 1,
            "busy_timeout": 5000,
            "application_id": int.from_bytes(b"nncl", "big"),
        }.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize("name", ["a b%20?#&.db", "café.db", "-x.db", "'quoted\".db"])
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with RunStore(f"{tmp_path}/{name}") as store:
        assert store.find_run("last").name == "kept"


def test_relative_paths_and_urls_name_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "results.db")
    monkeypatch.chdir(tmp_path)
    for target in ("results.db", "sqlite:///results.db", f"sqlite:///{tmp_path}/results.db"):
        with RunStore(target) as store:
            assert store.find_run("last").name == "kept"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mysql://host/name", "unknown kind of database 'mysql'"),
        ("postgre://host/name", r"did you mean 'postgres'"),
        (":memory:", "gone when the process ends"),
        ("sqlite://", "gone when the process ends"),
        ("", "no database file"),
        ("postgresql://[::1/name", "cannot be read"),
    ],
)
def test_targets_that_are_none(given: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        RunStore(given)


def test_a_password_is_never_shown() -> None:
    target = parse_target("postgres://me:secret@host/name")
    assert target.shown == "postgres://me:***@host/name"
    assert target.url == "postgresql+psycopg://me:secret@host/name"


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with (
        RunStore("postgresql+psycopg://host/name") as store,
        pytest.raises(StoreError, match=r"pip install 'nncli\[postgres\]'"),
    ):
        store.create_run(a_run())


def test_a_folder_and_a_missing_folder(tmp_path: Path) -> None:
    for call in (lambda s: s.list_runs(), lambda s: s.create_run(a_run())):
        with pytest.raises(StoreError, match=r"is a folder.*did you mean .*results\.db"):
            call(RunStore(tmp_path))
        with pytest.raises(StoreError, match=r"no folder .*mkdir -p"):
            call(RunStore(tmp_path / "none" / "results.db"))


@pytest.mark.parametrize("call", ["list_runs", "create_run"])
def test_another_program_s_database_is_left_alone(path: Path, call: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (id)")
        connection.execute("CREATE TABLE metrics (id)")
    before = path.read_bytes()
    with (
        RunStore(path) as store,
        pytest.raises(StoreError, match=r"another program .its tables: metrics, runs."),
    ):
        store.list_runs() if call == "list_runs" else store.create_run(a_run())
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"x", b"age,income\n" * 1000])
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for call in (lambda s: s.list_runs(), lambda s: s.create_run(a_run())):
        with RunStore(path) as store, pytest.raises(StoreError, match="is not a database"):
            call(store)
    assert path.read_bytes() == content


def test_a_damaged_database_says_so(path: Path) -> None:
    run_id = fill(path, epochs=3000)
    data = bytearray(path.read_bytes())
    data[40 * 4096 :] = b"\xa5" * (len(data) - 40 * 4096)
    path.write_bytes(data)
    with RunStore(path) as store, pytest.raises(StoreError, match=r"is damaged .*\.recover"):
        store.curve(run_id)


def test_a_newer_schema_is_refused(path: Path) -> None:
    fill(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE nncli_version SET version_num = '9999'")
    before = path.read_bytes()
    for call in (lambda s: s.list_runs(), lambda s: s.create_run(a_run())):
        with RunStore(path) as store, pytest.raises(StoreError, match=r"newer nncli .schema 9999"):
            call(store)
    assert path.read_bytes() == before


def test_a_file_without_tables_holds_no_runs_yet(path: Path) -> None:
    with sqlite3.connect(path) as connection:  # as a process killed while it made the file leaves
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert path.stat().st_size > 0
    with RunStore(path) as store:
        with pytest.raises(StoreError, match="train something first"):
            store.list_runs()
        store.create_run(a_run())


def test_the_second_process_to_make_the_file_finds_it_made(path: Path) -> None:
    fill(path)
    engine = open_engine(parse_target(path), write=True, timeout=1)
    _create(engine, parse_target(path))  # it saw no tables, and then waited for the lock
    engine.dispose()
    with RunStore(path) as store:
        assert store.find_run("last").name == "kept"


@pytest.mark.parametrize("state", ["fresh", "empty", "filled"])
def test_a_lock_held_too_long(path: Path, state: str) -> None:
    if state == "filled":
        fill(path)
    holder = sqlite3.connect(path, isolation_level=None)
    if state == "empty":
        holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("BEGIN EXCLUSIVE")
    with (
        RunStore(path, timeout=0.2) as store,
        pytest.raises(StoreError, match=r"locked by another program for 0.2 s"),
    ):
        store.create_run(a_run())
    holder.execute("ROLLBACK")
    holder.close()
    fill(path)


def test_a_lock_that_ends_in_time_is_waited_for(path: Path) -> None:
    fill(path)
    code = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(0.4); "
        "c.execute('COMMIT')"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        fill(path)
    with RunStore(path) as store:
        assert len(store.list_runs()) == 2


def test_writing_to_what_is_read_only(folder: Path, become_nobody) -> None:
    path = folder / "results.db"
    fill(path)
    path.chmod(0o444)
    folder.chmod(0o777)
    become_nobody()
    for target in (path, Path("/proc/results.db")):
        with (
            RunStore(target) as store,
            pytest.raises(StoreError, match=r"cannot be written .*only"),
        ):
            store.create_run(a_run())


def test_reading_in_a_read_only_folder(folder: Path, become_nobody) -> None:
    path = folder / "results.db"
    run_id = fill(path)
    path.chmod(0o444)
    folder.chmod(0o555)
    become_nobody()
    with RunStore(path) as store:
        assert len(store.curve(run_id)) == 50
        with pytest.raises(StoreError, match=r"folder .* is read-only"):
            store.create_run(a_run())
        assert len(store.curve(run_id)) == 50
    assert [p.name for p in folder.iterdir()] == ["results.db"]


def test_a_log_that_cannot_be_read_is_not_ignored(folder: Path, become_nobody) -> None:
    origin = folder / "origin" / "results.db"
    origin.parent.mkdir()
    copy = folder / "copy" / "results.db"
    copy.parent.mkdir()
    with RunStore(origin) as store:
        run_id = store.create_run(a_run())
        store.save(run_id, a_curve(1, 5))
        for suffix in ("", "-wal"):  # as a careless copy of a live database
            shutil.copy(f"{origin}{suffix}", f"{copy}{suffix}")
    copy.parent.chmod(0o555)
    become_nobody()
    with RunStore(copy) as store, pytest.raises(StoreError, match="newest content is in"):
        store.curve(run_id)


def test_a_full_disk_leaves_what_was_stored(path: Path) -> None:
    run_id = fill(path)
    with RunStore(path) as store:
        second = store.create_run(a_run())
        assert store._engine is not None

        @event.listens_for(store._engine, "begin")
        def limit(connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 60")

        with pytest.raises(StoreError, match=r"disk is full.*intact.*nncli train --resume"):
            store.save(second, a_curve(1, 50), last=a_model(50, size=100_000))
        assert len(store.curve(second)) == 0
        store.save(second, a_curve(1, 50))  # what still fits is taken
        assert len(store.curve(second)) == len(store.curve(run_id)) == 50
        assert store.load_model(run_id) == a_model(50)


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "none", tmp_path],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        path = tmp_path / "results.db"
        run_id = fill(path)
        with RunStore(path) as store:
            second = store.create_run(a_run())
            with pytest.raises(StoreError, match="disk is full"):
                store.save(second, a_curve(1, 50), last=a_model(50, size=100_000))
            assert store.get_run(second).epochs == 0
            assert store.load_model(run_id) == a_model(50)
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        for left in (8192, 0):  # SQLite calls the first an I/O error, of its shared memory
            filler = shutil.disk_usage(tmp_path).free - left
            (tmp_path / f"filler {left}").write_bytes(bytes(filler))
            with RunStore(tmp_path / "new.db") as store, pytest.raises(StoreError, match="is full"):
                store.create_run(a_run())
    finally:
        subprocess.run(["umount", tmp_path], check=True)
