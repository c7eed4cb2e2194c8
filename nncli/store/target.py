"""Which database is meant: a path or a URL, told apart and checked before anything is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nncli.errors import StoreError, did_you_mean

FORMS = "a file such as results.db, or a URL such as postgresql+psycopg://user@host/name"
POSTGRES = ("postgresql+psycopg", "postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Target:
    """Exactly one of ``path`` (an SQLite file) and ``url`` is set.

    ``shown`` is the database as messages name it, without a password.
    """

    path: Path | None
    url: str | None
    shown: str


def parse_target(given: str | os.PathLike[str]) -> Target:
    """Read a path or URL.

    Raises ``StoreError`` for an empty name, a database in memory and an unknown kind of URL.
    """
    text = os.fspath(given)
    scheme, mark, rest = text.partition("://")
    if not mark:
        return _file(text)
    if scheme in ("sqlite", "sqlite+pysqlite"):
        # sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy has it
        return _file(unquote(rest.removeprefix("/").partition("?")[0]))
    if scheme not in POSTGRES:
        known = ("sqlite", *POSTGRES)
        raise StoreError(
            f"unknown kind of database '{scheme}': give {FORMS}{did_you_mean(scheme, known)}"
        )
    try:
        parts = urlsplit(text)
        secret = parts.password
    except ValueError as error:
        raise StoreError(f"the database URL cannot be read ({error}): give {FORMS}") from None
    shown = text.replace(f":{secret}@", ":***@", 1) if secret else text
    return Target(None, f"{POSTGRES[0]}://{rest}", shown)


def _file(text: str) -> Target:
    if not text or text == ":memory:":
        raise StoreError(
            f"no database file in '{text}': what is kept in memory is gone when the process ends; "
            f"give {FORMS}"
        )
    path = Path(text).expanduser()
    return Target(path, None, str(path))
