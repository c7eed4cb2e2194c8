"""Checks of an SQLite file: its pages and indexes, and that tables and views are ours."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, create_engine

from nncli.store.care.checking import EXAMPLES, Check, Finding, found_among
from nncli.store.making import create_schema

_OBJECTS = "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL"


def find_damage(connection: Connection) -> Finding:
    """Let SQLite read every page and hold every index against its table."""
    limit = 100
    said = list(connection.exec_driver_sql(f"PRAGMA integrity_check({limit})").scalars())
    if said == ["ok"]:
        return Finding()
    return Finding(len(said), tuple(" ".join(line.split()) for line in said[:EXAMPLES]))


def find_changed_schema(connection: Connection) -> Finding:
    """Hold tables, indexes and views against those of a new database; more of them are welcome."""
    there = {name: sql for name, _, sql in connection.exec_driver_sql(_OBJECTS)}
    wrong = []
    for name, (kind, sql) in _own_objects().items():
        if name not in there:
            wrong.append(f"the {kind} {name} is missing")
        elif there[name].split() != sql.split():
            wrong.append(f"the {kind} {name} was changed")
    return found_among(wrong)


def _own_objects() -> dict[str, tuple[str, str]]:
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(":memory:"))
    try:
        with engine.begin() as connection:
            create_schema(connection)
            return {name: (kind, sql) for name, kind, sql in connection.exec_driver_sql(_OBJECTS)}
    finally:
        engine.dispose()


CHECKS = (
    Check("file", "SQLite can read every page, and indexes fit their tables", find_damage),
    Check("schema", "tables, indexes and views are those of this version", find_changed_schema),
)
