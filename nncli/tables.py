"""Columns of equal length: what the store finds, statistics compute, and renderers show.

Plain Python values in lists, so that a table costs no import; NumPy and pandas come where they pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Columns by name, in the order in which they are shown.

    A value is a bool, int, float (NaN and infinities are values), text, a tuple of texts (tags), or
    ``None`` for what was not measured.
    """

    columns: Mapping[str, Sequence[Any]]

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the columns of a table differ in length: {lengths}")

    @classmethod
    def of_rows(cls, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
        """Return the table with these rows; each has a value a name."""
        listed = list(rows)
        columns = zip(*listed, strict=True) if listed else ([] for _ in names)
        return cls({name: list(values) for name, values in zip(names, columns, strict=True)})

    @classmethod
    def joined(cls, tables: Sequence[Table]) -> Table:
        """Return one table of the rows of several with the same columns; there is at least one."""
        return cls({n: [value for each in tables for value in each[n]] for n in tables[0].columns})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self.columns[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(self.columns)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Return the rows, each a value a column."""
        return zip(*self.columns.values(), strict=True)

    def records(self) -> Iterator[dict[str, Any]]:
        """Return the rows as objects."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows())

    def pick(self, names: Iterable[str]) -> Table:
        """Return the table of some columns."""
        return Table({name: self.columns[name] for name in names})

    def take(self, places: Sequence[int]) -> Table:
        """Return the table of some rows, by their places."""
        return Table({n: [values[p] for p in places] for n, values in self.columns.items()})
