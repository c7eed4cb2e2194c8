"""SweepStore: the experiment store as a sweep sees it.

Beside the contract of ``RunStore``:

- A sweep is known by the hash of its definition: to open it again is to go on with it.
- Several processes may work on one sweep. Each joins it, says now and then that it is there, and
  leaves it. No two of them have the same trial with the same seed at one time: a trial that one has
  claimed is another's when the first has left, or is gone as the process of a stale run is.
- A trial is done when its run has ended with a result, whoever wrote it and however it was killed
  afterwards; what is not done is claimed again. A run that is deleted makes its trial missing.
- Claims rest on the transactions that write taking turns, as they do on every kind of database.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, update

from nncli.errors import StoreError
from nncli.store import claims, references, sweep_queries
from nncli.store.records import clean
from nncli.store.rows import of_process
from nncli.store.schema import sweep_processes, sweeps, trials
from nncli.store.store import RunStore
from nncli.store.sweep_records import STATES, Claim, NewSweep, Settled, Sweep, TrialRow, Wanted

_TRIAL = (
    update(trials)
    .where(
        trials.c.sweep_id == bindparam("of_sweep"),
        trials.c.number == bindparam("of_number"),
        trials.c.seed == bindparam("of_seed"),
    )
    .values(run_id=func.coalesce(bindparam("run", type_=trials.c.run_id.type), trials.c.run_id))
)
_SETTLE = _TRIAL.values(state=bindparam("state"))


class SweepStore(RunStore):
    """Runs, gradient checks and sweeps in one database."""

    def open_sweep(self, new: NewSweep, *, fresh: bool = False) -> tuple[Sweep, bool]:
        """Return the newest sweep of this definition, making it if there is none.

        ``fresh`` makes another one in any case. The second value says whether it was made now;
        of two processes that ask at one moment, one makes it.
        """
        with self._writing() as connection:
            if not fresh:
                same = sweeps.c.definition_hash == new.definition_hash
                for sweep in sweep_queries.find_sweeps(connection, same, limit=1):
                    return sweep, False
            values = {
                "uuid": str(uuid.uuid4()),
                "name": clean(new.name),
                "created": self._now(),
                "data": clean(new.data),
                "definition_hash": new.definition_hash,
                "host": self._who().host,
                "nncli_version": new.nncli_version,
                "note": clean(new.note),
                "tags": json.dumps([clean(tag) for tag in new.tags]),
                "definition": new.definition,
            }
            made = connection.execute(insert(sweeps), values)
            assert made.inserted_primary_key is not None
            return self._load_sweep(connection, made.inserted_primary_key[0]), True

    def change_sweep(self, sweep_id: int, **values: str) -> None:
        """Replace name, note or definition of a sweep: by one of the same hash, of more trials."""
        changed = update(sweeps).where(sweeps.c.id == sweep_id)
        changed = changed.values({name: clean(value) for name, value in values.items()})
        with self._writing() as connection:
            if not connection.execute(changed).rowcount:
                raise self._no_sweep(sweep_id)

    def find_sweep(self, reference: str | int) -> Sweep:
        """Return the sweep that an id, ``last``, a name or the start of a uuid means.

        Raises ``StoreError`` for an unknown one, naming the latest, and for one of several.
        """
        with self._reading() as connection:
            sweep_id = references.resolve(connection, sweeps, str(reference), self.shown)
            return self._load_sweep(connection, sweep_id)

    def list_sweeps(self, limit: int | None = 20) -> list[Sweep]:
        """Return the latest sweeps, newest first."""
        with self._reading() as connection:
            return sweep_queries.find_sweeps(connection, limit=limit)

    # Who works on it

    def join_sweep(self, sweep_id: int) -> int:
        """Say that this process works on a sweep from now on; return the id that it has there."""
        now = self._now()
        values = {"sweep_id": sweep_id, **of_process(self._who()), "started": now, "heartbeat": now}
        with self._writing() as connection:
            self._load_sweep(connection, sweep_id)
            made = connection.execute(insert(sweep_processes), values)
            assert made.inserted_primary_key is not None
            return int(made.inserted_primary_key[0])

    def beat(self, process_id: int) -> None:
        """Say that a process still works, every minute or two, for those on other machines."""
        self._update_process(process_id, heartbeat=self._now())

    def leave_sweep(self, process_id: int) -> None:
        """Say that a process works no more; what it has claimed and not settled is free."""
        now = self._now()
        self._update_process(process_id, heartbeat=now, ended=now)

    # Trials

    def claim(
        self,
        sweep_id: int,
        process_id: int,
        wanted: Sequence[Wanted],
        *,
        reuse: bool = True,
        watched: bool = False,
    ) -> list[Claim]:
        """Ask for trials for a process, and return what came of each, in their order.

        With ``reuse`` a trial whose spec and data have a run with a result anywhere in the database
        is done by that run; with ``watched`` by one that has statistics of its layers. Ask for all
        seeds of a number at once.
        """
        with self._writing() as connection:
            self._load_sweep(connection, sweep_id)
            now = self._clock()
            return claims.claim(connection, sweep_id, process_id, wanted, reuse, watched, now)

    def link(self, sweep_id: int, number: int, seed: int, run_id: int) -> None:
        """Say which run a claimed trial has, as soon as there is a row of it."""
        with self._writing() as connection:
            connection.execute(_TRIAL, _named(sweep_id, number, seed, run_id))

    def settle(self, sweep_id: int, settled: Sequence[Settled]) -> None:
        """End trials; once more is harmless. Without ``run_id`` the run that is linked stays."""
        cells = []
        for each in settled:
            if each.state not in STATES[1:]:
                raise ValueError(f"a trial cannot end as '{each.state}': expected done or dropped")
            named = _named(sweep_id, each.number, each.seed, each.run_id)
            cells.append({**named, "state": each.state})
        if cells:
            with self._writing() as connection:
                connection.execute(_SETTLE, cells)

    def open_trials(self, sweep_id: int) -> list[TrialRow]:
        """Return the trials that are claimed and not settled, by whomever."""
        with self._reading() as connection:
            return sweep_queries.open_trials(connection, sweep_id, self._clock())

    def trial_rows(self, sweep_id: int, *, after: int | None = None) -> Iterator[TrialRow]:
        """Yield the trials by number and seed, those with a number above ``after`` where given.

        They are read a page at a time: what is written meanwhile may be seen or not.
        """
        # No seed is above this one: BigInteger's largest.
        place = None if after is None else (after, 2**63 - 1)
        while True:
            with self._reading() as connection:
                page = sweep_queries.trials_after(connection, sweep_id, place, self._clock())
            yield from page
            if len(page) < sweep_queries.PAGE:
                return
            place = page[-1].number, page[-1].seed

    def counts(self, sweep_id: int) -> dict[str, int]:
        """Count the trials by the status of their run.

        Those without one count as ``claimed`` or ``dropped``, or as ``missing`` if their run was
        deleted.
        """
        with self._reading() as connection:
            return sweep_queries.counts(connection, sweep_id, self._clock())

    # Parts

    def _load_sweep(self, connection: Connection, sweep_id: int) -> Sweep:
        for sweep in sweep_queries.find_sweeps(connection, sweeps.c.id == sweep_id):
            return sweep
        raise self._no_sweep(sweep_id)

    def _no_sweep(self, sweep_id: int) -> StoreError:
        return StoreError(f"no sweep {sweep_id} in {self.shown}: it was deleted; start it again")

    def _update_process(self, process_id: int, **values: Any) -> None:
        changed = update(sweep_processes).where(sweep_processes.c.id == process_id).values(**values)
        with self._writing() as connection:
            if not connection.execute(changed).rowcount:
                raise StoreError(
                    f"process {process_id} works on no sweep in {self.shown}: its sweep was "
                    "deleted; start it again"
                )


def _named(sweep_id: int, number: int, seed: int, run_id: int | None) -> dict[str, Any]:
    return {"of_sweep": sweep_id, "of_number": number, "of_seed": seed, "run": run_id}
