"""What is new in a store since a reader of the page was last told."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

from nncli.report.page.document import pack_runs, usual_column
from nncli.report.page.gathering import find_for_page
from nncli.serving.watched import WatchedStore
from nncli.store.finding.query import Query

#: Seconds after which runs are looked at though nothing was written, while some are running, whose
#: process may have vanished, and while none is. A look that takes long is taken less often.
LOOK_AGAIN, LOOK_RARELY, TIMES_ITS_COST = 5.0, 60.0, 20


class Feed:
    """One reader's feed: at first all of the latest ``limit`` runs, then those that changed."""

    def __init__(
        self, store: WatchedStore, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._limit, self._clock = store, limit, clock
        self._mark: Hashable = None
        self._look_at = 0.0
        self._told: dict[int, str] | None = None

    def news(self) -> dict[str, Any] | None:
        """Return new and changed runs and the ids of those that are gone; None for nothing.

        ``whole`` says that these are all runs, and no changes. Raises StoreError.
        """
        mark, began = self._store.mark(), self._clock()
        if mark == self._mark and began < self._look_at:
            return None
        found = find_for_page(self._store, Query(fields=("run",), limit=self._limit))
        now = self._clock()
        pause = LOOK_AGAIN if "running" in found.table["status"] else LOOK_RARELY
        self._mark, self._look_at = mark, now + max(pause, TIMES_ITS_COST * (now - began))
        seen = {row[0]: repr(row) for row in found.table.rows()}  # by text: NaN is not itself
        told = self._told
        self._told = seen
        if told is None:
            changed, removed = list(range(len(found.table))), []
        else:
            runs = found.table["run"]
            changed = [place for place, run in enumerate(runs) if told.get(run) != seen[run]]
            removed = [run for run in told if run not in seen]
            if not changed and not removed:
                return None
        return {
            "whole": told is None,
            "runs": pack_runs(found.table.take(changed)),
            "removed": removed,
            "metric": usual_column(found.table.names),
            "total": found.total,
        }
