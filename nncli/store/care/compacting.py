"""Giving back the pages that deleted rows have left: SQLite writes the whole file anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from nncli.errors import StoreError
from nncli.store.care.files import check_room, temporary_folder
from nncli.store.care.info import log_bytes


def compact_file(driver: sqlite3.Connection, path: Path, shown: str) -> tuple[int, int]:
    """Rewrite a database without its free pages; return the bytes before and after.

    The new content is written into a temporary file and from there, in one transaction, into the
    log and the file: whoever is killed meanwhile leaves the old content or the new.
    """
    before = path.stat().st_size + log_bytes(path)
    free_the_log(driver, shown)
    used = _pragma(driver, "page_count") - _pragma(driver, "freelist_count")
    size = used * _pragma(driver, "page_size")
    check_room({temporary_folder(): size, path.absolute().parent: size}, "compacting")
    driver.execute("VACUUM")
    free_the_log(driver, shown)
    return before, path.stat().st_size + log_bytes(path)


def _pragma(driver: sqlite3.Connection, name: str) -> int:
    return int(driver.execute(f"PRAGMA {name}").fetchone()[0])


def free_the_log(driver: sqlite3.Connection, shown: str) -> None:
    """Bring the write-ahead log into the file and cut it to nothing.

    Raises StoreError where a reader that stays keeps it from that.
    """
    row: Any = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row and row[0]:
        raise StoreError(
            f"{shown} is being read by another program that does not end: compacting needs the "
            "file for itself; close what is open on it (a report that follows, a database "
            "browser) and start again"
        )
