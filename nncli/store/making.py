"""Making the schema in an empty database, and the lock round that and round migrating."""

from __future__ import annotations

from sqlalchemy import Connection, text

from nncli.store.schema import SCHEMA_VERSION, VERSION_TABLE, metadata
from nncli.store.views import create_views, view_statements

APPLICATION_ID = int.from_bytes(b"nncl", "big")
"""In the header of our SQLite files, for ``file`` and its like; ``VERSION_TABLE`` decides."""

LOCK_KEY = APPLICATION_ID
"""PostgreSQL's advisory lock round every transaction that writes."""

OUR_NAMES = frozenset({VERSION_TABLE, *metadata.tables, *view_statements("postgresql")})
"""Tables and views that the schema is made of."""


def lock(connection: Connection) -> None:
    """Keep other processes from making, migrating or writing until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


def create_schema(connection: Connection) -> None:
    """Make tables, views and version stamp, without Alembic, whose import takes 0.3 s."""
    metadata.create_all(connection, checkfirst=False)
    create_views(connection)
    # As Alembic makes it.
    connection.exec_driver_sql(
        f"CREATE TABLE {VERSION_TABLE} (\n\tversion_num VARCHAR(32) NOT NULL, \n"
        f"\tCONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num)\n)"
    )
    connection.execute(
        text(f"INSERT INTO {VERSION_TABLE} VALUES (:version)"), {"version": SCHEMA_VERSION}
    )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
