"""A store that can say cheaply whether anything in it has changed."""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import Connection

from nncli.store.finding.report_store import ReportStore


class WatchedStore(ReportStore):
    """Reads runs; ``mark`` is equal as long as nobody has written."""

    def mark(self) -> Hashable:
        """Return what changes with every write of another process.

        It may change without one too. It does not change when a process vanishes and its run
        becomes ``stale``: nothing is written then; nor, on a server, with a tag that replaces one.
        """
        if self._engine is not None and self._identity() != self._file:
            self.close()  # the file was replaced: the next connection opens the new one
        with self._reading() as connection:
            return _mark(connection)


def _mark(connection: Connection) -> Hashable:
    if connection.dialect.name == "sqlite":
        # The number is of this very connection; another one counts by itself.
        version = connection.exec_driver_sql("PRAGMA data_version").scalar()
        return id(connection.connection.dbapi_connection), version
    newest = (
        "SELECT count(*), max(id), max(heartbeat), max(finished), sum(epochs), "
        "(SELECT count(*) FROM tags) FROM runs"
    )
    return tuple(connection.exec_driver_sql(newest).one())
