"""Plain SQL of a user, which can read everything and change nothing.

Nothing here looks for words that write. SQLite opens the file itself read-only, and is told by an
authorizer to prepare nothing but reading, which forbids other files too (``ATTACH``,
``VACUUM INTO``). PostgreSQL runs a read-only transaction, and takes one statement, of a kind that
has rows.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nncli.errors import NncliError, UsageError, did_you_mean
from nncli.store.failures import explain
from nncli.store.schema import metadata
from nncli.store.sessions import Sessions
from nncli.store.undecoded import check_decoded
from nncli.store.views import SPEC_FIELDS, view_statements

READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"}
)
"""What describes a table, and has no side to it that writes."""

SETTINGS = frozenset({"compile_options", "database_list", "page_count", "page_size"})
"""What describes a database where it is given no value."""

BLOCK = 1000
"""Rows that are fetched at a time."""

STEPS = 20_000
"""Steps of SQLite's machine between two looks for Ctrl-C: less than a millisecond."""

_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w*)", re.DOTALL)
_QUERIES = ("select", "with", "values", "table")
_DESCRIBING = ("explain", "show")


@dataclass(frozen=True)
class Answer:
    """The rows of a query, which are read as they are asked for."""

    columns: tuple[str, ...]
    rows: Iterator[Sequence[Any]]


class PlainSql(Sessions):
    """Asks a database in SQL. What is wrong with a statement is a UsageError."""

    @contextlib.contextmanager
    def ask(self, statement: str) -> Iterator[Answer]:
        """Execute a statement, which Ctrl-C breaks off, as ``KeyboardInterrupt``."""
        if not statement.strip().strip(";"):
            raise UsageError('no SQL was given: expected a query such as "select * from runs_flat"')
        check_decoded("the SQL", statement)
        path = self._target.path
        opened = self._of_server(statement) if path is None else self._of_file(path, statement)
        with contextlib.ExitStack() as stack, self._told():
            answer = stack.enter_context(opened)
            yield Answer(answer.columns, answer.rows)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        import sqlalchemy.exc

        try:
            yield
        except sqlite3.Warning:  # as Python up to 3.11 has it
            raise _several() from None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None
            raise _refusal(error) or explain(error, self._target, self._timeout) from None
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise explain(error, self._target, self._timeout) from error
        except Exception as error:
            if isinstance(error, NncliError) or not hasattr(error, "sqlstate"):
                raise
            raise _refusal(error) or explain_server(error, self) from None

    @contextlib.contextmanager
    def _of_file(self, path: Path, statement: str) -> Iterator[Answer]:
        with self._reading():
            pass  # says what is wrong with a file that is missing, foreign or of another version
        with contextlib.closing(connect_read_only(path, self._timeout)) as connection:
            connection.set_authorizer(_authorize)
            # Python hears a signal when it is called: KeyboardInterrupt in here ends the statement.
            connection.set_progress_handler(lambda: 0, STEPS)
            cursor = connection.execute(statement)
            yield Answer(_columns(cursor.description), _rows(cursor))

    @contextlib.contextmanager
    def _of_server(self, statement: str) -> Iterator[Answer]:
        first = _FIRST_WORD.match(statement)
        word = first[1].lower() if first else ""
        if word not in (*_QUERIES, *_DESCRIBING):
            raise UsageError(
                f"'{word}' does not begin a query: nncli sql only reads: expected select, with, "
                "values, table, explain or show"
            )
        with self._reading() as session:
            driver: Any = session.connection.dbapi_connection
            if word in _QUERIES:
                # A cursor of the server, which streams its rows, and takes one query and no more.
                with driver.cursor(name="nncli") as cursor:
                    cursor.execute(statement)
                    yield Answer(_columns(cursor.description), _rows(cursor))
            else:
                with driver.cursor() as cursor:
                    cursor.execute(statement, prepare=True)  # nor can this be more than one
                    yield Answer(_columns(cursor.description), _rows(cursor))


def connect_read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """Connect to a file that SQLite opens for reading alone.

    In a folder that is read-only itself the file is taken as one that nobody changes.
    """
    name = f"{path.absolute().as_uri()}?mode=ro"
    for uri in (name, f"{name}&immutable=1"):
        connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            connection.execute("PRAGMA query_only = 1")
        except sqlite3.Error:
            connection.close()
            if uri != name or Path(f"{path}-wal").exists():
                raise
            continue
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        return connection
    raise AssertionError("no way to connect")


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Allow what reads."""
    if action == sqlite3.SQLITE_PRAGMA:
        name = (first or "").lower()
        allowed = name in PRAGMAS or (name in SETTINGS and second is None)
    else:
        # So SQLite declares tables such as json_each; it lets no statement do this itself.
        declares = action == sqlite3.SQLITE_UPDATE and first == "sqlite_master"
        allowed = action in READING or declares
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _columns(description: Any) -> tuple[str, ...]:
    return tuple(str(each[0]) for each in description or ())


def _rows(cursor: Any) -> Iterator[Sequence[Any]]:
    while cursor.description and (block := cursor.fetchmany(BLOCK)):
        yield from block


def _refusal(error: BaseException) -> UsageError | None:
    """Build the error for a statement that was refused; None where it is not its fault."""
    text = (str(error).strip().splitlines() or [""])[0]
    code = getattr(error, "sqlite_errorcode", None)
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(code, int) and code & 0xFF in (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY):
        return _no_writing(text)
    if state.startswith(("25", "42501")) or "data-modifying" in text:
        return _no_writing(text)
    if "one statement at a time" in text or "multiple commands" in text:
        return _several()
    too_long = isinstance(error, sqlite3.DataError)  # a statement or a value of it
    if isinstance(code, int) and code & 0xFF != sqlite3.SQLITE_ERROR and not too_long:
        return None
    if "number of bindings" in text or isinstance(error, sqlite3.ProgrammingError):
        return UsageError(f"the SQL cannot be executed ({text}): expected values in the place of ?")
    if code is None and not too_long and not state.startswith(("42", "22", "0A")):
        return None
    return UsageError(
        f"the SQL cannot be executed: {text}{_near(text)}; the views and their columns are "
        "described in docs/sql.md"
    )


def _several() -> UsageError:
    return UsageError("several statements were given: expected one query, without a ; in it")


def _no_writing(text: str) -> UsageError:
    return UsageError(
        f"this would change the database, which is open for reading only ({text}): expected a "
        "query such as select; runs are changed by nncli tag, nncli note and nncli rm"
    )


_NAMED = re.compile(
    r"no such (column|table): (?:\w+\.)?(\w+)"
    r'|(column|relation) "?(?:\w+\.)?(\w+)"? does not exist'
)


def _near(text: str) -> str:
    """Return the nearest table or column for a name that is not there, or where else it is."""
    found = _NAMED.search(text)
    if found is None:
        return ""
    kind, name = found[1] or found[3], found[2] or found[4]
    if kind == "column":
        tables = metadata.tables.values()
        holders = ["runs_flat"] if name in SPEC_FIELDS.keys() | {"tags"} else []
        holders += [table.name for table in tables if name in table.c]
        if holders:
            return f" ({name} is a column of {', '.join(holders)})"
        columns = {column.name for table in tables for column in table.c}
        return did_you_mean(name, sorted(columns | SPEC_FIELDS.keys() | {"run_id", "tags"}))
    return did_you_mean(name, [*metadata.tables, *view_statements("sqlite")])


def explain_server(error: BaseException, session: Sessions) -> NncliError:
    """Build the error for a failure of PostgreSQL that no statement is to blame for."""
    from nncli.store.postgres_failures import explain_postgres

    return explain_postgres(error, session.shown, 0.0, lost=False)
