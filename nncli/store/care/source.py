"""The other database of a merge: an SQLite file that is read, and never written or migrated."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine

from nncli.errors import StoreError, UsageError
from nncli.store import failures
from nncli.store.open import SMALLEST, open_engine, stored_version
from nncli.store.schema import SCHEMA_VERSION
from nncli.store.target import Target, parse_target


@dataclass(frozen=True)
class Source:
    """A database of the current schema as it was at one moment.

    ``driver`` is the connection below ``connection``, for rows in bulk.
    """

    connection: Connection
    driver: sqlite3.Connection
    shown: str


@contextmanager
def open_source(given: str | os.PathLike[str], into: Target, timeout: float) -> Iterator[Source]:
    """Open a file to merge into another database.

    Raises ``UsageError`` for a server and for the very file that is merged into, and
    ``StoreError`` for what is no database of nncli, or of a newer one.
    """
    target = parse_target(given)
    if target.path is None:
        raise UsageError(
            f"{target.shown} is a server: what is merged must be an SQLite file; merge files into "
            "the server with --db, one after the other"
        )
    path = target.path
    _check(path, target.shown, into)
    with (
        failures.explained(target, timeout),
        _left_tidy(path, timeout),
        _reading(path, timeout) as connection,
    ):
        version = stored_version(connection, target.shown)
        if version is None:
            raise failures.missing(target.shown, "tables of nncli")
        if version > SCHEMA_VERSION:
            raise failures.newer(target.shown, version, SCHEMA_VERSION)
        if version == SCHEMA_VERSION:
            yield _source(connection, target.shown)
            return
        with _migrated(connection, target, timeout) as copy:
            yield _source(copy, target.shown)


def _check(path: Path, shown: str, into: Target) -> None:
    if path.is_dir():
        raise StoreError(f"{shown} is a folder: expected a database file to merge")
    if not path.is_file():
        raise StoreError(f"no database at {shown}: expected an SQLite file made by nncli to merge")
    if path.stat().st_size < SMALLEST:
        raise failures.no_database(shown)
    if into.path is not None and into.path.exists() and into.path.samefile(path):
        raise UsageError(f"{shown} is {into.shown} itself: name another database to merge into it")


def _source(connection: Connection, shown: str) -> Source:
    driver: Any = connection.connection.driver_connection
    return Source(connection, driver, shown)


@contextmanager
def _left_tidy(path: Path, timeout: float) -> Iterator[None]:
    """Remove the empty log that a read-only connection leaves, where none was before.

    A connection that may write does so when it is the last to close, and only then; there is
    nothing in the log for it to write.
    """
    log = Path(f"{path}-wal")
    was_there = log.exists()
    try:
        yield
    finally:
        if not was_there and log.exists() and os.access(path, os.W_OK):
            with suppress(sqlite3.Error), closing(_opened(path, "rw", timeout)) as connection:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()


@contextmanager
def _reading(path: Path, timeout: float) -> Iterator[Connection]:
    """Open a file for reading alone, in one transaction."""
    engine = create_engine("sqlite://", creator=lambda: _connect(path, timeout), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Connect read-only; without a log in a folder that cannot take one, to the file alone."""
    modes = ["ro"] if Path(f"{path}-wal").exists() else ["ro", "ro&immutable=1"]
    for mode in modes:
        connection = _opened(path, mode, timeout)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return connection
        except sqlite3.Error:
            connection.close()
            if mode == modes[-1]:
                raise
    raise AssertionError("no mode given")


def _opened(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )


@contextmanager
def _migrated(connection: Connection, target: Target, timeout: float) -> Iterator[Connection]:
    """Copy a database with an older schema, migrate the copy, and open that."""
    driver: Any = connection.connection.driver_connection
    with tempfile.TemporaryDirectory(prefix="nncli-merge-") as folder:
        path = Path(folder) / "copy.db"
        connection.exec_driver_sql("COMMIT")  # SQLite copies outside a transaction
        with closing(sqlite3.connect(path)) as copy:
            driver.backup(copy)
        open_engine(
            Target(path, None, f"a copy of {target.shown}"), write=True, timeout=timeout
        ).dispose()
        with _reading(path, timeout) as migrated:
            yield migrated
