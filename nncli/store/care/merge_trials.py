"""Merging the trials of sweeps: a result that is there stays, and so do a number's options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update

from nncli.store.care.merge_sweeps import merge_processes
from nncli.store.care.pair import Pair
from nncli.store.care.records import Merged
from nncli.store.records import FINAL
from nncli.store.schema import runs, trials

_PAGE = 500
"""Trials that are decided on in one transaction."""

_OWN = ("number", "seed", "state", "spec_hash", "params", "process_id")

_SETTLE = (
    update(trials)
    .where(
        trials.c.sweep_id == bindparam("of_sweep"),
        trials.c.number == bindparam("of_number"),
        trials.c.seed == bindparam("of_seed"),
    )
    .values({name: bindparam(f"new_{name}") for name in ("state", "spec_hash", "run_id")})
)


class Trial(NamedTuple):
    """A trial of the source, with its run's uuid and status."""

    number: int
    seed: int
    state: str
    spec_hash: str
    params: str
    process_id: int | None
    uuid: str | None
    status: str | None


class Change(NamedTuple):
    """Trials to write: new ones, and ones that have a result in the source alone."""

    add: list[Trial]
    settle: list[Trial]
    contested: int


def merge_trials(pair: Pair, sweep_ids: Mapping[int, int], merged: Merged) -> None:
    """Merge the trials of all sweeps that are known by their ids."""
    if pair.dry_run:
        return
    for old, new in sweep_ids.items():
        processes: dict[int, int] | None = None
        for page in _pages(pair, old):
            with pair.reading() as connection:
                change = _changed(connection, new, page)
            if change.add or change.settle:
                with pair.writing() as connection:
                    if processes is None:
                        processes = merge_processes(connection, pair, old, new)
                    change = _changed(connection, new, page)
                    _write(connection, new, change, processes)
            merged.trials += len(change.add) + len(change.settle)
            merged.contested += change.contested


def _pages(pair: Pair, sweep_id: int) -> Iterator[list[Trial]]:
    columns = [trials.c[name] for name in _OWN]
    wanted = (
        select(*columns, runs.c.uuid, runs.c.status)
        .select_from(trials.outerjoin(runs, runs.c.id == trials.c.run_id))
        .where(trials.c.sweep_id == sweep_id)
        .order_by(trials.c.number, trials.c.seed)
        .limit(_PAGE)
    )
    place: Trial | None = None
    while True:
        after = wanted
        if place is not None:
            key = tuple_(trials.c.number, trials.c.seed)
            after = wanted.where(key > tuple_(place.number, place.seed))
        page = [Trial(*tuple(row)) for row in pair.source.connection.execute(after)]
        if page:
            yield page
        if len(page) < _PAGE:
            return
        place = page[-1]


def _changed(connection: Connection, sweep_id: int, page: Sequence[Trial]) -> Change:
    """Decide on some trials: a result that is here stays, and so do the options of a number."""
    here = (
        select(trials.c.number, trials.c.seed, trials.c.state, trials.c.params, runs.c.status)
        .select_from(trials.outerjoin(runs, runs.c.id == trials.c.run_id))
        .where(trials.c.sweep_id == sweep_id)
        .where(trials.c.number.between(page[0].number, page[-1].number))
    )
    known: dict[tuple[int, int], bool] = {}
    params: dict[int, str] = {}
    for number, seed, state, text, status in connection.execute(here):
        known[number, seed] = _is_settled(state, status)
        params[number] = text
    change, contested = Change([], [], 0), 0
    for each in page:
        if params.get(each.number, each.params) != each.params:
            contested += 1
        elif (each.number, each.seed) not in known:
            change.add.append(each)
        elif not known[each.number, each.seed] and _is_settled(each.state, each.status):
            change.settle.append(each)
    return change._replace(contested=contested)


def _is_settled(state: str, status: str | None) -> bool:
    return state == "dropped" or (state == "done" and status in FINAL)


def _write(
    connection: Connection, sweep_id: int, change: Change, processes: Mapping[int, int]
) -> None:
    uuids = [each.uuid for each in (*change.add, *change.settle) if each.uuid]
    found = connection.execute(select(runs.c.uuid, runs.c.id).where(runs.c.uuid.in_(uuids)))
    ids: dict[str | None, int] = {row.uuid: row.id for row in found}
    cells = [
        {
            "sweep_id": sweep_id,
            "number": each.number,
            "seed": each.seed,
            "state": each.state,
            "spec_hash": each.spec_hash,
            "params": each.params,
            "process_id": processes.get(each.process_id or 0),
            "run_id": ids.get(each.uuid),
        }
        for each in change.add
    ]
    if cells:
        connection.execute(insert(trials), cells)
    settled = [
        {
            "of_sweep": sweep_id,
            "of_number": each.number,
            "of_seed": each.seed,
            "new_state": each.state,
            "new_spec_hash": each.spec_hash,
            "new_run_id": ids.get(each.uuid),
        }
        for each in change.settle
    ]
    if settled:
        connection.execute(_SETTLE, settled)
