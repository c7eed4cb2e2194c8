"""Parsing a table into array files, and learning the facts of its columns on the way.

A column is numeric until a block of it holds text. Texts in the first block are known after that
block, which is then read again; if a later one brings more, the file is read to its end to find
all of them, and once more. So a file is read twice at most, and nothing of a text column is
ever taken for a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.tables.chunks import Chunk, Texts
from nncli.data.tables.npy import ArrayFile, keep_columns
from nncli.data.tables.opening import Table
from nncli.data.tables.text import Progress
from nncli.errors import DataError

#: Different texts kept of an input column; one with more is free text, and is left out.
MOST_TEXTS = 100_000

#: Different values listed of a numeric target; one with more is no class.
MOST_VALUES = 1000


@dataclass(frozen=True)
class Facts:
    """What is known of a column of a whole table.

    ``kind`` is "number" or "text"; ``slot`` is its column in the matrix of that kind, -1 if it is
    not kept. ``running``: each number is one more than the one before, from 0 or 1 on.
    ``values`` are the sorted numbers of a target, None for more than MOST_VALUES.
    ``categories`` are the texts in the order of their codes, empty for free text.
    """

    name: str
    kind: str
    slot: int
    present: int
    low: float = np.inf
    high: float = -np.inf
    running: bool = False
    whole: bool = True
    values: tuple[float, ...] | None = None
    categories: tuple[str, ...] = ()
    free: bool = False

    @property
    def constant(self) -> bool:
        """Return whether there is nothing to learn from the column."""
        if self.kind == "text":
            return len(self.categories) < 2 and not self.free
        return not self.low < self.high


@dataclass(frozen=True)
class Built:
    """What is known of the arrays of a table: its columns, and the rows that each file has."""

    names: tuple[str, ...]
    header: bool
    delimiter: str
    inputs: tuple[Facts, ...]
    targets: tuple[Facts, ...]
    rows: tuple[int, ...]
    chosen: bool
    notes: tuple[str, ...]

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Built:
        """Read what ``dataclasses.asdict`` gave, through JSON."""
        lists = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        for name in ("inputs", "targets"):
            lists[name] = tuple(_facts_from_json(each) for each in values[name])
        return cls(**lists)


def build(
    folder: Path, tables: list[Table], dtype: str, progress: Progress | None = None
) -> Built:
    """Parse ``tables``, of which the first is for training, into array files in ``folder``.

    Raises DataError for rows of unequal length, numbers that are not finite and a lone row.
    """
    texts: frozenset[str] = frozenset()
    while True:
        attempt = _Attempt(folder, tables, texts, dtype, progress)
        more = attempt.run()
        if not more:
            return attempt.finish()
        texts |= more


class _Attempt:
    """One reading of all files, with the columns that are known to hold texts."""

    def __init__(
        self,
        folder: Path,
        tables: list[Table],
        texts: frozenset[str],
        dtype: str,
        progress: Progress | None,
    ) -> None:
        self.folder, self.tables, self.texts, self.dtype = folder, tables, texts, dtype
        self.progress = progress
        self.selection = tables[0].selection
        self.inputs = [_column(name, texts) for name in self.selection.inputs]
        self.targets = [_column(name, texts, target=True) for name in self.selection.targets]
        self.rows: list[int] = []
        self.latin1: list[str] = []

    def run(self) -> frozenset[str]:
        """Write the arrays, or return the columns that turned out to hold texts."""
        files = self._files()
        more: set[str] = set()
        try:
            for table in self.tables:
                self.rows.append(0)
                for chunk in table.chunks(
                    self.texts, exact=self.dtype == "float64", progress=self.progress
                ):
                    if chunk.promote:
                        more |= chunk.promote
                        if self.rows == [0]:  # the first block: start again at once
                            return frozenset(more)
                    if not more:
                        self._take(table, chunk, files)
                    self.rows[-1] += chunk.rows
            if not more:
                for file in files.values():
                    file.close()
            return frozenset(more)
        finally:
            for file in files.values():
                file.abandon()

    def finish(self) -> Built:
        """Return the facts; numbers that tell nothing are taken out of their file."""
        _check_rows(self.tables, self.rows)
        notes = [*self.selection.notes, *self.latin1]
        inputs, keep = [], []
        numbers = [each for each in self.inputs if each.kind == "number"]
        others = len(self.inputs) > 1
        slot = 0
        for column in self.inputs:
            facts = column.facts()
            if column.kind == "number":
                useless = facts.constant or (
                    facts.running and others and not self.selection.chosen
                )
                if not useless:
                    keep.append(numbers.index(column))
                facts, slot = replace(facts, slot=-1 if useless else slot), slot + (not useless)
            inputs.append(facts)
        if len(keep) < len(numbers):
            keep_columns(self.folder / "numbers.npy", keep)
        first = self.tables[0]
        return Built(
            names=first.names,
            header=first.dialect is None or first.dialect.header,
            delimiter="" if first.dialect is None else first.dialect.delimiter,
            inputs=_with_text_slots(inputs),
            targets=_with_target_slots([each.facts() for each in self.targets]),
            rows=tuple(self.rows),
            chosen=self.selection.chosen,
            notes=tuple(notes),
        )

    def _files(self) -> dict[str, ArrayFile]:
        def width(columns: list[_Number | _Text], kind: str) -> int:
            return sum(each.kind == kind for each in columns)

        def file(name: str, width: int, dtype: str) -> ArrayFile:
            return ArrayFile(self.folder / f"{name}.npy", width, dtype)

        return {
            "numbers": file("numbers", width(self.inputs, "number"), self.dtype),
            "codes": file("codes", width(self.inputs, "text"), "int32"),
            "target_numbers": file("target_numbers", width(self.targets, "number"), "float64"),
            "target_codes": file("target_codes", width(self.targets, "text"), "int32"),
        }

    def _take(self, table: Table, chunk: Chunk, files: dict[str, ArrayFile]) -> None:
        """Append a chunk to the files and learn from it."""
        if chunk.latin1 is not None and not any(str(table.path) in each for each in self.latin1):
            self.latin1.append(
                f"'{table.path}' is no UTF-8 (lines from {chunk.latin1} on): read as Latin-1"
            )
        first = self.rows[-1]
        for columns, prefix in ((self.inputs, ""), (self.targets, "target_")):
            for kind, name in (("number", f"{prefix}numbers"), ("text", f"{prefix}codes")):
                file = files[name]
                block = np.empty((chunk.rows, file.width), file.dtype)
                place = 0
                for column in columns:
                    if column.kind == kind:
                        column.take(chunk, block[:, place], table, first)
                        place += 1
                file.append(block)


@dataclass
class _Number:
    """Learns the facts of a numeric column; ``values`` is None where they are not wanted."""

    name: str
    values: set[float] | None = None
    kind: str = "number"
    present: int = 0
    low: float = np.inf
    high: float = -np.inf
    running: bool = True
    whole: bool = True
    next: float = np.nan

    def take(self, chunk: Chunk, out: NDArray[Any], table: Table, first: int) -> None:
        """Write the column's cells (rows,) of a chunk, whose first row is number ``first``."""
        given = chunk.numbers[self.name]
        with np.errstate(over="ignore"):
            out[:] = given
        if not chunk.rows:
            return
        low, high = np.fmin.reduce(out), np.fmax.reduce(out)
        if np.isinf(low) or np.isinf(high):
            _refuse_infinite(self.name, given, out, table, first)
        missing = int(np.count_nonzero(np.isnan(out)))
        self.present += chunk.rows - missing
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
        if self.running:
            self._follow(np.asarray(given, np.float64), bool(missing))
        if self.values is not None or self.whole:
            self._list(given, bool(missing))

    def _follow(self, given: NDArray[np.float64], missing: bool) -> None:
        start = given[0] if np.isnan(self.next) else self.next
        self.running = (
            not missing
            and given[0] == start
            and (not np.isnan(self.next) or start in (0, 1))
            and bool((np.diff(given) == 1).all())
        )
        self.next = float(given[-1]) + 1

    def _list(self, given: NDArray[Any], missing: bool) -> None:
        values = given[~np.isnan(given)] if missing else given
        if self.whole:
            self.whole = values.dtype.kind in "iu" or bool((values == np.floor(values)).all())
        if self.values is not None:
            self.values.update(np.unique(values).tolist())
            if len(self.values) > MOST_VALUES:
                self.values = None

    def facts(self) -> Facts:
        """Return what has been learned."""
        return Facts(
            self.name,
            self.kind,
            0,
            self.present,
            self.low,
            self.high,
            self.running,
            self.whole,
            None if self.values is None else tuple(sorted(float(each) for each in self.values)),
        )


@dataclass
class _Text:
    """Learns the categories of a text column and gives them codes in order of appearance."""

    name: str
    bounded: bool
    kind: str = "text"
    present: int = 0
    free: bool = False
    codes: dict[str, int] = field(default_factory=dict)

    def take(self, chunk: Chunk, out: NDArray[Any], table: Table, first: int) -> None:
        """Write the column's codes (rows,) of a chunk."""
        texts = chunk.texts[self.name]
        self.present += int(np.count_nonzero(texts.codes >= 0))
        if not self.free:
            out[:] = recoded(texts, [self._code(each) for each in texts.categories])
            self.free = self.bounded and len(self.codes) > MOST_TEXTS
        if self.free:
            out[:] = -1
            self.codes = {}

    def _code(self, text: str) -> int:
        return self.codes.setdefault(text, len(self.codes))

    def facts(self) -> Facts:
        """Return what has been learned."""
        return Facts(
            self.name,
            self.kind,
            0,
            self.present,
            low=0.0,
            high=0.0,
            categories=tuple(self.codes),
            free=self.free,
        )


def recoded(texts: Texts, codes: list[int]) -> NDArray[np.int64]:
    """Return the codes (rows,) of a chunk's texts, its categories having the codes given."""
    return np.array([*codes, -1], np.int64)[texts.codes]  # a missing cell, -1, picks the last


def _column(name: str, texts: frozenset[str], *, target: bool = False) -> _Number | _Text:
    if name in texts:
        return _Text(name, bounded=not target)
    return _Number(name, values=set() if target else None, whole=target)


def _refuse_infinite(
    name: str, given: NDArray[Any], out: NDArray[Any], table: Table, first: int
) -> None:
    place = int(np.flatnonzero(np.isinf(out))[0])
    value = float(given[place])
    what = "is infinite" if np.isinf(value) else "is too large for float32"
    raise DataError(
        f"'{table.path}' column '{name}', row {first + place + 1}: {value:g} {what}; expected "
        f"finite numbers: correct it, leave the cell empty if it is unknown, or --drop '{name}'"
    )


def _check_rows(tables: list[Table], rows: list[int]) -> None:
    for table, count in zip(tables, rows, strict=True):
        if count == 0:
            raise DataError(f"'{table.path}' has no rows: expected a row for each sample")
    if rows[0] == 1:
        raise DataError(
            f"'{tables[0].path}' has one row: expected at least two, to learn from and to check by"
        )


def _with_text_slots(facts: list[Facts]) -> tuple[Facts, ...]:
    slots = iter(range(len(facts)))
    return tuple(replace(each, slot=next(slots)) if each.kind == "text" else each for each in facts)


def _with_target_slots(facts: list[Facts]) -> tuple[Facts, ...]:
    slots: dict[str, Iterator[int]] = {kind: iter(range(len(facts))) for kind in ("number", "text")}
    return tuple(replace(each, slot=next(slots[each.kind])) for each in facts)


def _facts_from_json(values: dict[str, Any]) -> Facts:
    return Facts(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})
