"""From an error of PostgreSQL to a message for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from nncli.errors import StoreError

#: What a failed connection says, up to its cause.
_PREAMBLE = re.compile(r"^.*(?:failed|bad|FATAL): +", re.DOTALL)

_RESUME = "nncli report shows what was saved, and nncli train --resume goes on with it"


def explain_postgres(error: BaseException, shown: str, timeout: float, lost: bool) -> StoreError:
    """Build the message for a driver's error; ``lost`` says that it ended the connection."""
    text = str(error).strip() or type(error).__name__
    code = getattr(error, "sqlstate", None)
    if code is None and not lost:
        return _not_connected(text, shown)
    reason = text.splitlines()[0]
    if lost or code in _LOST:
        return StoreError(
            f"the connection to {shown} was lost ({reason}): what was being written is not "
            f"stored; see that the server runs, and start again: {_RESUME}"
        )
    return _BY_CODE.get(code or "", _other)(reason, shown, timeout)


def _not_connected(text: str, shown: str) -> StoreError:
    """Build the message for a connection that was refused; only its text says why."""
    cause = (_PREAMBLE.sub("", text).splitlines() or ["no reason given"])[0]
    for pattern, advice in _REFUSED.items():
        if found := re.search(pattern, text):
            names = {name: value or "" for name, value in found.groupdict().items()}
            return StoreError(f"{shown} refuses the connection ({cause}): {advice.format(**names)}")
    if "FATAL:" in text:
        return StoreError(
            f"{shown} refuses the connection ({cause}): expected a user who may connect; "
            "check the URL, or ask who runs the server"
        )
    if re.search(r"invalid (URI|connection option|\w+ value)|port arguments", text):
        return StoreError(
            f"the database URL {shown} cannot be read ({cause}): expected parameters of libpq "
            "after the question mark, such as sslmode=require"
        )
    return StoreError(
        f"no PostgreSQL server answers at {shown} ({cause}): expected one that runs and can be "
        "reached from here; check host and port, or name another database with --db"
    )


_REFUSED = {
    r'database "(?P<name>[^"]*)" does not exist': (
        "expected a database that is there; make it: createdb {name} (CREATE DATABASE {name};), "
        "or name another with --db"
    ),
    r'role "(?P<name>[^"]*)" does not exist': (
        "expected a user whom the server knows; write it into the URL, user@host, or make it: "
        "createuser {name}"
    ),
    r"password authentication failed|no password supplied|auth\w* failed": (
        "expected user and password of the server; give the password in the URL, "
        "user:password@host, in PGPASSWORD or in ~/.pgpass, with characters such as @ and / in a "
        "URL written %40 and %2F"
    ),
    r"SSL was required|certificate": (
        "expected a server that encrypts as the URL asks: see sslmode in it"
    ),
    r"too many (clients|connections)|connection slots": (
        "expected a free connection, and each process takes one; end some that are not needed, or "
        "raise max_connections"
    ),
    r"is (starting up|shutting down)|not yet accepting": (
        "expected a server that has started; wait a moment and start again"
    ),
}
"""What the server says, and what to do about it."""


def _locked(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"{shown} has been locked by another program for {timeout:g} s: expected a write to take "
        "milliseconds; end the transaction that is open in it (an SQL shell, a backup) and start "
        "again"
    )


def _forbidden(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"{shown} allows this user too little ({reason}): expected one who may read the tables "
        "of nncli to read, and who owns them to write; ask their owner, or name another database "
        "with --db or NNCLI_DB"
    )


def _read_only(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"{shown} cannot be written ({reason}): expected a server that takes writes, not a standby "
        "or a read-only copy; name another with --db or NNCLI_DB"
    )


def _no_schema(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"{shown} has no schema to make tables in ({reason}): expected that the first one of its "
        "search_path exists; make it with CREATE SCHEMA, or check the URL"
    )


def _full(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"the disk of the server is full ({reason}): nothing was written to {shown}, what it held "
        f"before is intact; free some space there and start again: {_RESUME}"
    )


def _other(reason: str, shown: str, timeout: float) -> StoreError:
    return StoreError(
        f"the database {shown} failed ({reason}): nothing was written; expected a database that "
        "nncli made and that works; name another with --db"
    )


#: Codes of an error that ended the session: the server is stopped, or the session was idle.
_LOST = {"57P01", "57P02", "57P03", "25P03", "08000", "08003", "08006"}

_BY_CODE: dict[str, Callable[[str, str, float], StoreError]] = {
    "55P03": _locked,
    "42501": _forbidden,
    "25006": _read_only,
    "3F000": _no_schema,
    "53100": _full,
}
