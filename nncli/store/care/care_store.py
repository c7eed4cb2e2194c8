"""CareStore: the experiment store as its caretaker sees it.

Beside the contract of ``RunStore``:

- Deleting, pruning and merging go a few runs at a time, each a transaction: others can write
  between them, and whoever is killed leaves whole runs. Doing the same again does the rest.
- A run that is being trained is not deleted unless that is asked for; asking is up to the caller.
- Nothing here shrinks a file but ``compact``, which needs it for itself.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nncli.errors import UsageError
from nncli.store.care import deleting, labels
from nncli.store.care.backing import back_up
from nncli.store.care.checking import run_checks
from nncli.store.care.checks import checks_of
from nncli.store.care.compacting import compact_file
from nncli.store.care.files import check_idle, file_of
from nncli.store.care.info import read_info
from nncli.store.care.merging import merge
from nncli.store.care.pair import Pair
from nncli.store.care.records import Backup, Compacted, Info, Merged, Verdict, Weight
from nncli.store.care.source import open_source
from nncli.store.failures import explained
from nncli.store.store import RunStore

Told = Callable[[int, int], None]
"""Told how many runs of how many are done."""


def _silent(done: int, total: int) -> None:
    pass


class CareStore(RunStore):
    """The runs of one database, to be looked after."""

    # Looking

    def info(self) -> Info:
        """Return what is in the database."""
        with self._reading() as connection:
            return read_info(connection, self._target, self._clock())

    def check(self, uncounted: Collection[str] = ()) -> Iterator[Verdict]:
        """Make all checks, and yield the verdict of each.

        ``uncounted`` are the options that the hash of a spec leaves out.
        """
        # Never committed: from a damaged file not even the end of a transaction can be read.
        with explained(self._target, self._timeout), self._open(False).connect() as connection:
            checks = checks_of(connection.dialect.name, uncounted)
            yield from run_checks(connection, checks)

    def weigh(self, ids: Collection[int]) -> Weight:
        """Return what runs have in the store."""
        with self._reading() as connection:
            return deleting.weigh(connection, ids)

    def with_models(self, ids: Collection[int]) -> set[int]:
        """Return which of some runs have a stored model."""
        with self._reading() as connection:
            return deleting.with_models(connection, ids)

    def running(self, ids: Collection[int]) -> list[int]:
        """Return which of some runs are being trained at this moment."""
        with self._reading() as connection:
            return deleting.running(connection, ids, self._clock())

    def tags(self) -> dict[str, int]:
        """Return every tag with its number of runs."""
        with self._reading() as connection:
            return labels.count_tags(connection)

    # Changing

    def change_tags(
        self, ids: Collection[int], add: Collection[str] = (), drop: Collection[str] = ()
    ) -> tuple[int, int]:
        """Add tags to runs and take others from them, whoever trains them.

        Returns how many were added and how many taken: all of them, or nothing. Raises
        ``UsageError`` for a new tag with commas, line breaks or control characters.
        """
        for tag in add:
            labels.check_tag(tag)
        with self._writing() as connection:
            counts = [
                labels.change_tags(connection, batch, add, drop) for batch in deleting.batches(ids)
            ]
        return sum(each for each, _ in counts), sum(each for _, each in counts)

    def set_note(self, run_id: int, note: str | None) -> None:
        """Replace the note of a run, whoever trains it. Raises ``StoreError`` if it is gone."""
        with self._writing() as connection:
            if not labels.set_note(connection, run_id, note):
                self._load(connection, run_id)

    def delete_runs(
        self, ids: Collection[int], *, force: bool = False, tell: Told = _silent
    ) -> int:
        """Delete runs with all their rows, those that are being trained only with ``force``.

        Returns how many were deleted. Fewer go in one transaction where others may write meanwhile.
        """
        return self._in_batches(ids, deleting.delete_runs, force, tell)

    def delete_models(
        self, ids: Collection[int], *, force: bool = False, tell: Told = _silent
    ) -> int:
        """Delete the models of runs, which stay. Returns how many models were deleted."""
        return self._in_batches(ids, deleting.delete_models, force, tell)

    def merge(
        self, other: str | os.PathLike[str], *, dry_run: bool = False, tell: Told = _silent
    ) -> Merged:
        """Bring in what another SQLite file holds and this database lacks, by uuid.

        The other file is opened read-only; of one with an older schema a copy is migrated. With
        ``dry_run`` nothing is written. Raises ``UsageError`` for this database itself.
        """
        began = time.perf_counter()
        with open_source(other, self._target, self._timeout) as source:
            pair = Pair(source, self._reading, self._writing, self._clock, dry_run)
            merged = merge(pair, tell)
        merged.seconds = time.perf_counter() - began
        return merged

    # The file

    def compact(self) -> Compacted:
        """Give back what deleted rows have left in the file, and empty its log.

        Raises ``StoreError`` while somebody works with it, and where the disk has no room for the
        second copy that this takes.
        """
        path = file_of(
            self._target, "compacting", "it does so by itself, and VACUUM FULL in psql does more"
        )
        with self._reading():
            pass  # a missing file is not made
        with self._writing() as connection:
            check_idle(connection, self.shown, self._clock())
        began = time.perf_counter()
        with self._driver(write=True) as driver:
            before, after = compact_file(driver, path, self.shown)
        return Compacted(before, after, time.perf_counter() - began)

    def backup(self, copy: str | os.PathLike[str], *, replace: bool = False) -> Backup:
        """Write a copy of the database, which may be written meanwhile, and read it back.

        An existing file is replaced only with ``replace``, and only by a copy that is sound.
        """
        path = file_of(self._target, "backup", "use pg_dump")
        if os.fspath(copy) in ("", "-"):
            raise UsageError(f"a backup to '{os.fspath(copy)}': expected the name of a file")
        target = Path(copy).expanduser()
        began = time.perf_counter()
        with self._reading():
            pass
        with self._driver(write=False) as driver:
            runs = back_up(driver, path, target, replace=replace)
        return Backup(str(target), target.stat().st_size, runs, time.perf_counter() - began)

    # Parts

    def _in_batches(self, ids: Collection[int], change: Any, force: bool, tell: Told) -> int:
        changed = done = 0
        for batch in deleting.batches(ids):
            with self._writing() as connection:
                spared = () if force else deleting.running(connection, batch, self._clock())
                changed += change(connection, [each for each in batch if each not in spared])
            done += len(batch)
            tell(done, len(ids))
        return changed

    @contextmanager
    def _driver(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """The driver's own connection, outside any transaction."""
        with explained(self._target, self._timeout):
            connection: Any = self._open(write).raw_connection()
            try:
                yield connection.driver_connection
            finally:
                connection.close()
