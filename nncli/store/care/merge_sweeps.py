"""Merging sweeps, the processes that worked on them, and gradient checks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from nncli.store.care.merge_runs import converted
from nncli.store.care.pair import Pair
from nncli.store.care.records import Merged
from nncli.store.schema import gradchecks, runs, sweep_processes, sweeps

_PAGE = 500
"""Rows that are looked at in one transaction."""

_OWN = ("sweep_id", "host", "pid", "pid_started", "started")
"""What tells the processes of sweeps apart, in every database."""

_PROOF = ("created", "host", "what", "checks", "seconds")
"""What tells gradient checks apart: two that ended in one millisecond do not take the same time."""


def merge_sweeps(pair: Pair, merged: Merged) -> dict[int, int]:
    """Merge sweeps and their processes; return the id that each sweep of the source has here."""
    there = list(pair.source.connection.execute(select(sweeps).order_by(sweeps.c.id)).mappings())
    if pair.dry_run:
        known = _known_sweeps(pair, [row["uuid"] for row in there])
        merged.sweeps += sum(row["uuid"] not in known for row in there)
        return {row["id"]: known[row["uuid"]] for row in there if row["uuid"] in known}
    ids: dict[int, int] = {}
    for start in range(0, len(there), _PAGE):
        with pair.writing() as connection:
            for row in there[start : start + _PAGE]:
                ids[row["id"]] = _merge_sweep(connection, row, merged)
    return ids


def _known_sweeps(pair: Pair, uuids: Collection[str]) -> dict[str, int]:
    if pair.is_new:
        return {}
    with pair.reading() as connection:
        rows = connection.execute(select(sweeps.c.uuid, sweeps.c.id)).all()
    return {uuid: sweep_id for uuid, sweep_id in rows if uuid in uuids}


def _merge_sweep(connection: Connection, row: RowMapping, merged: Merged) -> int:
    found = select(sweeps.c.id, sweeps.c.definition).where(sweeps.c.uuid == row["uuid"])
    known = connection.execute(found).first()
    if known is None:
        merged.sweeps += 1
        return _inserted(connection, sweeps, row)
    if _trials_asked(row["definition"]) > _trials_asked(known.definition):
        longer = update(sweeps).where(sweeps.c.id == known.id)
        connection.execute(longer.values(definition=row["definition"]))
    return int(known.id)


def _trials_asked(definition: str) -> int:
    """Return how many trials a sweep was to draw: of one uuid, only that may differ."""
    try:
        return int(json.loads(definition).get("trials") or 0)
    except (TypeError, ValueError, AttributeError):
        return 0


def merge_processes(
    connection: Connection, pair: Pair, old_sweep: int, new_sweep: int
) -> dict[int, int]:
    """Merge who worked on a sweep; nobody of them works on it here."""
    wanted = select(sweep_processes).where(sweep_processes.c.sweep_id == old_sweep)
    here = select(sweep_processes).where(sweep_processes.c.sweep_id == new_sweep)
    known = {
        tuple(row[name] for name in _OWN): row["id"] for row in connection.execute(here).mappings()
    }
    ids = {}
    for row in pair.source.connection.execute(wanted).mappings():
        values = {**row, "sweep_id": new_sweep, "ended": row["ended"] or row["heartbeat"]}
        key = tuple(values[name] for name in _OWN)
        ids[row["id"]] = known.get(key) or _inserted(connection, sweep_processes, values)
    return ids


def _inserted(connection: Connection, table: Table, row: Mapping[Any, Any]) -> int:
    """Insert a row with an id of this database."""
    values = converted(table, {str(name): value for name, value in row.items() if name != "id"})
    made = connection.execute(insert(table), values)
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def merge_gradchecks(pair: Pair, merged: Merged) -> None:
    """Merge gradient checks; one of a run that was deleted is of none here."""
    joined = gradchecks.outerjoin(runs, runs.c.id == gradchecks.c.run_id)
    wanted = select(gradchecks, runs.c.uuid).select_from(joined).order_by(gradchecks.c.id)
    rows = [dict(row) for row in pair.source.connection.execute(wanted).mappings()]
    for start in range(0, len(rows), _PAGE):
        page = rows[start : start + _PAGE]
        if pair.is_new:
            merged.gradchecks += len(page)
            continue
        with pair.reading() as connection:
            new = _unknown(connection, page)
        if new and not pair.dry_run:
            with pair.writing() as connection:
                new = _unknown(connection, page)
                for row in new:
                    own = select(runs.c.id).where(runs.c.uuid == row["uuid"])
                    run_id = connection.execute(own).scalar()
                    values = {name: row[name] for name in row if name != "uuid"}
                    _inserted(connection, gradchecks, values | {"run_id": run_id})
        merged.gradchecks += len(new)


def _unknown(connection: Connection, page: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    times = [row["created"] for row in page]
    columns = [gradchecks.c[name] for name in _PROOF]
    found = connection.execute(select(*columns).where(gradchecks.c.created.in_(times)))
    known = {tuple(row) for row in found}
    return [row for row in page if tuple(row[name] for name in _PROOF) not in known]
