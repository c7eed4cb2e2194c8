"""The files of one data set, opened: how each is written and which columns are read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nncli.data.dataset import DataOptions
from nncli.data.tables.chunks import Chunk
from nncli.data.tables.dialect import Dialect, detect
from nncli.data.tables.parquet_file import column_names, is_parquet
from nncli.data.tables.selecting import Selection, listed, select
from nncli.data.tables.text import Progress
from nncli.errors import DataError


@dataclass(frozen=True)
class Table:
    """A file to read. ``dialect`` is None for Parquet."""

    path: Path
    names: tuple[str, ...]
    dialect: Dialect | None
    selection: Selection

    def chunks(
        self, texts: frozenset[str], *, exact: bool, progress: Progress | None = None
    ) -> Iterator[Chunk]:
        """Yield the selected columns in order; ``texts`` are those known to hold texts."""
        wanted = self.selection.wanted
        texts = texts & wanted & frozenset(self.names)
        if self.dialect is None:
            from nncli.data.tables import parquet_file

            return parquet_file.read_chunks(self.path, wanted, texts, progress=progress)
        from nncli.data.tables import csv_file  # imports pandas

        return csv_file.read_chunks(
            self.path, self.dialect, wanted, texts, exact=exact, progress=progress
        )


def open_tables(paths: list[Path], options: DataOptions) -> list[Table]:
    """Open the training file and further files of the same form.

    The training file decides: the others have its header or none, as it has, and are matched by
    name, or by position where there is no header.
    """
    first = open_table(paths[0], options.header)
    selection = select(first.names, options)
    tables = [Table(first.path, first.names, first.dialect, selection)]
    header = first.dialect is None or first.dialect.header
    for path in paths[1:]:
        other = open_table(path, header)
        names = matched(path, other.names, first.names, selection.wanted, header=header)
        dialect = other.dialect and _renamed(other.dialect, names)
        tables.append(Table(path, names, dialect, selection))
    return tables


def open_table(path: Path, header: bool | None) -> Table:
    """Open one file, of which nothing is selected yet."""
    nothing = Selection((), (), False, ())
    if is_parquet(path):
        return Table(path, column_names(path), None, nothing)
    dialect = detect(path, header)
    return Table(path, dialect.names, dialect, nothing)


def matched(
    path: Path,
    names: tuple[str, ...],
    training: tuple[str, ...],
    wanted: frozenset[str],
    *,
    header: bool,
    optional: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Return the names of a file's columns as the training file has them.

    ``wanted`` must be among them. Without a header, columns stand where they did in training; the
    ``optional`` ones may all be left out. Raises DataError for columns that are not there.
    """
    if not header:
        if len(names) == len(training):
            return training
        short = tuple(name for name in training if name not in optional)
        if len(names) == len(short):
            return short
        raise DataError(
            f"'{path}' has {len(names)} columns, expected {len(training)} as in the file of the "
            "training, since there is no header to match them by"
        )
    missing = tuple(name for name in training if name in wanted and name not in names)
    if missing:
        raise DataError(
            f"'{path}' lacks {'column' if len(missing) == 1 else 'columns'} {listed(missing)}: "
            f"expected the names of the training file; its first line has {listed(names)}"
        )
    return names


def _renamed(dialect: Dialect, names: tuple[str, ...]) -> Dialect:
    from dataclasses import replace

    return replace(dialect, names=names)
