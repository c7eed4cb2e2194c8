"""Insertions that run as often as a run ends: compiled once, executed as the driver takes them.

SQLAlchemy's processing of each parameter takes several times as long as SQLite's insertion, and
what a run writes are plain numbers, texts and bytes, which need none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Table, insert

BLOCK = 128
"""Rows of one statement, where its parameters are positional."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement in the driver's own language; ``order`` is that of positional parameters."""

    sql: str
    order: tuple[str, ...] | None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it with a value for each parameter, by name."""
        return connection.exec_driver_sql(self.sql, self._parameters(values))

    def run_all(self, connection: Connection, values: Iterable[Mapping[str, Any]]) -> None:
        """Execute it once for each of several mappings, of which there may be none."""
        if rows := [self._parameters(each) for each in values]:
            connection.exec_driver_sql(self.sql, rows)

    def run_rows(
        self, connection: Connection, names: tuple[str, ...], rows: list[tuple[object, ...]]
    ) -> None:
        """Execute it for rows whose cells are in the order of ``names``, the table's.

        SQLite takes many rows in one statement a third faster than one after the other.
        """
        if self.order is None:
            self.run_all(connection, [dict(zip(names, row, strict=True)) for row in rows])
            return
        assert self.order == names
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            cells = tuple(chain.from_iterable(block))
            connection.exec_driver_sql(_of_rows(self.sql, len(block)), cells)

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        if self.order is None:
            return values
        return tuple([values[name] for name in self.order])


@lru_cache(maxsize=4 * BLOCK)
def _of_rows(sql: str, count: int) -> str:
    """Return an insertion of one row, without an ending, as that of several."""
    _, values, cells = sql.partition(" VALUES ")
    assert values
    return sql + f", {cells}" * (count - 1)


@lru_cache(maxsize=32)
def insertion(table: Table, dialect: Dialect, ending: str = "") -> Prepared:
    """Compile the insertion of a row with all columns but a key that the database counts.

    ``ending`` is appended as it is: ``RETURNING id``, or what to do about a row that is there.
    """
    names = [column.name for column in table.c if column is not table.autoincrement_column]
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    order = getattr(compiled, "positiontup", None)
    # PostgreSQL's compiler returns the key by itself.
    sql, _, _ = str(compiled).partition(" RETURNING ")
    return Prepared(f"{sql} {ending}".rstrip(), None if order is None else tuple(order))
