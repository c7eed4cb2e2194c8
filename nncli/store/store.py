"""RunStore: the one way into the experiment database. All sessions are inside it.

The contract, whatever the database behind it:

- Nothing is opened or made before the first call that needs it, and reading never makes a file.
- Every writing method is one transaction: all of it is stored, or nothing. ``transaction()`` joins
  several into one.
- A run belongs to the process that created or reopened it. Only that process can write to it;
  should another have taken it over meanwhile, the write is refused and nothing is changed.
- What ``save`` stores belongs together: after a kill, the model ``last`` and the curve up to its
  epoch are there. Rows after it may be there too, and ``reopen_run`` drops them.
- A run whose process is gone is given as ``stale``, and is marked so by the next process that
  writes. On the same machine the process is looked for, by number and start; for a run on another
  one the heartbeat decides, after five minutes.
- Whatever fails is a ``StoreError`` that says what was found, what was expected and what to do.

A store may be used by several threads; a forked child opens connections of its own.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from numpy.typing import ArrayLike
from sqlalchemy import Connection, Engine, delete, insert, select, update

from nncli.errors import StoreError
from nncli.store import queries
from nncli.store.curve import Curve
from nncli.store.failures import MissingDatabase, explained
from nncli.store.nonfinite import EPOCH_FLAGGED
from nncli.store.open import open_engine
from nncli.store.process import Process, this_process
from nncli.store.records import ENDED, WHOLE, Checkpoint, NewRun, Run, RunRow, Summary
from nncli.store.schema import models, runs, tags
from nncli.store.target import parse_target

_LAST = tuple(name for name in EPOCH_FLAGGED if name in runs.c)
_RESULTS = tuple(f.name for f in fields(Summary))
_GIVEN = tuple(f.name for f in fields(NewRun) if f.name not in ("tags", "versions", "environment"))

_CREATE = insert(runs)


def utc_now() -> datetime:
    """The clock of a store, unless it is given another."""
    return datetime.now(UTC)


class RunStore:
    """The runs in one database: a path of an SQLite file, or a URL.

    ``timeout`` is how many seconds to wait for another process's lock. ``process`` and ``clock``
    say who writes and when; the defaults are this process and the system's clock.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] = "results.db",
        *,
        timeout: float = 30.0,
        process: Process | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._target = parse_target(target)
        self._timeout = timeout
        self._process = process
        self._clock = clock
        self._engine: Engine | None = None
        self._writable = False
        self._opened_by = 0
        self._opening = threading.Lock()
        self._joined = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def shown(self) -> str:
        """The database as messages name it, without a password."""
        return self._target.shown

    def close(self) -> None:
        """Close all connections. The store opens again when it is used again."""
        with self._opening:
            self._dispose()

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Join all calls of this thread inside the block into one transaction.

        Other processes cannot write meanwhile: keep it short.
        """
        with self._writing() as connection:
            outer = getattr(self._joined, "connection", None)
            self._joined.connection = connection
            try:
                yield
            finally:
                self._joined.connection = outer

    def create_run(self, new: NewRun) -> int:
        """Store a run as ``running`` in this process, and return its id."""
        now, process = self._now(), self._who()
        values: dict[str, Any] = {name: _clean(getattr(new, name)) for name in _GIVEN}
        values |= {
            "uuid": str(uuid.uuid4()),
            "status": "running",
            "created": now,
            "started": now,
            "heartbeat": now,
            **_columns(process),
            "epochs": 0,
            "updates": 0,
            "flags": 0,
            "versions": json.dumps(dict(new.versions)),
            "environment": json.dumps(dict(new.environment)),
        }
        with self._writing() as connection:
            result = connection.execute(_CREATE, values)
            assert result.inserted_primary_key is not None
            run_id = int(result.inserted_primary_key[0])
            _add_tags(connection, run_id, new.tags)
        return run_id

    def write_epochs(self, run_id: int, epochs: Curve | Mapping[str, ArrayLike]) -> None:
        """Append curve rows; the values of the last go into the run's row too."""
        self.save(run_id, epochs)

    def save_model(self, run_id: int, kind: str, model: Checkpoint) -> None:
        """Store a model, ``last`` or ``best``, in the place of the former one."""
        if kind not in ("last", "best"):
            raise ValueError(f"unknown kind of model '{kind}': expected last or best")
        models = {kind: model}
        self.save(run_id, last=models.get("last"), best=models.get("best"))

    def save(
        self,
        run_id: int,
        epochs: Curve | Mapping[str, ArrayLike] | None = None,
        *,
        last: Checkpoint | None = None,
        best: Checkpoint | None = None,
        summary: Summary | None = None,
    ) -> None:
        """Append curve rows, replace models and update results and heartbeat, all or nothing.

        Save ``last`` together with the rows up to its epoch, so that the run can be resumed.
        """
        with self._writing() as connection:
            self._save(connection, run_id, epochs, last, best, summary, {"status": "running"})

    def heartbeat(self, run_id: int) -> None:
        """Say that the run goes on; needed every minute or two if nothing else is written."""
        self.save(run_id)

    def finish_run(
        self,
        run_id: int,
        status: str,
        epochs: Curve | Mapping[str, ArrayLike] | None = None,
        *,
        last: Checkpoint | None = None,
        best: Checkpoint | None = None,
        summary: Summary | None = None,
        error: str | None = None,
    ) -> None:
        """End a run with one of the statuses ``ENDED``, saving what is given as ``save`` does."""
        if status not in ENDED:
            raise ValueError(f"a run cannot end as '{status}': expected one of {', '.join(ENDED)}")
        ending = {"status": status, "finished": self._now(), "error": _clean(error)}
        with self._writing() as connection:
            self._save(connection, run_id, epochs, last, best, summary, ending)

    def reopen_run(
        self,
        run_id: int,
        *,
        epochs_planned: int | None = None,
        spec: str | None = None,
        spec_hash: str | None = None,
    ) -> Checkpoint | None:
        """Make a run ``running`` in this process again, as it was at its model ``last``.

        Returns that model, None if there is none: the run begins again then. Curve rows and models
        after it are dropped. What is given replaces what is stored. Raises ``StoreError`` while
        another process trains the run.
        """
        with self._writing() as connection:
            run = self._load(connection, run_id)
            if run.status == "running":
                raise StoreError(
                    f"run {run_id} is being trained by process {run.pid} on {run.host} (last sign "
                    f"of life {run.heartbeat}): wait for it or stop it, then resume"
                )
            checkpoint = queries.load_model(connection, run_id, "last")
            epoch = checkpoint.epoch if checkpoint else 0
            queries.cut_after(connection, run_id, epoch)
            now = self._now()
            values: dict[str, Any] = {
                "status": "running",
                "started": now,
                "heartbeat": now,
                "finished": None,
                "error": None,
                **_columns(self._who()),
                **self._at(connection, run_id, epoch),
            }
            given = {"epochs_planned": epochs_planned, "spec": spec, "spec_hash": spec_hash}
            values |= {name: value for name, value in given.items() if value is not None}
            values |= {name: None for name in _RESULTS if name.startswith("test_")}
            if run.best_epoch is not None and run.best_epoch > epoch:
                values |= {name: None for name in _RESULTS if name.startswith("best_")}
            queries.update_run(connection, run_id, values)
        return checkpoint

    def set_tags(self, run_id: int, new: Collection[str]) -> None:
        """Replace the tags of a run, whoever trains it."""
        with self._writing() as connection:
            self._load(connection, run_id)
            connection.execute(delete(tags).where(tags.c.run_id == run_id))
            _add_tags(connection, run_id, new)

    # Reading

    def find_run(self, reference: str | int) -> Run:
        """Return the run that an id, ``last``, a name or the start of a uuid (4 characters) means.

        Raises ``StoreError`` for an unknown one, naming the latest, and for one of several runs.
        """
        with self._reading() as connection:
            run_id = queries.resolve(connection, str(reference), self.shown)
            return self._load(connection, run_id)

    def get_run(self, run_id: int) -> Run:
        """Return a run by id. Raises ``StoreError`` if there is none."""
        with self._reading() as connection:
            return self._load(connection, run_id)

    def list_runs(
        self,
        limit: int | None = 20,
        *,
        status: str | None = None,
        tag: str | None = None,
        sweep_id: int | None = None,
    ) -> list[RunRow]:
        """Return the latest runs, newest first."""
        with self._reading() as connection:
            return queries.list_runs(
                connection,
                self._clock(),
                limit=limit,
                status=status,
                tag=tag,
                sweep_id=sweep_id,
            )

    def find_completed(
        self, spec_hash: str, data_hash: str, statuses: Collection[str] = WHOLE
    ) -> int | None:
        """Return the newest run of this spec on this data that ended so, None if there is none.

        A missing database has none.
        """
        wanted = (
            select(runs.c.id)
            .where(runs.c.spec_hash == spec_hash, runs.c.data_hash == data_hash)
            .where(runs.c.status.in_(statuses))
            .order_by(runs.c.id.desc())
            .limit(1)
        )
        try:
            with self._reading() as connection:
                return connection.execute(wanted).scalar()
        except MissingDatabase:
            return None

    def curve(self, run_id: int) -> Curve:
        """Return a run's curve, in the order of its epochs; without rows if none are stored."""
        with self._reading() as connection:
            return queries.load_curve(connection, run_id)

    def load_model(self, run_id: int, kind: str = "last") -> Checkpoint:
        """Return a stored model. Raises ``StoreError`` if the run has none of that kind."""
        with self._reading() as connection:
            model = queries.load_model(connection, run_id, kind)
            if model is not None:
                return model
            kept = connection.execute(
                select(models.c.kind).where(models.c.run_id == run_id).order_by(models.c.kind)
            ).scalars()
            raise StoreError(
                f"run {run_id} has no model '{kind}': it keeps {' and '.join(kept) or 'none'}; "
                "train it with --save last or --save best"
            )

    # Sessions

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        joined: Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined
            return
        with explained(self._target, self._timeout):
            engine = self._open(write=True)
            with engine.execution_options(write=True).begin() as connection:
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        joined: Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined
            return
        with explained(self._target, self._timeout), self._open(write=False).begin() as connection:
            yield connection

    def _open(self, write: bool) -> Engine:
        with self._opening:
            if self._opened_by != os.getpid():
                if self._engine is not None:
                    self._engine.dispose(close=False)  # the connections are the parent's
                self._engine = None
                self._opened_by = os.getpid()
            if self._engine is not None and (self._writable or not write):
                return self._engine
            self._dispose()
            engine = open_engine(self._target, write=write, timeout=self._timeout)
            if write:
                self._mark_stale(engine)
            self._engine, self._writable = engine, write
            return engine

    def _dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _mark_stale(self, engine: Engine) -> None:
        with engine.begin() as connection:
            gone = queries.vanished(connection, self._clock())
        if not gone:
            return
        with engine.execution_options(write=True).begin() as connection:
            # Looked up again: one may have been resumed before the lock was ours.
            gone = queries.vanished(connection, self._clock())
            connection.execute(update(runs).where(runs.c.id.in_(gone)).values(status="stale"))

    # Parts

    def _save(
        self,
        connection: Connection,
        run_id: int,
        epochs: Curve | Mapping[str, ArrayLike] | None,
        last: Checkpoint | None,
        best: Checkpoint | None,
        summary: Summary | None,
        values: dict[str, Any],
    ) -> None:
        now = self._now()
        values["heartbeat"] = now
        curve = epochs if isinstance(epochs, Curve) or epochs is None else Curve.of(epochs)
        if curve is not None and len(curve):
            values |= _from_last_row(curve)
        if summary is not None:
            given = {name: getattr(summary, name) for name in _RESULTS}
            values |= {name: value for name, value in given.items() if value is not None}
        queries.update_owned(connection, run_id, self._who(), values)
        if curve is not None and len(curve):
            queries.append_epochs(connection, run_id, curve)
        for kind, model in (("last", last), ("best", best)):
            if model is not None:
                queries.replace_model(connection, run_id, kind, model, now)

    def _at(self, connection: Connection, run_id: int, epoch: int) -> dict[str, Any]:
        """The columns of ``runs`` that follow the curve, as they were after ``epoch``."""
        curve = queries.load_curve(connection, run_id)
        if len(curve):
            return _from_last_row(curve)
        return {"epochs": epoch, "updates": 0, **dict.fromkeys(_LAST)}

    def _load(self, connection: Connection, run_id: int) -> Run:
        run = queries.load_run(connection, run_id, self._clock())
        if run is None:
            raise StoreError(f"no run {run_id} in {self.shown}: nncli report lists what is there")
        return run

    def _who(self) -> Process:
        return self._process or this_process()

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from_last_row(curve: Curve) -> dict[str, Any]:
    row = curve.last()
    return {
        "epochs": row["epoch"],
        "updates": row["updates"],
        **{name: row[name] for name in _LAST},
    }


def _columns(process: Process) -> dict[str, Any]:
    return {
        "host": process.host,
        "pid": process.pid,
        "pid_started": process.started,
        "pid_space": process.space,
    }


def _add_tags(connection: Connection, run_id: int, new: Collection[str]) -> None:
    rows = [{"run_id": run_id, "tag": tag} for tag in sorted({_clean(tag) for tag in new})]
    if rows:
        connection.execute(insert(tags), rows)


def _clean(value: Any) -> Any:
    """Replace what no database takes as text: bytes a shell passed undecoded, and NUL."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")
