"""Merging runs: each with its curve, layer statistics, models and tags, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, Table, delete, func, select, update

from nncli.store import queries
from nncli.store.care import labels
from nncli.store.care.deleting import BATCH
from nncli.store.care.pair import Pair
from nncli.store.care.records import Merged
from nncli.store.care.source import Source
from nncli.store.prepared import insertion
from nncli.store.schema import epochs, layer_stats, models, runs, tags

MOST_ROWS = 50_000
"""Curve rows of one transaction: they are written in a fraction of a second."""

MOST_BYTES = 64 * 2**20
"""Bytes of models of one transaction."""

_MODEL_BYTES = (
    select(func.coalesce(func.sum(func.length(models.c.weights) + func.length(models.c.info)), 0))
    .where(models.c.run_id == runs.c.id)
    .scalar_subquery()
)
_HEADS = select(
    runs.c.id, runs.c.uuid, runs.c.status, runs.c.heartbeat, runs.c.epochs, _MODEL_BYTES
).order_by(runs.c.id)
_THERE = select(runs.c.uuid, runs.c.id, runs.c.heartbeat)
_NAMES = tuple(column.name for column in runs.c)


class Head(NamedTuple):
    """A run of the source, before it is looked into."""

    run_id: int
    uuid: str
    status: str
    heartbeat: str
    epochs: int
    bytes: int


class Decided(NamedTuple):
    """What is to be done with some runs; ``update`` gives the id that each has here."""

    add: list[Head]
    update: dict[int, int]
    unchanged: int
    busy: int


def merge_runs(
    pair: Pair, sweep_ids: Mapping[int, int], merged: Merged, tell: Callable[[int, int], None]
) -> None:
    """Merge all runs; those that are still written to in the source are left out."""
    source = pair.source
    heads = [Head(*row) for row in source.connection.execute(_HEADS)]
    gone = queries.vanished(source.connection, pair.clock())
    whole = [head for head in heads if head.status != "running" or head.run_id in gone]
    merged.running += len(heads) - len(whole)
    done = 0
    for batch in batches(whole):
        decided = _decide_unlocked(pair, batch)
        if not pair.dry_run and (decided.add or decided.update):
            with pair.writing() as connection:
                # Decided again: others may have written before the lock was ours.
                decided = decide(connection, batch, pair)
                _bring(connection, source, decided, gone, sweep_ids, merged)
        merged.added += len(decided.add)
        merged.updated += len(decided.update)
        merged.unchanged += decided.unchanged
        merged.busy += decided.busy
        done += len(batch)
        tell(done, len(whole))


def batches(heads: Sequence[Head]) -> Iterator[list[Head]]:
    """Yield runs in order, as many at a time as are written in one transaction."""
    batch: list[Head] = []
    rows = size = 0
    for head in heads:
        rows, size = rows + head.epochs, size + head.bytes
        if batch and (len(batch) >= BATCH or rows > MOST_ROWS or size > MOST_BYTES):
            yield batch
            batch, rows, size = [], head.epochs, head.bytes
        batch.append(head)
    if batch:
        yield batch


def _decide_unlocked(pair: Pair, batch: Sequence[Head]) -> Decided:
    if pair.is_new:
        return Decided(list(batch), {}, 0, 0)
    with pair.reading() as connection:
        return decide(connection, batch, pair)


def decide(connection: Connection, batch: Sequence[Head], pair: Pair) -> Decided:
    """Say which runs are new, and which have a later sign of life than the ones that are here."""
    wanted = _THERE.where(runs.c.uuid.in_([head.uuid for head in batch]))
    there = {uuid: (run_id, heartbeat) for uuid, run_id, heartbeat in connection.execute(wanted)}
    add = [head for head in batch if head.uuid not in there]
    newer = {
        head.run_id: there[head.uuid][0]
        for head in batch
        if head.uuid in there and head.heartbeat > there[head.uuid][1]
    }
    busy: set[int] = set()
    if newer:
        running = select(runs.c.id).where(runs.c.status == "running")
        alive = set(connection.execute(running).scalars())
        busy = (alive - queries.vanished(connection, pair.clock())) & set(newer.values())
    changed = {old: new for old, new in newer.items() if new not in busy}
    return Decided(add, changed, len(batch) - len(add) - len(newer), len(busy))


def _bring(
    connection: Connection,
    source: Source,
    decided: Decided,
    gone: Collection[int],
    sweep_ids: Mapping[int, int],
    merged: Merged,
) -> None:
    """Write the runs that are new or newer, with all that belongs to them."""
    wanted = [head.run_id for head in decided.add] + list(decided.update)
    marks = ", ".join("?" * len(wanted))
    ids: dict[int, int] = {}
    insert = insertion(runs, connection.dialect, "RETURNING id")
    for row in source.driver.execute(
        f"SELECT {', '.join(_NAMES)} FROM runs WHERE id IN ({marks}) ORDER BY id", wanted
    ):
        values = converted(runs, dict(zip(_NAMES, row, strict=True)))
        old = values.pop("id")
        values["sweep_id"] = sweep_ids.get(values["sweep_id"])
        if old in gone:
            values["status"] = "stale"
        if old in decided.update:
            ids[old] = decided.update[old]
            _replace(connection, ids[old], values)
        else:
            ids[old] = int(insert.run(connection, values).scalar_one())
    merged.curve_rows += _copy_rows(connection, source, epochs, ids)
    _copy_rows(connection, source, layer_stats, ids)
    merged.models += _copy_models(connection, source, ids)
    _copy_tags(connection, source, ids)


def _replace(connection: Connection, run_id: int, values: dict[str, Any]) -> None:
    """Put a newer state of a run in the place of an older; what people wrote here stays."""
    for table in (epochs, layer_stats, models):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    kept = {name: runs.c[name] for name in ("sweep_id", "note") if values[name] is None}
    connection.execute(update(runs).where(runs.c.id == run_id).values({**values, **kept}))


def _copy_rows(connection: Connection, source: Source, table: Table, ids: Mapping[int, int]) -> int:
    """Copy rows that begin with the id of their run, many in a statement."""
    names = tuple(column.name for column in table.c)
    rows: list[tuple[Any, ...]] = [
        (ids[old], *rest) for old, *rest in source.driver.execute(_of_runs(table, ids), list(ids))
    ]
    insertion(table, connection.dialect).run_rows(connection, names, rows)
    return len(rows)


def _copy_models(connection: Connection, source: Source, ids: Mapping[int, int]) -> int:
    """Copy models, of which one is held at a time."""
    names = tuple(column.name for column in models.c)
    insert = insertion(models, connection.dialect)
    count = 0
    for row in source.driver.execute(_of_runs(models, ids), list(ids)):
        values = dict(zip(names, row, strict=True))
        insert.run(connection, values | {"run_id": ids[values["run_id"]]})
        count += 1
    return count


def _copy_tags(connection: Connection, source: Source, ids: Mapping[int, int]) -> None:
    by_tag: dict[str, list[int]] = {}
    for old, tag in source.driver.execute(_of_runs(tags, ids), list(ids)):
        by_tag.setdefault(tag, []).append(ids[old])
    for tag, tagged in by_tag.items():
        labels.change_tags(connection, tagged, [tag], [])


def _of_runs(table: Table, ids: Collection[int]) -> str:
    names = ", ".join(column.name for column in table.c)
    keys = ", ".join(column.name for column in table.primary_key)
    marks = ", ".join("?" * len(ids))
    return f"SELECT {names} FROM {table.name} WHERE run_id IN ({marks}) ORDER BY {keys}"


def converted(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """Return the cells of an SQLite row as any database takes them: there a truth is 0 or 1."""
    for name, value in values.items():
        if value is not None and isinstance(table.c[name].type, Boolean):
            values[name] = bool(value)
    return values
