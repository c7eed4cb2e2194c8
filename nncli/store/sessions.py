"""The sessions of a store: when its database is opened, and what a transaction is.

A class of its own, so that ``RunStore`` reads as what can be asked of a store.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, update

from nncli.errors import StoreError
from nncli.store import queries
from nncli.store.clock import utc_now, utc_text
from nncli.store.failures import explained
from nncli.store.open import open_engine
from nncli.store.process import Process, this_process
from nncli.store.schema import runs
from nncli.store.target import parse_target


class Sessions:
    """Opens and closes a database, and joins calls into transactions.

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
        self._file: tuple[int, int] | None = None

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
            self._file = self._identity()
            return engine

    def _identity(self) -> tuple[int, int] | None:
        """Return what tells a file from another of its name; None where there is none."""
        try:
            found = os.stat(self._target.path) if self._target.path else None
        except OSError:
            return None
        return None if found is None else (found.st_dev, found.st_ino)

    def check_in_place(self) -> None:
        """Raise StoreError if the file that is open was removed or replaced meanwhile.

        Writing goes on into a file that has no name any more, and says nothing.
        """
        if self._engine is not None and self._identity() != self._file:
            raise StoreError(
                f"{self.shown} was removed or replaced while it was written to: what went into it "
                "since is lost; leave the file alone and start again"
            )

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

    def _who(self) -> Process:
        return self._process or this_process()

    def _now(self) -> str:
        return utc_text(self._clock())
