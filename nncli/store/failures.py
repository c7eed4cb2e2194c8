"""From a driver's error to a message for people: what happened, what was expected, what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from nncli.errors import StoreError
from nncli.store.postgres_failures import explain_postgres
from nncli.store.target import Target

FULL_BELOW = 64 * 1024
"""A disk with fewer free bytes is full: SQLite calls some of its failures there I/O errors."""


@contextmanager
def explained(target: Target, timeout: float) -> Iterator[None]:
    """Turn the database errors of the block into ``StoreError``."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise explain(error, target, timeout) from error


def explain(error: SQLAlchemyError | sqlite3.Error, target: Target, timeout: float) -> StoreError:
    """Build the message for an error of SQLAlchemy or of a driver."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return StoreError(
            f"{target.shown} refused a row ({reason}): expected runs, epochs, layers and models "
            "to be written once; see what is there with: nncli report"
        )
    if target.path is None:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        return explain_postgres(cause or error, target.shown, timeout, lost)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return _explain_sqlite(code, reason, target.path, target.shown, timeout)


def is_busy(error: DBAPIError) -> bool:
    """Say whether SQLite refused because another connection holds a lock."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _explain_sqlite(code: int, reason: str, path: Path, shown: str, timeout: float) -> StoreError:
    folder = path.absolute().parent
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"{shown} has been locked by another program for {timeout:g} s: expected a write to "
            "take milliseconds; end the transaction that is open in it (a database browser, an "
            "SQL shell) and start again"
        )
    if code == sqlite3.SQLITE_NOTADB:
        return no_database(shown)
    if code == sqlite3.SQLITE_CORRUPT:
        return StoreError(
            f"{shown} is damaged ({reason}): restore a backup, or rescue what can be read with: "
            f"sqlite3 {shown} .recover | sqlite3 rescued.db"
        )
    if code == sqlite3.SQLITE_FULL or _is_full(folder):
        return StoreError(
            f"the disk is full: nothing was written to {shown}, what it held before is intact; "
            f"free some space in {folder} and start again; nncli report shows whether a run was "
            "saved that nncli train --resume goes on with"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return read_only(shown, reason)
    return StoreError(
        f"{shown} cannot be read or written ({reason}): expected a database on a local disk that "
        "works; name another one with --db"
    )


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < FULL_BELOW
    except OSError:
        return False


def no_database(shown: str) -> StoreError:
    """The error for a file of some other kind."""
    return StoreError(
        f"{shown} is not a database: expected an SQLite file made by nncli; name another file "
        "with --db"
    )


def foreign(shown: str, tables: list[str]) -> StoreError:
    """The error for a database that another program made."""
    some = ", ".join(sorted(tables)[:5]) + (", ..." if len(tables) > 5 else "")
    return StoreError(
        f"{shown} is a database of another program (its tables: {some}): expected one made by "
        "nncli; name another with --db"
    )


def taken(shown: str, names: list[str]) -> StoreError:
    """The error for a server's schema where another program has tables of our names."""
    return StoreError(
        f"{shown} is used by another program (it has {', '.join(sorted(names))}): expected a "
        "database, or a schema of one, where these names are free; make one with createdb, or "
        "with CREATE SCHEMA nncli and ?options=-csearch_path%3Dnncli at the end of the URL"
    )


class MissingDatabase(StoreError):
    """Reading before anything was written."""


def missing(shown: str, what: str = "database") -> MissingDatabase:
    """The error for reading before anything was written."""
    return MissingDatabase(
        f"no {what} at {shown}: train something first: nncli train (or name another with --db)"
    )


def newer(shown: str, version: str, known: str) -> StoreError:
    """The error for a schema that only a later nncli knows."""
    return StoreError(
        f"{shown} was written by a newer nncli (schema {version}, this one knows up to {known}): "
        "update it: pip install --upgrade nncli"
    )


def read_only(shown: str, reason: str) -> StoreError:
    """The error for writing where only reading is allowed."""
    return StoreError(
        f"{shown} cannot be written ({reason}): expected a file and a folder that you may write; "
        "name another with --db or NNCLI_DB"
    )
