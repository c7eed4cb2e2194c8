"""Stores to test, each on a database of its own, on every kind of database there is.

A test of ``store`` or ``target`` runs on both. One that asks for ``path`` is about the SQLite file
and runs on that alone; one that asks for ``database`` or its ``url`` is about PostgreSQL.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import NoServer, PostgresServer, running_server
from store_samples import ELSEWHERE

from nncli.store import RunStore
from nncli.store.process import Process


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.fixturenames
    if "target" in names:
        others = {"sqlite": "database", "postgresql": "path"}
        kinds = [kind for kind, other in others.items() if other not in names]
        metafunc.parametrize("target", kinds, indirect=True)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started for the first test that needs it."""
    try:
        with running_server() as running:
            yield running
    except NoServer as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def kept_database(server: PostgresServer) -> str:
    """The name of the database that all tests of this process use, one after the other."""
    return server.new_database()


@pytest.fixture
def database(server: PostgresServer, kept_database: str) -> Iterator[str]:
    """The name of an empty database on the server."""
    yield kept_database
    server.empty_database(kept_database)


@pytest.fixture
def url(server: PostgresServer, database: str) -> str:
    return server.url(database)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """A database that is not there, or empty: the path of a file, or a URL."""
    if request.param == "sqlite":
        return tmp_path / "results.db"
    url: str = request.getfixturevalue("url")
    return url


@pytest.fixture
def store(target: str | Path) -> Iterator[RunStore]:
    with RunStore(target, timeout=5) as opened:
        yield opened


@pytest.fixture
def elsewhere(target: str | Path) -> Iterator[Callable[[Process], RunStore]]:
    """Stores on the same database that write as some other process."""
    opened: list[RunStore] = []

    def open_as(process: Process = ELSEWHERE) -> RunStore:
        opened.append(RunStore(target, process=process))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()


@pytest.fixture
def query(
    target: str | Path, request: pytest.FixtureRequest
) -> Callable[[str], list[dict[str, Any]]]:
    """A function that executes SQL as another program would, and returns the rows by column."""
    if isinstance(target, Path):
        return lambda statement: _in_file(target, statement)
    server: PostgresServer = request.getfixturevalue("server")
    name: str = request.getfixturevalue("database")
    return lambda statement: server.execute(statement, name)


@pytest.fixture
def execute(
    query: Callable[[str], list[dict[str, Any]]],
) -> Callable[[str], list[tuple[Any, ...]]]:
    """As ``query``, with plain rows."""
    return lambda statement: [tuple(row.values()) for row in query(statement)]


def _in_file(path: Path, statement: str) -> list[dict[str, Any]]:
    # Reading leaves all as it is: no file where none was, and a log that is to be recovered.
    mode = "ro" if statement.startswith("SELECT") else "rw"
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", uri=True, timeout=10, isolation_level=None
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        return [dict(row) for row in connection.execute(statement)]
    finally:
        connection.close()
