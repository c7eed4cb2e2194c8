"""Which database is meant: a path or a URL, told apart and checked before anything is loaded."""

from __future__ import annotations

import os
import re
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
    scheme = scheme.lower()
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
    return _server(scheme, text)


def _server(scheme: str, text: str) -> Target:
    """Read the URL of a server. An error must not quote it: a part may be of the password."""
    try:
        parts = urlsplit(text)
        secret, port = parts.password, parts.port
    except ValueError:
        raise _unreadable() from None
    settings = parts.query.split("&") if parts.query else []
    if "@" in parts.path or parts.fragment or port == 0 or not all("=" in s for s in settings):
        raise _unreadable()  # the password was cut by one of its own characters
    user, at, host = parts.netloc.rpartition("@")
    user = user.replace("@", "%40")  # user@server, as some hosts have it
    rest = f"{host}{parts.path}{'?' if settings else ''}"
    hidden = (re.sub(r"(?<=password=).*", "***", setting) for setting in settings)
    masked = f"{user.partition(':')[0]}:***" if secret else user
    return Target(
        path=None,
        url=f"{POSTGRES[0]}://{user}{at}{rest}{parts.query}",
        shown=f"{scheme}://{masked}{at}{rest}{'&'.join(hidden)}",
    )


def _unreadable() -> StoreError:
    return StoreError(
        "the database URL cannot be read: expected user:password@host:port/name, in a password "
        f"%40 for @, %2F for /, %3A for :, %3F for ? and %23 for #; give {FORMS}"
    )


def _file(text: str) -> Target:
    if not text or text == ":memory:":
        raise StoreError(
            f"no database file in '{text}': what is kept in memory is gone when the process ends; "
            f"give {FORMS}"
        )
    path = Path(text).expanduser()
    return Target(path, None, str(path))
