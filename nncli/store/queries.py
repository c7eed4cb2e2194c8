"""The statements behind ``RunStore`` on runs and tags, as functions of an open connection."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from nncli.errors import RunGone, StoreError
from nncli.store.nonfinite import RUN_FLAGGED, from_cells, to_cells
from nncli.store.process import Process, is_alive
from nncli.store.records import Run, RunRow
from nncli.store.schema import layer_stats, runs, tags

WATCHED = exists().where(layer_stats.c.run_id == runs.c.id)
"""Of a run: it has statistics of its layers."""

HEARTBEAT_LIMIT = timedelta(minutes=5)
"""A process on another machine whose heartbeat is older counts as gone, its run as ``stale``."""

_ROW_FIELDS = tuple(f.name for f in fields(RunRow) if f.name != "tags")
_RUN_FIELDS = tuple(f.name for f in fields(Run) if f.name != "tags")
_FULL = tuple(runs.c[name] for name in (*_RUN_FIELDS, "flags"))
_LIGHT = tuple(runs.c[name] for name in (*_ROW_FIELDS, "flags"))

_CLAIMS = select(
    runs.c.id,
    runs.c.heartbeat,
    runs.c.host,
    runs.c.pid,
    runs.c.pid_started,
    runs.c.pid_space,
).where(runs.c.status == "running")

# Built once; the parameters of an execution name the columns that it sets.
_UPDATE = (
    update(runs)
    .where(runs.c.id == bindparam("of_id"))
    .values(flags=runs.c.flags.bitwise_and(bindparam("keep")).bitwise_or(bindparam("bits")))
)
_UPDATE_OWNED = _UPDATE.where(
    runs.c.status.in_(("running", "stale")),  # whatever others think of it
    runs.c.pid == bindparam("of_pid"),
    runs.c.pid_space == bindparam("of_space"),
    runs.c.pid_started.is_not_distinct_from(bindparam("of_started")),
)


def vanished(connection: Connection, now: datetime) -> set[int]:
    """Return the ids of the runs that claim to be running and have no process any more."""
    claims = connection.execute(_CLAIMS)
    return {
        run_id
        for run_id, heartbeat, host, pid, started, space in claims
        if not is_there(Process(host, pid, started, space), heartbeat, now)
    }


def is_there(process: Process, heartbeat: str, now: datetime) -> bool:
    """Say whether a process lives, by its heartbeat where it cannot be looked for."""
    alive = is_alive(process)
    if alive is None:
        return now - datetime.fromisoformat(heartbeat) <= HEARTBEAT_LIMIT
    return alive


def update_owned(
    connection: Connection, run_id: int, process: Process, values: Mapping[str, Any]
) -> None:
    """Update a run that ``process`` trains; ``StoreError`` if it does not, or not any more."""
    owner = {"of_pid": process.pid, "of_space": process.space, "of_started": process.started}
    if update_run(connection, run_id, values, _UPDATE_OWNED, owner):
        return
    row = connection.execute(
        select(runs.c.status, runs.c.host, runs.c.pid).where(runs.c.id == run_id)
    ).first()
    if row is None:
        raise RunGone(f"run {run_id} is not in the database any more: start it again")
    raise StoreError(
        f"run {run_id} is {row.status} and belongs to process {row.pid} on {row.host}, not to "
        f"process {process.pid} on {process.host}: nothing was written; to go on with it: "
        f"nncli train --resume {run_id}"
    )


def update_run(
    connection: Connection,
    run_id: int,
    values: Mapping[str, Any],
    statement: Update = _UPDATE,
    extra: Mapping[str, Any] | None = None,
) -> bool:
    """Update columns of a run and the flags of its numbers; False if no row fits."""
    cells, bits, mask = to_cells(values, RUN_FLAGGED)
    parameters = {**cells, **(extra or {}), "of_id": run_id, "keep": ~mask, "bits": bits}
    return bool(connection.execute(statement, parameters).rowcount)


def load_run(connection: Connection, run_id: int, now: datetime) -> Run | None:
    """Read all of a run apart from curve and models."""
    row = connection.execute(select(*_FULL).where(runs.c.id == run_id)).mappings().first()
    if row is None:
        return None
    values = dict(row)
    values["versions"] = json.loads(values["versions"])
    values["environment"] = json.loads(values["environment"])
    from_cells(values, values.pop("flags"), RUN_FLAGGED)
    if values["status"] == "running" and run_id in vanished(connection, now):
        values["status"] = "stale"
    found = connection.execute(
        select(tags.c.tag).where(tags.c.run_id == run_id).order_by(tags.c.tag)
    )
    return Run(**values, tags=tuple(found.scalars()))


def newest_of_spec(
    connection: Connection,
    spec_hash: str,
    data_hash: str,
    statuses: Collection[str],
    watched: bool,
) -> int | None:
    """Return the newest run of a spec on some data that has one of the statuses.

    With ``watched`` one that has statistics of its layers.
    """
    wanted = (
        select(runs.c.id)
        .where(runs.c.spec_hash == spec_hash, runs.c.data_hash == data_hash)
        .where(runs.c.status.in_(statuses))
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    return connection.execute(wanted.where(WATCHED) if watched else wanted).scalar()


def list_runs(
    connection: Connection,
    now: datetime,
    *,
    limit: int | None,
    status: str | None,
    tag: str | None,
    sweep_id: int | None,
) -> list[RunRow]:
    """Read the latest runs, newest first, without the bulky columns."""
    gone = vanished(connection, now)
    conditions = []
    if status is not None:
        conditions.append(_has_status(status, gone))
    if tag is not None:
        conditions.append(runs.c.id.in_(select(tags.c.run_id).where(tags.c.tag == tag)))
    if sweep_id is not None:
        conditions.append(runs.c.sweep_id == sweep_id)

    def latest(*columns: Any) -> Select[Any]:
        return select(*columns).where(*conditions).order_by(runs.c.id.desc()).limit(limit)

    chosen = latest(runs.c.id).subquery()
    labels: dict[int, list[str]] = {}
    for run_id, label in connection.execute(
        select(tags.c.run_id, tags.c.tag)
        .where(tags.c.run_id.in_(select(chosen.c.id)))
        .order_by(tags.c.tag)
    ):
        labels.setdefault(run_id, []).append(label)
    listed = []
    for row in connection.execute(latest(*_LIGHT)):
        values = dict(zip(_ROW_FIELDS, row, strict=False))
        if flags := row[-1]:
            from_cells(values, flags, RUN_FLAGGED)
        if values["id"] in gone:
            values["status"] = "stale"
        listed.append(RunRow(**values, tags=tuple(labels.get(values["id"], ()))))
    return listed


def _has_status(status: str, gone: Collection[int]) -> ColumnElement[bool]:
    if status == "stale":
        return or_(runs.c.status == "stale", runs.c.id.in_(gone))
    if status == "running":
        return and_(runs.c.status == "running", runs.c.id.not_in(gone))
    return runs.c.status == status
