"""Bringing a database to the current schema, in one transaction; the only importer of Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from nncli.store.making import lock
from nncli.store.schema import VERSION_TABLE
from nncli.store.views import create_views, drop_views


def upgrade(engine: Engine, version: str = "head") -> None:
    """Run the migrations up to ``version``; a process that comes second finds nothing to do.

    Views are dropped first and made anew, so that a migration may change any table under them.
    """
    with engine.execution_options(write=True).connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # tables may be copied; the pragma works outside a transaction alone
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                lock(connection)
                drop_views(connection)
                command.upgrade(configuration(connection), version)
                create_views(connection)
        finally:
            if sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys = ON")


def _folder() -> str:
    return str(Path(__file__).parent / "migrations").replace("%", "%%")  # it is interpolated


def configuration(connection: object = None) -> Config:
    """Return Alembic's configuration, with the connection for ``env.py`` to use."""
    config = Config()
    config.set_main_option("script_location", _folder())
    config.set_main_option("version_table", VERSION_TABLE)
    config.attributes["connection"] = connection
    return config
