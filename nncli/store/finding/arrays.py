"""Measurements of very many runs as NumPy columns, read a block of rows at a time.

A block of Python objects becomes arrays before the next one is read, so that a curve of millions of
rows takes the memory of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from nncli.store.columns import Columns
from nncli.store.curve import Curve, LayerStats
from nncli.store.nonfinite import VALUES
from nncli.store.schema import epochs, layer_stats

_TABLES = {Curve: epochs, LayerStats: layer_stats}

BLOCK = 20_000
"""Rows that are Python objects at one time: some 20 MB of them."""


def arrays_of(
    connection: Connection, kind: type[Columns], ids: Select[Any] | None
) -> dict[str, NDArray[Any]]:
    """Read the rows of a kind, of the runs whose ids a SELECT brings, or of all, by run and epoch.

    Columns (rows,): ``run_id``, those of ``ALWAYS``, and those ``FLAGGED`` as float64, in which a
    NaN stands for one and for what was not measured.
    """
    table = _TABLES[kind]
    names = ("run_id", *kind.names(), "flags")
    types = [np.float64 if n in kind.FLAGGED else kind.ALWAYS.get(n, np.int64) for n in names]
    wanted = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
    if ids is not None:
        wanted = wanted.where(table.c.run_id.in_(select(ids.subquery().c.id)))
    blocks: list[list[NDArray[Any]]] = [[np.empty(0, dtype)] for dtype in types]
    for rows in _read(connection, wanted):
        for found, cells, dtype in zip(blocks, zip(*rows, strict=True), types, strict=True):
            found.append(np.array(cells, dtype=dtype))
    columns = {}
    for name in reversed(names):  # each column's blocks go before the next one is made
        columns[name] = np.concatenate(blocks.pop())
    flags = columns["flags"]
    odd = np.flatnonzero(flags)
    for index, name in enumerate(kind.FLAGGED):
        code = flags[odd] >> 2 * index & 3
        for key, value in VALUES.items():
            columns[name][odd[code == key]] = value
    return {name: columns[name] for name in names[:-1]}


def _read(connection: Connection, wanted: Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    if connection.dialect.name != "sqlite":
        yield from connection.execute(wanted, execution_options={"yield_per": BLOCK}).partitions()
        return
    # SQLite's rows come one by one anyway; a Row of SQLAlchemy for each would cost as much again.
    cursor: Any = connection.execute(wanted).cursor
    while rows := cursor.fetchmany(BLOCK):
        yield rows
