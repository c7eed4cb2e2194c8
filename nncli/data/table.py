"""Tables in files as sources: text or Parquet, parsed once and then mapped from the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.digest import file_digest
from nncli.data.entries import Entry, cached
from nncli.data.options import DataOptions, ProgressReport
from nncli.data.selection import Selection, is_place, select
from nncli.data.sniff import Dialect, sniff
from nncli.data.source import Column, RawTable, Source, Target
from nncli.data.text import Parsed, TextPart, parse_text
from nncli.errors import DataError

#: What the parsers add to the hash: it changes with what they make of the same bytes. A header with
#: empty or repeated cells was data to the first; all other tables are read as they were by it.
PARSER, FLAWED_HEADER = 1, 2

#: Goes up when what the cache holds of a table changes: tables are then parsed anew.
READING = 2


def load_table(
    path: Path,
    val: Path | None,
    test: Path | None,
    options: DataOptions,
    progress: ProgressReport | None,
) -> Source:
    """Read a table, with the files of ``--val`` and ``--test`` if they are given.

    Raises DataError for what cannot be read, for columns that are not there, and for files that
    do not have the columns of the first.
    """
    files = [path] + [each for each in (val, test) if each is not None]
    key: dict[str, Any] = {
        "files": [file_digest(each) for each in files],
        "target": options.target,
        "columns": None if options.columns is None else list(options.columns),
        "drop": list(options.drop),
        "header": options.header,
    }
    forms = [is_parquet(each) for each in files]
    if len(set(forms)) > 1:
        raise DataError(
            f"'{files[forms.index(True)]}' is Parquet and '{files[forms.index(False)]}' is text: "
            "expected one form"
        )
    build = _build_parquet if forms[0] else _build_text
    entry = cached(
        {**key, "reading": READING, "dtype": options.dtype},
        lambda folder: build(folder, files, options, progress),
    )
    key["parser"] = FLAWED_HEADER if entry.meta["flawed_header"] else PARSER
    identity = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    rows = iter(entry.meta["rows"])
    parts = (next(rows), next(rows) if val else 0, next(rows) if test else 0)
    return Source(
        name=path.name,
        source=str(path.resolve()),
        hash=identity,
        parts=parts,
        inputs=raw_table(entry, chosen=options.columns is not None),
        targets=raw_targets(entry),
        file_columns=tuple(entry.meta["file_columns"]),
        header=entry.meta["header"],
        notes=(*entry.meta["notes"], *entry.notes),
    )


def raw_table(entry: Entry, chosen: bool) -> RawTable:
    """Return the input columns of a parsed table."""
    slots = {"number": 0, "text": 0}
    columns = []
    for each in entry.meta["inputs"]:
        kind = each["kind"]
        listed = {**each, "categories": tuple(each.get("categories", ()))}
        columns.append(Column(**listed, slot=slots[kind]))
        slots[kind] += 1
    count = sum(entry.meta["rows"])
    numbers = entry.arrays.get("numbers", np.empty((count, 0), np.float32))
    codes = entry.arrays.get("codes", np.empty((count, 0), np.int32))
    return RawTable(tuple(columns), numbers, codes, chosen)


def raw_targets(entry: Entry) -> tuple[Target, ...]:
    """Return the target columns of a parsed table."""
    slots = {"number": 0, "text": 0}
    targets = []
    for each in entry.meta["targets"]:
        slot = slots[each["kind"]]
        slots[each["kind"]] += 1
        if each["kind"] == "number":
            distinct = each["distinct"]
            targets.append(
                Target(
                    each["name"],
                    numbers=_column(entry.arrays["target_numbers"], slot),
                    distinct=None if distinct is None else tuple(distinct),
                )
            )
        else:
            targets.append(
                Target(
                    each["name"],
                    codes=_column(entry.arrays["target_codes"], slot),
                    categories=tuple(each["categories"]),
                    overflow=each["overflow"],
                    strays=each["strays"],
                )
            )
    return tuple(targets)


def _column(matrix: NDArray[Any], slot: int) -> NDArray[Any]:
    return np.asarray(matrix)[:, slot]


def is_parquet(path: Path) -> bool:
    """Return whether a file is in the Parquet format, by its first bytes."""
    try:
        with open(path, "rb") as stream:
            return stream.read(4) == b"PAR1"
    except OSError:
        return False


def _build_text(
    folder: Path, files: Sequence[Path], options: DataOptions, progress: ProgressReport | None
) -> dict[str, Any]:
    dialect = sniff(files[0], options.header)
    names = dialect.names or tuple(str(number) for number in range(1, dialect.columns + 1))
    _check_first_row(files[0], dialect, names, options)
    selection = select(names, options.target, options.columns, options.drop)
    places = (*selection.inputs, *selection.targets)
    parts = [TextPart(files[0], dialect, places)]
    flawed = bool(dialect.notes)
    for path in files[1:]:
        header = False if dialect.names is None else None
        other = sniff(path, header, expected=[names[place] for place in places])
        found = align(path, other, names, dialect.names is not None, places)
        parts.append(TextPart(path, other, found))
        flawed = flawed or bool(other.notes)
    used = [names[place] for place in places]
    parsed = parse_text(folder, parts, used, len(selection.targets), options.dtype, progress)
    parsed.notes.extend(dialect.notes)
    described = describe(parsed, selection, names, dialect.names is not None, files)
    return {**described, "flawed_header": flawed}


def _check_first_row(
    path: Path, dialect: Dialect, names: Sequence[str], options: DataOptions
) -> None:
    """Raise DataError for a column that is asked for by a cell of the first row, taken for data."""
    if dialect.names is not None:
        return
    for word in (*(options.target or "").split(","), *(options.columns or ()), *options.drop):
        cell = word.strip()
        if not cell or cell not in dialect.first or is_place(cell, names):
            continue
        position = dialect.first.index(cell) + 1
        if options.header is False:
            step = "leave out --no-header, or name the column by its position"
        else:
            step = (
                "if it is the header, write a name into each of its cells, all different and no "
                "numbers; if not, name the column by its position"
            )
        raise DataError(
            f"unknown column '{cell}': the first row of '{path}' holds '{cell}' but was taken for "
            f"data, not for the header, so the columns are called {names[0]} to {names[-1]}: "
            f"{step}, {position}"
        )


def align(
    path: Path, dialect: Dialect, names: Sequence[str], header: bool, places: Sequence[int]
) -> tuple[int, ...]:
    """Return where in another file the columns are that the first has at ``places``.

    By name if both have a header, else by position. Raises DataError for a column that is not
    there.
    """
    if header and dialect.names is not None:
        missing = [names[each] for each in places if names[each] not in dialect.names]
        if missing:
            raise DataError(
                f"'{path}' has no column '{missing[0]}': expected the columns of the first file, "
                f"{', '.join(names[each] for each in places)}"
            )
        return tuple(dialect.names.index(names[each]) for each in places)
    if dialect.columns != len(names):
        raise DataError(
            f"'{path}' has {dialect.columns} columns, expected the {len(names)} of the first file"
        )
    return tuple(places)


def describe(
    parsed: Parsed, selection: Selection, names: Sequence[str], header: bool, files: Sequence[Path]
) -> dict[str, Any]:
    """Return what the cache keeps of a table beside its arrays."""
    for path, rows in zip(files, parsed.rows, strict=True):
        if not rows:
            raise DataError(f"'{path}' has a header and no rows: expected a table with rows")
    inputs = len(selection.inputs)
    listed = parsed.columns
    for column, place in zip(listed, (*selection.inputs, *selection.targets), strict=True):
        column["position"] = place
    targets = [
        {key: value for key, value in each.items() if key != "position"} for each in listed[inputs:]
    ]
    return {
        "inputs": listed[:inputs],
        "targets": targets,
        "rows": parsed.rows,
        "file_columns": list(names),
        "header": header,
        "notes": [*selection.notes, *parsed.notes],
        "flawed_header": False,
    }


def _build_parquet(
    folder: Path, files: Sequence[Path], options: DataOptions, progress: ProgressReport | None
) -> dict[str, Any]:
    from nncli.data.parquet import open_parquet, parse_parquet, readable_columns

    opened = [open_parquet(each) for each in files]
    names, notes = readable_columns(opened[0], files[0])
    selection = select(names, options.target, options.columns, options.drop)
    used = [names[each] for each in (*selection.inputs, *selection.targets)]
    parsed = parse_parquet(
        folder, files, opened, used, len(selection.targets), options.dtype, progress
    )
    parsed.notes.extend(notes)
    return describe(parsed, selection, names, True, files)
