"""A copy of an SQLite file while it is being written, by SQLite's own online backup."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from nncli.errors import StoreError, UsageError
from nncli.store.care.files import check_room
from nncli.store.own_files import SIBLINGS, check_not_own
from nncli.store.process import start_of


def back_up(driver: sqlite3.Connection, source: Path, copy: Path, *, replace: bool) -> int:
    """Write a copy that holds one moment of the database; return how many runs are in it.

    The copy is written under another name beside it, read back whole, and put in its place at
    last: ``copy`` is never half a backup. A link is followed. Raises UsageError for a place that
    cannot take it, and StoreError for a copy that is not sound.
    """
    copy = Path(os.path.realpath(copy)) if copy.is_symlink() else copy
    _check_place(source, copy, replace)
    _remove_left_parts(copy)
    folder = copy.absolute().parent
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    size = pages * driver.execute("PRAGMA page_size").fetchone()[0]
    check_room({folder: size}, "the backup")
    part = folder / f".{copy.name}.{os.getpid()}.part"
    try:
        with closing(sqlite3.connect(part)) as target:
            # In one step: readers hold up no writer of a write-ahead log, and a copy in several
            # would begin again with every row that others write.
            driver.backup(target)
        runs = _verified(part)
        with open(part, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(part, copy)
    finally:
        _remove(part)
    return runs


def _remove_left_parts(copy: Path) -> None:
    """Remove what earlier backups to this place left behind, whose processes were killed."""
    begin, end = f".{copy.name}.", ".part"
    there: list[Path] = []
    with suppress(OSError):  # a folder that may be written, and not listed
        there = list(copy.absolute().parent.iterdir())
    for left in there:
        number = left.name.removeprefix(begin).removesuffix(end)
        if left.name == f"{begin}{number}{end}" and re.fullmatch("[0-9]{1,9}", number):
            pid = int(number)
            if pid == os.getpid() or start_of(pid) == "ended":
                _remove(left)


def _remove(part: Path) -> None:
    for end in ("", *SIBLINGS):
        with suppress(OSError):
            Path(f"{part}{end}").unlink()


def _check_place(source: Path, copy: Path, replace: bool) -> None:
    folder = copy.absolute().parent
    if copy.is_dir():
        raise UsageError(f"{copy} is a folder: name a file, such as {copy / source.name}")
    if not folder.is_dir():
        raise UsageError(f"no folder {folder} for {copy}: make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK):
        raise UsageError(
            f"{folder} cannot be written: name a backup in a folder that you may write"
        )
    check_not_own(copy, source)
    if os.path.lexists(copy) and not copy.is_file():
        raise UsageError(
            f"{copy} is a device, a pipe or the like: name a file for the backup, which takes its "
            "place when it is complete"
        )
    if copy.exists() and not replace:
        raise UsageError(f"{copy} is there already: name another file, or replace it with --force")
    for other in (Path(f"{copy}{end}") for end in SIBLINGS):
        if other.exists():  # they would be taken for parts of the new file
            raise UsageError(
                f"{copy} is in use: {other} lies beside it; name another file for the backup"
            )


def _verified(path: Path) -> int:
    """Read a copy whole; StoreError if it is not sound."""
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as copy:
        said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            reason = " ".join(said.split())
            raise StoreError(
                f"the copy is not sound ({reason}): expected that of a sound database; see what is "
                "wrong with it: nncli db check"
            )
        return int(copy.execute("SELECT count(*) FROM runs").fetchone()[0])
