"""What is written: tables by name, and the words that go with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nncli.tables import Table


@dataclass(frozen=True)
class Document:
    """Tables with a title above and notes below; ``lead`` names the one that was asked for.

    ``captions`` say what a table is; ``measures`` of which metric the values in a column are;
    ``best`` where the best values stand, by table and column. ``ranks`` say which columns go first
    where there is no room: those of the highest rank, and none of rank 0, which is that of columns
    that are not named. ``records`` give the objects that JSON holds in place of a table's rows,
    and ``about`` is what else it says.
    """

    title: str
    notes: Sequence[str]
    tables: Mapping[str, Table]
    captions: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    best: Mapping[str, Mapping[str, Collection[int]]] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    records: Mapping[str, Callable[[], Iterable[Mapping[str, Any]]]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    lead: str = ""

    @property
    def main(self) -> str:
        """Return the name of the table that was asked for, which forms of one table hold."""
        return self.lead if self.lead in self.tables else next(iter(self.tables))

    def bold(self, table: str, column: str) -> Collection[int]:
        """Return the places of the best values in a column."""
        return self.best.get(table, {}).get(column, ())
