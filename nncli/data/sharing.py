"""Data for many runs: what is read is read once, and runs with the same options share one set.

Runs that differ in the seed, the shares of the splits or the scaling share what was read and are
split and scaled each for itself; where an encoding learns nothing from the split, the rows
themselves are shared too.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from nncli.data.dataset import Dataset
from nncli.data.loading import open_source, prepare
from nncli.data.options import DataOptions, ProgressReport, read_part
from nncli.data.source import Source
from nncli.data.targets import resolve_targets

#: Data sets that are kept ready; a run holds its own for as long as it needs it.
MOST_KEPT = 16

#: Sources that are kept: files that differ in target, columns or type of numbers.
MOST_SOURCES = 4

Value = TypeVar("Value")


@dataclass(frozen=True)
class Facts:
    """What is known of a data set before it is split: its task and the hash of its content."""

    task: str
    hash: str


class SharedData:
    """Loads data sets, each once, and keeps the latest. For use by one thread."""

    def __init__(self, progress: ProgressReport | None = None) -> None:
        self._progress = progress
        self._sources: OrderedDict[DataOptions, Source] = OrderedDict()
        self._facts: dict[DataOptions, Facts] = {}
        self._sets: OrderedDict[DataOptions, Dataset] = OrderedDict()

    def load(self, options: DataOptions) -> Dataset:
        """Return the data set that ``options`` describe, as :func:`nncli.data.load` does."""
        if options not in self._sets:
            found = prepare(self._source(options), options)
            _keep(self._sets, options, found, MOST_KEPT)
        self._sets.move_to_end(options)
        return self._sets[options]

    def facts(self, options: DataOptions) -> Facts:
        """Return task and hash of a data set, without splitting it."""
        key = replace(_as_read(options), task=options.task)
        if key not in self._facts:
            source = self._source(options)
            found = resolve_targets(source.targets, source.parts[0], options.task, say_task=False)
            self._facts[key] = Facts(found.task, source.hash)
        return self._facts[key]

    def _source(self, options: DataOptions) -> Source:
        key = _as_read(options)
        if key not in self._sources:
            _keep(self._sources, key, open_source(options, self._progress), MOST_SOURCES)
        return self._sources[key]


def _keep(
    kept: OrderedDict[DataOptions, Value], options: DataOptions, value: Value, most: int
) -> None:
    """Keep a value, and let the one go that was not used for the longest time."""
    kept[options] = value
    if len(kept) > most:
        kept.popitem(last=False)


def _as_read(options: DataOptions) -> DataOptions:
    """Return the options with the usual values for all that decides nothing about what is read."""
    usual = DataOptions()
    val = options.val if isinstance(read_part(options.val, "--val"), Path) else usual.val
    test = options.test if isinstance(read_part(options.test, "--test"), Path) else usual.test
    return replace(options, val=val, test=test, task=None, scale=usual.scale, seed=0, features=None)
