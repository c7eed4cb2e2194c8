"""Insertions that run as often as a run ends: compiled once, executed as the driver takes them.

SQLAlchemy's processing of parameters and results takes several times as long as SQLite's insertion,
and what a run writes are plain numbers, texts and bytes, which need none. SQLite's driver is asked
directly; that of a server is left to SQLAlchemy, which knows when a connection is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Table, insert

BLOCK = 128
"""Rows of one statement, where its parameters are positional."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement in the driver's own language, and its columns in their order.

    Its parameters are ``positional`` on SQLite and named on PostgreSQL.
    """

    sql: str
    names: tuple[str, ...]
    positional: bool

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it with a value for each parameter, by name."""
        return connection.exec_driver_sql(self.sql, self._parameters(values))

    def run_for_key(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute it, and return the key that it is ``RETURNING``."""
        cursor = self._execute(connection, self.sql, self._parameters(values))
        return int(cursor.fetchone()[0])

    def run_all(self, connection: Connection, values: Iterable[Mapping[str, Any]]) -> None:
        """Execute it once for each of several mappings, of which there may be none."""
        rows = [self._parameters(each) for each in values]
        if rows and self.positional:
            connection.connection.cursor().executemany(self.sql, rows)
        elif rows:
            connection.exec_driver_sql(self.sql, rows)

    def run_cells(self, connection: Connection, cells: Sequence[object]) -> None:
        """Insert rows whose cells stand one row after the other, each as ``names`` has them.

        SQLite takes many rows in one statement a third faster than one after the other.
        """
        width = len(self.names)
        if not self.positional:
            rows = (cells[start : start + width] for start in range(0, len(cells), width))
            self.run_all(connection, (dict(zip(self.names, row, strict=True)) for row in rows))
            return
        for start in range(0, len(cells), BLOCK * width):
            block = cells[start : start + BLOCK * width]
            self._execute(connection, _of_rows(self.sql, len(block) // width), block)

    def run_rows(
        self, connection: Connection, names: tuple[str, ...], rows: Iterable[Sequence[object]]
    ) -> None:
        """Insert rows whose cells are in the order of ``names``, which must be the statement's."""
        assert self.names == names
        self.run_cells(connection, list(chain.from_iterable(rows)))

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        return tuple([values[name] for name in self.names]) if self.positional else values

    def _execute(self, connection: Connection, sql: str, parameters: Any) -> Any:
        """Return the driver's cursor, or what SQLAlchemy has in its place."""
        if self.positional:
            return connection.connection.cursor().execute(sql, parameters)
        return connection.exec_driver_sql(sql, parameters)


@lru_cache(maxsize=4 * BLOCK)
def _of_rows(sql: str, count: int) -> str:
    """Return an insertion of one row, without an ending, as that of several."""
    _, values, cells = sql.partition(" VALUES ")
    assert values
    return sql + f", {cells}" * (count - 1)


@lru_cache(maxsize=64)
def insertion(
    table: Table, dialect: Dialect, ending: str = "", names: tuple[str, ...] | None = None
) -> Prepared:
    """Compile the insertion of a row with all columns but a key that the database counts.

    Or with the columns ``names``, in the table's order; the others are NULL. ``ending`` is appended
    as it is: ``RETURNING id``, or what to do about a row that is there.
    """
    if names is None:
        names = tuple(c.name for c in table.c if c is not table.autoincrement_column)
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    order = getattr(compiled, "positiontup", None)
    assert order is None or tuple(order) == names
    # PostgreSQL's compiler returns the key by itself.
    sql, _, _ = str(compiled).partition(" RETURNING ")
    return Prepared(f"{sql} {ending}".rstrip(), names, order is not None)
