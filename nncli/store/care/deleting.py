"""Deleting runs with all their rows, or their models alone, a transaction for a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, select

from nncli.store import queries
from nncli.store.care.records import Weight
from nncli.store.schema import epochs, layer_stats, models, runs

BATCH = 250
"""Runs of one transaction: a fraction of a second, for which others that write must wait."""

_BYTES = (
    func.length(models.c.weights)
    + func.coalesce(func.length(models.c.state), 0)
    + func.length(models.c.info)
    + func.coalesce(func.length(models.c.state_info), 0)
)


def batches(ids: Collection[int], size: int = BATCH) -> Iterator[Sequence[int]]:
    """Yield ids in order, some at a time."""
    listed = sorted(set(ids))
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def weigh(connection: Connection, ids: Collection[int]) -> Weight:
    """Count what runs have in the store; ids of no run count nothing."""
    found = [0] * 5
    for batch in batches(ids):
        found[0] += _count(connection, runs, batch)
        found[1] += _count(connection, epochs, batch)
        found[2] += _count(connection, layer_stats, batch)
        kept = select(func.count(), func.coalesce(func.sum(_BYTES), 0))
        count, size = connection.execute(kept.where(models.c.run_id.in_(batch))).one()
        found[3] += count
        found[4] += int(size)
    return Weight(*found)


def _count(connection: Connection, table: Table, ids: Sequence[int]) -> int:
    key = runs.c.id if table is runs else table.c.run_id
    counted = select(func.count()).select_from(table).where(key.in_(ids))
    return int(connection.execute(counted).scalar_one())


def with_models(connection: Connection, ids: Collection[int]) -> set[int]:
    """Return which of some runs have a stored model."""
    found: set[int] = set()
    for batch in batches(ids):
        wanted = select(models.c.run_id).where(models.c.run_id.in_(batch))
        found.update(connection.execute(wanted).scalars())
    return found


def running(connection: Connection, ids: Collection[int], now: datetime) -> list[int]:
    """Return which of some runs are being trained."""
    found = connection.execute(select(runs.c.id).where(runs.c.status == "running")).scalars()
    claimed = set(found) & set(ids)
    return sorted(claimed - queries.vanished(connection, now)) if claimed else []


def delete_runs(connection: Connection, ids: Sequence[int]) -> int:
    """Delete runs; what belongs to them goes with them. Returns how many there were.

    Trials and gradient checks stay: a trial whose run is gone is missing again, and a proof
    outlives the run.
    """
    return connection.execute(delete(runs).where(runs.c.id.in_(ids))).rowcount


def delete_models(connection: Connection, ids: Sequence[int]) -> int:
    """Delete the models of runs; the runs and their curves stay. Returns how many there were."""
    return connection.execute(delete(models).where(models.c.run_id.in_(ids))).rowcount
