"""Text tables parsed by pandas' C parser, block by block, on as many threads as there are cores.

pandas releases the interpreter lock while it splits and converts, so two blocks are parsed at a
time. A column is numeric as long as each of its blocks is; a column of texts is read as codes into
a list of different texts, which keeps long columns of few categories small.
"""

from __future__ import annotations

import csv
import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nncli.data.tables.chunks import Chunk, Texts
from nncli.data.tables.dialect import MISSING, Dialect
from nncli.data.tables.text import Block, Progress, read_blocks
from nncli.errors import DataError

#: A trailing blank, as in ``1 , ? , 2``, belongs to no value.
_MISSING = [*MISSING, *(f"{word} " for word in MISSING if word)]

#: More threads than this wait for the reading of the file.
_MOST_THREADS = 4


def read_chunks(
    path: Path,
    dialect: Dialect,
    wanted: frozenset[str],
    texts: frozenset[str],
    *,
    exact: bool,
    progress: Progress | None = None,
) -> Iterator[Chunk]:
    """Yield the ``wanted`` columns of a text file in order.

    ``texts`` are the columns known to hold texts. With ``exact``, decimals are rounded to the
    nearest float64, at twice the time; else to within one unit in its last place.
    Raises DataError for rows of unequal length.
    """
    threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
                  else os.cpu_count() or 1)  # fmt: skip
    blocks = read_blocks(path, dialect.start, dialect.line, progress)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Chunk]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(_parse, path, block, dialect, wanted, texts, exact))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()


def _parse(
    path: Path,
    block: Block,
    dialect: Dialect,
    wanted: frozenset[str],
    texts: frozenset[str],
    exact: bool,
) -> Chunk:
    names = list(dialect.names)
    _check_first_row(path, block, dialect)
    try:
        frame = pd.read_csv(
            io.BytesIO(block.text),
            sep=dialect.delimiter,
            header=None,
            names=names,
            index_col=False,
            dtype=dict.fromkeys(texts, "category"),
            skipinitialspace=True,
            keep_default_na=False,
            na_values=_MISSING,
            decimal=dialect.decimal,
            float_precision="round_trip" if exact else None,
            low_memory=False,
        )
    except pd.errors.EmptyDataError:
        return Chunk(0)
    except pd.errors.ParserError as error:
        check_rows(path, block, dialect)
        if "inside string" in str(error):
            raise DataError(
                f"'{path}' has a quoted field that is never closed, in the rows from line "
                f"{block.line} on: expected a second quotation mark"
            ) from None
        raise DataError(f"'{path}' cannot be parsed: {error}") from None
    if len(names) > 1 and frame[names[-1]].isna().any():
        check_rows(path, block, dialect)  # pandas fills short rows up with missing cells
    numbers: dict[str, np.ndarray[Any, Any]] = {}
    found: dict[str, Texts] = {}
    promote = set()
    for name in names:
        if name not in wanted:
            continue
        column = frame[name]
        if name in texts:
            found[name] = _texts(column)
        elif column.dtype.kind in "iuf":
            numbers[name] = column.to_numpy()
        else:
            promote.add(name)
    return Chunk(
        len(frame), numbers, found, frozenset(promote), block.line if block.latin1 else None
    )


def _texts(column: pd.Series[Any]) -> Texts:
    """Return a categorical column as codes; blanks round a text do not count."""
    categories = [str(each).strip() for each in column.cat.categories]
    codes = np.asarray(column.cat.codes)
    if any(each in MISSING for each in categories):
        absent = [place for place, each in enumerate(categories) if each in MISSING]
        codes = np.where(np.isin(codes, absent), -1, codes)
    return Texts(codes, categories)


def _check_first_row(path: Path, block: Block, dialect: Dialect) -> None:
    """Check the length of a block's first row, by which pandas measures the others."""
    for row, line in _rows(block, dialect):
        _check_length(path, row, line, dialect)
        return


def check_rows(path: Path, block: Block, dialect: Dialect) -> None:
    """Raise DataError for the first row that has not a field for each column."""
    for row, line in _rows(block, dialect):
        _check_length(path, row, line, dialect)


def _rows(block: Block, dialect: Dialect) -> Iterator[tuple[list[str], int]]:
    """Yield the rows of a block that are not blank, each with the number of its last line."""
    stream = io.TextIOWrapper(io.BytesIO(block.text), encoding="utf-8", newline="")
    reader = csv.reader(stream, delimiter=dialect.delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield row, block.line + reader.line_num - 1
    except csv.Error:
        return


def _check_length(path: Path, row: list[str], line: int, dialect: Dialect) -> None:
    expected = len(dialect.names)
    if len(row) == expected or (len(row) == expected + 1 and not row[-1].strip()):
        return  # a delimiter at the end of the line ends it
    fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
    raise DataError(
        f"'{path}' line {line} has {fields}, expected {expected} as in the first line: "
        "check that line; quote fields that hold the delimiter "
        f"{dialect.delimiter!r}"
    )
