"""The statements on what belongs to a run: curve, layer statistics and models."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Connection, Dialect, Table, delete, insert, select

from nncli.store.columns import Columns
from nncli.store.curve import Curve, LayerStats
from nncli.store.records import Checkpoint
from nncli.store.schema import epochs, layer_stats, models

Kind = TypeVar("Kind", bound=Columns)

_TABLES: dict[type[Columns], Table] = {Curve: epochs, LayerStats: layer_stats}


def append(connection: Connection, run_id: int, columns: Columns) -> None:
    """Insert rows of a curve or of layer statistics by the driver's own ``executemany``.

    SQLAlchemy's processing of each parameter takes four times as long as SQLite's insertion, and
    these are plain numbers.
    """
    statement, order = _insertion(_TABLES[type(columns)], connection.dialect)
    names, rows = columns.to_rows(run_id)
    if order is None:
        named = [dict(zip(names, row, strict=True)) for row in rows]
        connection.exec_driver_sql(statement, named)
    else:
        assert order == names
        connection.exec_driver_sql(statement, rows)


@lru_cache(maxsize=8)
def _insertion(table: Table, dialect: Dialect) -> tuple[str, tuple[str, ...] | None]:
    """Return the statement as the driver wants it, and the order of positional parameters."""
    compiled = insert(table).compile(dialect=dialect)
    order = getattr(compiled, "positiontup", None)
    return str(compiled), None if order is None else tuple(order)


def load(connection: Connection, run_id: int, kind: type[Kind]) -> Kind:
    """Read a curve or layer statistics in the order of their epochs; there may be no rows."""
    table = _TABLES[kind]
    rows = connection.execute(
        select(*(table.c[name] for name in kind.names()), table.c.flags)
        .where(table.c.run_id == run_id)
        .order_by(*table.primary_key)
    ).all()
    return kind.from_rows(rows)


def replace_model(
    connection: Connection, run_id: int, kind: str, model: Checkpoint, saved: str
) -> None:
    """Store a model in the place of the one of that kind."""
    connection.execute(delete(models).where(models.c.run_id == run_id, models.c.kind == kind))
    connection.execute(
        insert(models),
        {
            "run_id": run_id,
            "kind": kind,
            "epoch": model.epoch,
            "saved": saved,
            "info": model.info,
            "state_info": model.state_info,
            "weights": model.weights,
            "state": model.state,
        },
    )


def load_model(connection: Connection, run_id: int, kind: str) -> Checkpoint | None:
    """Read a model, if the run has one of that kind."""
    names = tuple(f.name for f in fields(Checkpoint))
    row = connection.execute(
        select(*(models.c[name] for name in names)).where(
            models.c.run_id == run_id, models.c.kind == kind
        )
    ).first()
    return None if row is None else Checkpoint(**dict(zip(names, row, strict=True)))


def kinds_of_models(connection: Connection, run_id: int) -> list[str]:
    """Return the kinds of models that a run keeps."""
    kept = select(models.c.kind).where(models.c.run_id == run_id).order_by(models.c.kind)
    return list(connection.execute(kept).scalars())


def cut_after(connection: Connection, run_id: int, epoch: int) -> None:
    """Delete what a run stored after an epoch."""
    for table in (epochs, layer_stats, models):
        connection.execute(delete(table).where(table.c.run_id == run_id, table.c.epoch > epoch))
