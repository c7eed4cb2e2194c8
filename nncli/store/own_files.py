"""The files that are a database of SQLite's: nothing else may be written in their place.

They are the file itself and what SQLite keeps beside it: the write-ahead log, which holds what was
committed last, its index, and the rollback journal of a file system without such a log.
"""

from __future__ import annotations

import os
from pathlib import Path

from nncli.errors import UsageError
from nncli.store.target import parse_target

#: What SQLite appends to the name of a database.
SIBLINGS = ("-wal", "-shm", "-journal")


def check_not_own(place: str | os.PathLike[str], database: str | os.PathLike[str]) -> None:
    """Raise UsageError if ``place`` is the database or a file that SQLite keeps beside it.

    Links are followed; a log that is not there yet counts too. A server has no such files.
    """
    path = parse_target(database).path
    if path is None:
        return
    target, source = (os.path.realpath(Path(each).expanduser()) for each in (place, path))
    if target == source or _is_same(target, source):
        raise UsageError(f"{place} is the database itself: name another file to write")
    if any(target == source + end or _is_same(target, source + end) for end in SIBLINGS):
        raise UsageError(
            f"{place} is a part of the database {path}, kept by SQLite: name another file to write"
        )


def _is_same(one: str, other: str) -> bool:
    """Say whether two names are those of one file, as hard links are."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there
        return False
