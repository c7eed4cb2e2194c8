"""Text tables as blocks of whole lines, each line checked for its number of fields.

pandas takes a line with too few fields for one with missing cells. So the delimiters of every line
are counted here first, with NumPy over the bytes, which costs a fraction of the parsing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nncli.data.files import file_size, open_bytes
from nncli.data.sniff import Dialect
from nncli.errors import DataError

BLOCK = 8 << 20

#: A quoted field that is not closed within so many bytes has a stray quote: lines then end anyway.
_LONGEST = 64 << 20

#: Line ends tried from the back for one that is not within quotes.
_STEPS = 50


@dataclass(frozen=True)
class Block:
    """Whole lines of a table. ``line`` is the number of the first, ``done`` the share of the file
    on disk that is behind them."""

    data: bytes
    line: int
    done: float


def read_blocks(path: Path, dialect: Dialect, size: int = BLOCK) -> Iterator[Block]:
    """Yield the rows of data of a text table, without header and comments.

    Raises DataError for a line with more or fewer fields than the table has columns, for zero
    bytes, and for a damaged gzip file.
    """
    total = max(1, file_size(path))
    line = dialect.first_line
    with open_bytes(path) as (stream, below):
        stream.read(dialect.start)
        rest = b""
        while True:
            chunk = stream.read(size)
            if b"\0" in chunk:
                raise DataError(f"'{path}' has zero bytes after line {line}: expected text")
            if dialect.bare_cr:
                chunk = chunk.replace(b"\r", b"\n")
            data = rest + chunk
            cut = _end_of_lines(data) if chunk else len(data)
            rest, data = data[cut:], data[:cut]
            lines = data.count(b"\n")
            if dialect.blanks:
                data = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", data)
                data = re.sub(rb"[ \t]+", b"\t", data)
            if data.strip():
                _check_fields(path, data, line, dialect)
                yield Block(data, line, min(1.0, below.tell() / total))
            line += lines
            if not chunk:
                return


def _end_of_lines(data: bytes) -> int:
    """Return where to cut ``data``: after its last line end that is not within quotes.

    Quotes that are doubled within a quoted field keep the count even, so parity tells.
    """
    end = last = data.rfind(b"\n") + 1
    for _ in range(_STEPS):
        if data.count(b'"', 0, end) % 2 == 0:
            return end if end or len(data) < _LONGEST else last
        end = data.rfind(b"\n", 0, data.rfind(b'"', 0, end)) + 1
    return last


def _check_fields(path: Path, data: bytes, line: int, dialect: Dialect) -> None:
    """Raise DataError for the first line that has not ``dialect.width`` fields."""
    text = np.frombuffer(data, np.uint8)
    is_delimiter = text == ord(dialect.delimiter)
    is_end = text == ord("\n")
    quoted = b'"' in data
    if quoted:
        inside = np.bitwise_xor.accumulate((text == ord('"')).view(np.uint8)).view(np.bool_)
        is_delimiter &= ~inside
        is_end &= ~inside
    ends = np.flatnonzero(is_end)
    starts = np.concatenate([[0], ends + 1])
    if starts[-1] == len(text):
        starts = starts[:-1]
    # A byte is enough for a count below 256, and ten times as fast to add up as a larger type.
    count = np.uint8 if dialect.width < 200 else np.int32
    fields = np.add.reduceat(is_delimiter.view(np.uint8), starts, dtype=count)
    for place in np.flatnonzero(fields != dialect.width - 1):
        start = int(starts[place])
        end = int(ends[place]) if place < len(ends) else len(data)
        if not data[start:end].strip():
            continue  # a blank line
        if quoted:  # a stray quote may have misled the count: the csv module reads as pandas does
            _check_by_reader(path, data, line, dialect)
            return
        number = line + data.count(b"\n", 0, start)
        found = data.count(dialect.delimiter.encode(), start, end) + 1
        raise _ragged(path, number, found, dialect)


def _check_by_reader(path: Path, data: bytes, line: int, dialect: Dialect) -> None:
    stream = io.StringIO(data.decode("utf-8", "replace"), newline="")
    reader = csv.reader(stream, delimiter=dialect.delimiter, skipinitialspace=True)
    previous = 0
    try:
        for row in reader:
            if len(row) != dialect.width and "".join(row).strip():
                raise _ragged(path, line + previous, len(row), dialect)
            previous = reader.line_num
    except csv.Error as error:
        raise DataError(f"'{path}' cannot be read after line {line + previous}: {error}") from None


def _ragged(path: Path, line: int, found: int, dialect: Dialect) -> DataError:
    fields = "field" if found == 1 else "fields"
    shown = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "a pipe"}[dialect.delimiter]
    return DataError(
        f"line {line} of '{path}' has {found} {fields}, expected {dialect.width} (divided by "
        f"{'blanks' if dialect.blanks else shown}): correct the line or remove it"
    )
