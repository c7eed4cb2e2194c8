"""Opening a database: connect, recognise it as ours, make it or bring it to the current schema.

SQLite runs with a write-ahead log (readers never wait for the writer), ``synchronous = NORMAL``
(a killed process loses nothing that was committed; a power cut may lose the last moments, never
the file) and foreign keys. Every write begins with ``BEGIN IMMEDIATE``, so that it waits for its
turn at the start and cannot fail half way. The first write makes the database in one transaction:
processes that start together queue for it, and one killed meanwhile leaves an empty file.
"""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from nncli.errors import StoreError
from nncli.store import failures
from nncli.store.making import OUR_NAMES, create_schema, lock
from nncli.store.schema import SCHEMA_VERSION, VERSION_TABLE
from nncli.store.target import Target

# A connection that a signal has broken off is closed and forgotten: nobody need read how.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())

SMALLEST = 512
"""Bytes of the smallest SQLite page. SQLite would take a smaller file for empty and overwrite it.
(The file must not be read here: closing it would drop the locks this process holds on it.)"""


def open_engine(target: Target, *, write: bool, timeout: float) -> Engine:
    """Open a database for reading, or for reading and writing.

    Writing makes what is missing; reading makes nothing. Either migrates an older schema. With
    ``write`` the engine's option ``write`` marks the transactions that write. Raises
    ``StoreError``.
    """
    with failures.explained(target, timeout):
        engine = (_sqlite if target.path else _server)(target, write, timeout)
        try:
            _prepare(engine, target, write, timeout)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _server(target: Target, write: bool, timeout: float) -> Engine:
    from nncli.store.postgres import server_engine

    return server_engine(target, timeout)


def _sqlite(target: Target, write: bool, timeout: float) -> Engine:
    path = target.path
    assert path is not None
    _check_path(path, target.shown, write)
    writable = os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
    modes = ["rwc"] if write else ["rw"] if writable else ["ro", "ro&immutable=1"]
    connect = _connector(path, modes, write, timeout)
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    event.listen(engine, "begin", _begin(timeout))
    return engine


def _check_path(path: Path, shown: str, write: bool) -> None:
    if path.is_dir():
        raise StoreError(
            f"{shown} is a folder: expected a database file; did you mean {path / 'results.db'}?"
        )
    if not path.parent.is_dir():
        raise StoreError(f"no folder {path.parent} for {shown}: make it: mkdir -p {path.parent}")
    exists, size = path.exists(), _size(path)
    if not write and size == 0:
        raise failures.missing(shown)
    if 0 < size < SMALLEST:
        raise failures.no_database(shown)
    if write and not os.access(path.parent, os.W_OK):
        raise failures.read_only(shown, f"the folder {path.parent} is read-only")
    if write and exists and not os.access(path, os.W_OK):
        raise failures.read_only(shown, "the file is read-only")


def _connector(
    path: Path, modes: list[str], write: bool, timeout: float
) -> Callable[[], sqlite3.Connection]:
    """Return a function that connects in the first mode of ``modes`` that works.

    A write-ahead log needs a shared-memory file, which a read-only folder may not allow. There the
    file alone is read as immutable, which is sound if no log with newer content lies beside it.
    """
    name = f"{path.absolute().as_uri()}?mode="

    def connect() -> sqlite3.Connection:
        for position, mode in enumerate(modes):
            if "immutable" in mode and _size(Path(f"{path}-wal")):
                raise failures.read_only(
                    str(path), f"its newest content is in {path}-wal, to be merged where it can be"
                )
            connection = sqlite3.connect(
                name + mode,
                uri=True,
                timeout=timeout,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute(f"PRAGMA query_only = {int(not write)}")
                return connection
            except sqlite3.Error:
                connection.close()
                if position == len(modes) - 1:
                    raise
        raise AssertionError("no mode given")

    return connect


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _begin(timeout: float) -> Callable[[Connection], None]:
    """Return the handler that begins a transaction.

    SQLite waits ``timeout`` for a lock, except where waiting could deadlock or a crashed log is
    being recovered: then it refuses at once, and the handler tries again until the time is up.
    """

    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        give_up = time.monotonic() + timeout
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
                return
            except OperationalError as error:
                if not failures.is_busy(error) or time.monotonic() >= give_up:
                    raise
            time.sleep(random.uniform(0.002, 0.05))

    return begin


def _prepare(engine: Engine, target: Target, write: bool, timeout: float) -> None:
    with engine.connect() as connection:
        version = stored_version(connection, target.shown)
    if version == SCHEMA_VERSION:
        return
    if version is None:
        if not write:
            raise failures.missing(target.shown, "database" if target.path else "tables of nncli")
        if target.path:
            _use_write_ahead_log(engine, timeout)
        _create(engine, target)
    elif version > SCHEMA_VERSION:
        raise failures.newer(target.shown, version, SCHEMA_VERSION)
    else:
        _migrate(engine, target, write, timeout, version)


def stored_version(connection: Connection, shown: str) -> str | None:
    """Return the schema version, or None for a database with nothing of ours in it.

    Raises ``StoreError`` for a database of another program.
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = list(connection.exec_driver_sql(names).scalars())
    else:
        from nncli.store.postgres import relations

        tables = relations(connection)
    if VERSION_TABLE in tables:
        row = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").first()
        if row is not None:
            return str(row[0])
    if sqlite and tables:
        raise failures.foreign(shown, tables)
    if ours := OUR_NAMES & set(tables):  # other tables may share a server's schema with ours
        raise failures.taken(shown, list(ours))
    return None


def _use_write_ahead_log(engine: Engine, timeout: float) -> None:
    """Switch the journal of a new file, which is remembered in it.

    It takes an exclusive lock for which SQLite does not wait. A file system that cannot (some
    network ones) keeps its rollback journal: slower, and as safe.
    """
    give_up = time.monotonic() + timeout
    connection = engine.raw_connection()
    try:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() >= give_up:
                    return
            time.sleep(random.uniform(0.002, 0.02))
    finally:
        connection.close()


def _create(engine: Engine, target: Target) -> None:
    with engine.execution_options(write=True).begin() as connection:
        lock(connection)
        if stored_version(connection, target.shown) is not None:
            return  # another process was first
        create_schema(connection)


def _migrate(engine: Engine, target: Target, write: bool, timeout: float, version: str) -> None:
    from nncli.store.migrate import upgrade  # imports Alembic

    if write:
        upgrade(engine)
        return
    try:
        open_engine(target, write=True, timeout=timeout).dispose()
    except StoreError as error:
        raise StoreError(
            f"{target.shown} has the older schema {version} and must be migrated to "
            f"{SCHEMA_VERSION} before it can be read, but {error}"
        ) from error
