"""What is in a database: rows and bytes by table, runs by status, and what the file holds."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from nncli.store import queries
from nncli.store.care.records import Info, TableInfo
from nncli.store.open import stored_version
from nncli.store.schema import metadata, runs
from nncli.store.target import Target


def read_info(connection: Connection, target: Target, now: datetime) -> Info:
    """Read what there is to say of a database."""
    path = target.path
    sizes = _sizes_in_file(connection) if path else _sizes_on_server(connection)
    tables = tuple(
        TableInfo(table.name, _rows(connection, table.name), sizes.get(table.name))
        for table in metadata.sorted_tables
    )
    oldest, newest = connection.execute(
        select(func.min(runs.c.created), func.max(runs.c.created))
    ).one()
    return Info(
        database=target.shown,
        kind=kind_of(connection),
        schema=stored_version(connection, target.shown) or "",
        bytes=path.stat().st_size if path else _database_bytes(connection),
        log_bytes=log_bytes(path) if path else None,
        free_bytes=free_bytes(connection) if path else None,
        disk_free=shutil.disk_usage(path.absolute().parent).free if path else None,
        tables=tables,
        statuses=_statuses(connection, now),
        oldest=oldest,
        newest=newest,
    )


def kind_of(connection: Connection) -> str:
    """Return the kind of database with its version, such as ``SQLite 3.45.1``."""
    version = ".".join(map(str, connection.dialect.server_version_info or ()))
    if connection.dialect.name == "sqlite":
        return f"SQLite {version}"
    return f"PostgreSQL {version}"


def log_bytes(path: Path) -> int:
    """Return the size of the write-ahead log of an SQLite file."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0


def free_bytes(connection: Connection) -> int:
    """Return the bytes of an SQLite file's pages that hold nothing."""
    pages = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _rows(connection: Connection, table: str) -> int:
    return int(connection.execute(select(func.count()).select_from(text(table))).scalar_one())


def _sizes_in_file(connection: Connection) -> dict[str, int]:
    """Return the bytes of each table with its indexes; nothing where SQLite cannot tell."""
    counted = (
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s "
        "JOIN sqlite_master m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
    )
    try:
        return {name: int(size) for name, size in connection.exec_driver_sql(counted)}
    except DBAPIError:  # made without the table dbstat
        return {}


def _sizes_on_server(connection: Connection) -> dict[str, int]:
    size = text("SELECT pg_total_relation_size(to_regclass(:name))")
    names = list(metadata.tables)
    found = {name: connection.execute(size, {"name": name}).scalar() for name in names}
    return {name: int(size) for name, size in found.items() if size is not None}


def _database_bytes(connection: Connection) -> int:
    asked = "SELECT pg_database_size(current_database())"
    return int(connection.exec_driver_sql(asked).scalar_one())


def _statuses(connection: Connection, now: datetime) -> dict[str, int]:
    counted = select(runs.c.status, func.count()).group_by(runs.c.status)
    found: Counter[str] = Counter()
    for status, count in connection.execute(counted):
        found[status] += count
    gone = len(queries.vanished(connection, now))
    found["running"] -= gone
    found["stale"] += gone
    return {status: count for status, count in found.most_common() if count}
