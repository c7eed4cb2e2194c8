"""Who runs which trial of a sweep: the decisions of ``SweepStore.claim``, inside its transaction.

A trial with one seed is free for whoever asks if nobody has claimed it, if who claimed it is gone,
or if its run is gone or ended without a result. A free one whose run is found elsewhere in the
database, by the hashes of spec and data, is linked to it and is done; any other is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, update

from nncli.store import queries, sweep_queries
from nncli.store.prepared import insertion
from nncli.store.records import FINAL, WHOLE
from nncli.store.schema import runs, trials
from nncli.store.sweep_queries import PAGE, RESULT_COLUMNS, results_of
from nncli.store.sweep_records import Claim, Outcome, TrialRow, Wanted

REUSABLE = (*WHOLE, "diverged")
"""The statuses of a run that any sweep can take for its own: all that its spec asks for was done.
One that was pruned was so in the light of its own sweep."""

# Status and sweep are compared in Python: given them, SQLite may choose a far wider index.
_RUNS = select(
    runs.c.spec_hash,
    runs.c.data_hash,
    runs.c.sweep_id,
    runs.c.id,
    runs.c.status,
    runs.c.flags,
    *RESULT_COLUMNS,
)
_TAKE = (
    update(trials)
    .where(
        trials.c.sweep_id == bindparam("of_sweep"),
        trials.c.number == bindparam("of_number"),
        trials.c.seed == bindparam("of_seed"),
    )
    .values(
        state=bindparam("state"),
        spec_hash=bindparam("spec_hash"),
        process_id=bindparam("process_id"),
        run_id=bindparam("run_id"),
    )
)


Key = tuple[int, int]
"""Number and seed."""


class _Free(NamedTuple):
    """A trial that can be claimed, ``trial`` being its row if there is one."""

    trial: TrialRow | None
    params: str
    spec_hash: str
    data_hash: str


class _Run(NamedTuple):
    """A run that has the result of a trial."""

    run_id: int
    status: str
    results: dict[str, float | None]


def claim(
    connection: Connection,
    sweep_id: int,
    process_id: int,
    wanted: Sequence[Wanted],
    reuse: bool,
    watched: bool,
    now: datetime,
) -> list[Claim]:
    """Decide on trials, in their order, and write what is decided; others must not meanwhile."""
    numbers = sorted({each.number for each in wanted})
    gone = queries.vanished(connection, now)
    rows = list(sweep_queries.some_trials(connection, sweep_id, numbers, gone))
    stored = {(row.number, row.seed): row for row in rows}
    agreed = {row.number: row.params for row in rows}
    others: set[int] = set()
    if any(row.state == "claimed" or row.status == "failed" for row in rows):
        others = sweep_queries.at_work(connection, sweep_id, now) - {process_id}

    claims: dict[Key, Claim] = {}
    free: dict[Key, _Free] = {}
    taken: set[Key] = set()
    for each in wanted:
        key = each.number, each.seed
        trial = stored.get(key)
        outcome = _outcome(trial, process_id, others) if trial else None
        if trial and outcome:
            claims[key] = _of_stored(trial, outcome)
            if outcome == "done" and trial.state == "claimed" and trial.process_id not in others:
                taken.add(key)  # killed after its run had ended: settled now
            continue
        params = agreed.setdefault(each.number, each.params)
        spec_hash = trial.spec_hash if trial else ""
        if not spec_hash and _same(params, each.params):
            spec_hash = each.spec_hash
        free[key] = _Free(trial, params, spec_hash, each.data_hash)

    hashes = {one.spec_hash for one in free.values()}
    found = _runs_of(connection, sweep_id, hashes, reuse, watched)
    for key, one in free.items():
        run = found.get((one.spec_hash, one.data_hash))
        if run:
            claims[key] = Claim(
                *key, "done", one.params, one.spec_hash, run.run_id, run.status, run.results
            )
        elif one.trial:
            claims[key] = _of_stored(one.trial, "mine", one.spec_hash)
        else:
            claims[key] = Claim(*key, "mine", one.params, one.spec_hash)
    taken |= {key for key, one in free.items() if one.trial}
    _write(connection, sweep_id, process_id, [claims[key] for key in free if key not in taken])
    _take(connection, sweep_id, process_id, [claims[key] for key in taken])
    return [claims[each.number, each.seed] for each in wanted]


def _outcome(trial: TrialRow, process_id: int, others: set[int]) -> Outcome | None:
    """Return what a stored trial is to a process, or None if it is free.

    ``others`` are the other processes that are at work.
    """
    if trial.state == "dropped" or trial.status in FINAL:
        return "done"
    if trial.process_id in others and trial.state == "claimed":
        return "busy"
    if trial.process_id in others and trial.status == "failed":
        return "done"  # once more when its process has left, not by each that works beside it
    if trial.status == "running" and trial.process_id != process_id:
        return "busy"  # somebody resumed it by hand
    return None


def _of_stored(trial: TrialRow, outcome: Outcome, spec_hash: str | None = None) -> Claim:
    return Claim(
        trial.number,
        trial.seed,
        outcome,
        trial.params,
        trial.spec_hash if spec_hash is None else spec_hash,
        trial.run_id,
        trial.status,
        trial.results,
    )


def _write(connection: Connection, sweep_id: int, process_id: int, claims: Sequence[Claim]) -> None:
    """Insert trials that nobody had claimed."""
    cells = [
        {
            "sweep_id": sweep_id,
            "number": each.number,
            "seed": each.seed,
            "params": each.params,
            **_decided(each, process_id),
        }
        for each in claims
    ]
    insertion(trials, connection.dialect).run_all(connection, cells)


def _take(connection: Connection, sweep_id: int, process_id: int, claims: Sequence[Claim]) -> None:
    """Update trials that a process had claimed which is gone."""
    cells = [
        {
            "of_sweep": sweep_id,
            "of_number": each.number,
            "of_seed": each.seed,
            **_decided(each, process_id),
        }
        for each in claims
    ]
    if cells:
        connection.execute(_TAKE, cells)


def _decided(claimed: Claim, process_id: int) -> dict[str, Any]:
    return {
        "state": "done" if claimed.outcome == "done" else "claimed",
        "spec_hash": claimed.spec_hash,
        "process_id": process_id,
        "run_id": claimed.run_id,
    }


def _runs_of(
    connection: Connection, sweep_id: int, hashes: Collection[str], reuse: bool, watched: bool
) -> dict[tuple[str, str], _Run]:
    """Return the newest run that can be taken for each pair of hashes, where there is one.

    Without ``reuse`` those of this sweep alone, where two numbers may have come to the same spec;
    with ``watched`` those of others only if they have statistics of their layers.
    """
    usable = _RUNS.where(or_(queries.WATCHED, runs.c.sweep_id == sweep_id)) if watched else _RUNS
    known = sorted(filter(None, hashes))
    found: dict[tuple[str, str], _Run] = {}
    for start in range(0, len(known), PAGE):
        page = known[start : start + PAGE]
        for row in connection.execute(usable.where(runs.c.spec_hash.in_(page))):
            spec_hash, data_hash, of_sweep, run_id, status, flags, *cells = row
            if not (status in FINAL if of_sweep == sweep_id else reuse and status in REUSABLE):
                continue
            newest = found.get((spec_hash, data_hash))
            if newest is None or newest.run_id < run_id:
                found[spec_hash, data_hash] = _Run(run_id, status, results_of(cells, flags))
    return found


def _same(params: str, others: str) -> bool:
    return params == others or json.loads(params) == json.loads(others)
