"""PostgreSQL: the engine of a server, and what a transaction on it is.

A transaction here promises what one on SQLite does, so that the store need not know which it has.
Reading ones see one moment of the database and can change nothing. Writing ones take turns: each
begins with an advisory lock, as SQLite's begin with ``BEGIN IMMEDIATE``, so that none fails half
way, deadlocks, or overwrites what it has not seen. They take milliseconds.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from nncli.errors import StoreError
from nncli.store.making import lock
from nncli.store.target import Target

IDLE_LIMIT = 10.0
"""Seconds, at least, after which the server ends a transaction whose process says nothing more: a
machine that vanished must not keep the others waiting."""

_CONNECTION: dict[str, str] = {
    "connect_timeout": "10",
    "fallback_application_name": "nncli",
    # A server that vanished is noticed within a minute; the system's own limits are hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Parameters of libpq, for what the URL leaves open."""


def server_engine(target: Target, timeout: float) -> Engine:
    """Return an engine, which connects when it is first used.

    ``timeout`` is how many seconds to wait for another process's lock. Raises ``StoreError``.
    """
    assert target.url is not None
    url = make_url(target.url)
    try:
        # Asked for a sign of life before each use, since a server may be restarted.
        engine = create_engine(url, pool_pre_ping=True, connect_args=_parameters(url))
    except ImportError as error:
        raise StoreError(
            f"{target.shown} needs the driver psycopg, which cannot be loaded ({error}): "
            "pip install 'nncli[postgres]'"
        ) from None
    idle = max(timeout / 2, IDLE_LIMIT)

    @event.listens_for(engine, "connect")
    def limit_waiting(connection: Any, record: object) -> None:
        # By statement, not by the parameter "options", which poolers such as PgBouncer refuse.
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET lock_timeout = {int(timeout * 1000)}; "
                f"SET idle_in_transaction_session_timeout = {int(idle * 1000)}"
            )
        connection.commit()

    event.listen(engine, "begin", _begin)
    return engine


def _parameters(url: URL) -> dict[str, str]:
    given = set(url.query)
    if "PGCONNECT_TIMEOUT" in os.environ:
        given.add("connect_timeout")
    return {name: value for name, value in _CONNECTION.items() if name not in given}


def _begin(connection: Connection) -> None:
    from psycopg import IsolationLevel

    write = connection.get_execution_options().get("write", False)
    driver: Any = connection.connection.dbapi_connection
    driver.read_only = not write
    # A writer that waited for its turn must see what the one before it wrote.
    level = IsolationLevel.READ_COMMITTED if write else IsolationLevel.REPEATABLE_READ
    driver.isolation_level = level
    if write:
        lock(connection)


def relations(connection: Connection) -> list[str]:
    """Return the names of tables, views and indexes in the schema that is written to."""
    named = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(current_schema())"
    return list(connection.exec_driver_sql(named).scalars())
