"""The statements on what belongs to a run: curve, layer statistics and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TypeVar

from sqlalchemy import Connection, Table, delete, select

from nncli.store.columns import Columns
from nncli.store.curve import Curve, LayerStats
from nncli.store.prepared import insertion
from nncli.store.records import Checkpoint
from nncli.store.schema import epochs, layer_stats, models

Kind = TypeVar("Kind", bound=Columns)

_TABLES: dict[type[Columns], Table] = {Curve: epochs, LayerStats: layer_stats}
_PARTS = ", ".join(f"{c.name} = excluded.{c.name}" for c in models.c if not c.primary_key)
_REPLACE = f"ON CONFLICT (run_id, kind) DO UPDATE SET {_PARTS}"


def append(connection: Connection, run_id: int, columns: Columns) -> None:
    """Insert rows of a curve or of layer statistics."""
    names, cells = columns.to_cells(run_id)
    insertion(_TABLES[type(columns)], connection.dialect, names=names).run_cells(connection, cells)


def load(connection: Connection, run_id: int, kind: type[Kind]) -> Kind:
    """Read a curve or layer statistics in the order of their epochs; there may be no rows."""
    table = _TABLES[kind]
    rows = connection.execute(
        select(*(table.c[name] for name in kind.names()), table.c.flags)
        .where(table.c.run_id == run_id)
        .order_by(*table.primary_key)
    ).all()
    return kind.from_rows(rows)


def put_models(
    connection: Connection,
    run_id: int,
    kept: Mapping[str, Checkpoint | None],
    saved: str,
    *,
    replace: bool = True,
) -> None:
    """Store models by kind, each in the place of the one of that kind.

    A run that is new has none to ``replace``.
    """
    cells = [
        {
            "run_id": run_id,
            "kind": kind,
            "epoch": model.epoch,
            "saved": saved,
            "info": model.info,
            "state_info": model.state_info,
            "weights": model.weights,
            "state": model.state,
        }
        for kind, model in kept.items()
        if model is not None
    ]
    ending = _REPLACE if replace else ""
    insertion(models, connection.dialect, ending).run_all(connection, cells)


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
