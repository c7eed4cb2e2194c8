"""The statements behind ``SweepStore`` that read: sweeps, who works on them, and their trials."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, tuple_

from nncli.store import queries
from nncli.store.nonfinite import RUN_FLAGGED, from_cells
from nncli.store.process import Process
from nncli.store.schema import runs, sweep_processes, sweeps, trials
from nncli.store.sweep_records import Sweep, TrialRow

RESULTS = (
    *RUN_FLAGGED,
    *("parameters", "epochs", "updates", "best_epoch"),
    *("seconds_train", "seconds_total", "samples_per_second"),
)
"""The columns of a run that are given as the results of a trial."""

RESULT_COLUMNS = tuple(runs.c[name] for name in RESULTS)

PAGE = 500
"""Rows that are read at a time: few enough to be light, and for every database's parameters."""

_SWEEP = tuple(sweeps.c[f.name] for f in fields(Sweep))
_PROCESSES = select(
    sweep_processes.c.id,
    sweep_processes.c.heartbeat,
    sweep_processes.c.host,
    sweep_processes.c.pid,
    sweep_processes.c.pid_started,
    sweep_processes.c.pid_space,
).where(sweep_processes.c.ended.is_(None))
_TRIALS = (
    select(
        trials.c.number,
        trials.c.seed,
        trials.c.state,
        trials.c.params,
        trials.c.spec_hash,
        trials.c.process_id,
        runs.c.id,
        runs.c.status,
        runs.c.flags,
        *RESULT_COLUMNS,
    )
    .select_from(trials.outerjoin(runs, runs.c.id == trials.c.run_id))
    .order_by(trials.c.number, trials.c.seed)
)


def find_sweeps(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Sweep]:
    """Read sweeps, newest first."""
    wanted = select(*_SWEEP).where(*conditions).order_by(sweeps.c.id.desc()).limit(limit)
    found = []
    for row in connection.execute(wanted).mappings():
        found.append(Sweep(**{**row, "tags": tuple(json.loads(row["tags"]))}))
    return found


def at_work(connection: Connection, sweep_id: int, now: datetime) -> set[int]:
    """Return the ids of the processes that work on a sweep and are still there."""
    found = connection.execute(_PROCESSES.where(sweep_processes.c.sweep_id == sweep_id))
    return {
        process_id
        for process_id, heartbeat, host, pid, started, space in found
        if queries.is_there(Process(host, pid, started, space), heartbeat, now)
    }


def results_of(cells: Sequence[Any], flags: int | None) -> dict[str, float | None]:
    """Return the results of a run by name, ``cells`` being those of ``RESULT_COLUMNS``."""
    values = dict(zip(RESULTS, cells, strict=True))
    if flags:
        from_cells(values, flags, RUN_FLAGGED)
    return values


def some_trials(
    connection: Connection, sweep_id: int, numbers: Sequence[int], gone: Collection[int]
) -> Iterator[TrialRow]:
    """Read the trials of some numbers with all their seeds; ``gone`` are the runs now stale."""
    for start in range(0, len(numbers), PAGE):
        page = trials.c.number.in_(numbers[start : start + PAGE])
        for row in connection.execute(_of(sweep_id).where(page)):
            yield _record(row, gone, ())


def trials_after(
    connection: Connection, sweep_id: int, after: tuple[int, int] | None, now: datetime
) -> list[TrialRow]:
    """Read the page of trials that comes after a number and seed."""
    wanted = _of(sweep_id).limit(PAGE)
    if after is not None:
        wanted = wanted.where(tuple_(trials.c.number, trials.c.seed) > tuple_(*after))
    return _records(connection, sweep_id, wanted, now)


def open_trials(connection: Connection, sweep_id: int, now: datetime) -> list[TrialRow]:
    """Read the trials that a process has claimed and not settled."""
    wanted = _of(sweep_id).where(trials.c.state == "claimed")
    return _records(connection, sweep_id, wanted, now)


def counts(connection: Connection, sweep_id: int, now: datetime) -> dict[str, int]:
    """Count trials by the status of their run, or by their state where they have none."""
    grouped = (
        select(trials.c.state, runs.c.status, func.count())
        .select_from(trials.outerjoin(runs, runs.c.id == trials.c.run_id))
        .where(trials.c.sweep_id == sweep_id)
        .group_by(trials.c.state, runs.c.status)
    )
    found: Counter[str] = Counter()
    for state, status, count in connection.execute(grouped):
        missing = "missing" if state == "done" else state
        found[state if state == "dropped" else status or missing] += count
    if found["running"]:
        gone = queries.vanished(connection, now)
        lost = select(func.count()).where(
            trials.c.sweep_id == sweep_id, trials.c.run_id.in_(gone), trials.c.state != "dropped"
        )
        stale = connection.execute(lost).scalar_one()
        found["running"] -= stale
        found["stale"] += stale
    return {name: count for name, count in found.items() if count}


def _of(sweep_id: int) -> Select[Any]:
    return _TRIALS.where(trials.c.sweep_id == sweep_id)


def _records(
    connection: Connection, sweep_id: int, wanted: Select[Any], now: datetime
) -> list[TrialRow]:
    gone = queries.vanished(connection, now)
    working = at_work(connection, sweep_id, now)
    return [_record(row, gone, working) for row in connection.execute(wanted)]


def _record(row: Row[Any], gone: Collection[int], working: Collection[int]) -> TrialRow:
    number, seed, state, params, spec_hash, process_id, run_id, status, flags, *cells = tuple(row)
    return TrialRow(
        number=number,
        seed=seed,
        state=state,
        params=params,
        spec_hash=spec_hash,
        process_id=process_id,
        run_id=run_id,
        status="stale" if run_id in gone else status,
        results={} if run_id is None else results_of(cells, flags),
        is_alive=process_id in working,
    )
