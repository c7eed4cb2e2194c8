"""How a text table is written: delimiter, header, comment lines, decimal sign.

All is read from the head of the file, by these rules:

- The delimiter is the one of comma, semicolon, tab and ``|`` that splits most rows into the same
  number of fields; among equals, the one that gives most fields.
- Leading lines that begin with ``|``, ``#`` or ``%`` and have another number of fields than the
  rows are comments.
- The first row is a header if a text stands there above a column of numbers; or if none of its
  fields is a number or missing, and none stands again below itself.
- A decimal comma is taken for one where the delimiter is none and no field has a decimal point.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nncli.data.tables.text import read_head
from nncli.errors import DataError

#: Cells that count as missing.
MISSING = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null",
)  # fmt: skip

DELIMITERS = (",", "\t", ";", "|")

_HEAD = 256 << 10
_SAMPLE = 500
_COMMENTS = (b"|", b"#", b"%")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|[+-]?inf(inity)?$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?$")

Row = list[str]


@dataclass(frozen=True)
class Dialect:
    """How one file is written; ``start`` and ``line`` are byte and line of its first row of data.

    ``names`` has a name for each column; without a header these are positions from "1" on.
    """

    delimiter: str
    header: bool
    names: tuple[str, ...]
    start: int
    line: int
    decimal: str = "."


def is_number(field: str) -> bool:
    """Return whether a field is written as a number with a decimal point."""
    return _NUMBER.match(field) is not None


def detect(path: Path, header: bool | None, *, like: tuple[str, ...] | None = None) -> Dialect:
    """Find out how ``path`` is written.

    ``header`` says whether it has one, None to find out. With ``like``, the column names of the
    table that it belongs to, a missing header is told from one with other names by the caller.
    Raises DataError for a file without a row.
    """
    head, whole = read_head(path, _HEAD)
    bom = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    lines = _physical_lines(head[bom:], whole)
    skipped, delimiter, fields = _layout(lines)
    rows = list(_rows(lines[skipped:], delimiter))
    decimal = _decimal(delimiter, [row for row, _ in rows])
    shown = [[field.strip() for field in row] for row, _ in rows]
    if decimal == ",":
        shown = [[_with_point(field) for field in row] for row in shown]
    if header is None:
        header = _is_header(shown)
    names = _names(shown[0] if header else [], len(shown[0]) if header else fields)
    taken = skipped + (rows[0][1] if header else 0)
    start = bom + sum(len(line) for line in lines[:taken])
    if header and len(shown) == 1:
        raise DataError(
            f"'{path}' has a header and no rows: expected a row for each sample, or name "
            "--no-header if its first line is data"
        )
    return Dialect(delimiter, header, names, start, taken + 1, decimal)


def _physical_lines(head: bytes, whole: bool) -> list[bytes]:
    """Return the lines of the head with their ends; a last one that is cut off is left out."""
    lines = head.splitlines(keepends=True)
    return lines if whole or len(lines) == 1 else lines[:-1]


def _layout(lines: list[bytes]) -> tuple[int, str, int]:
    """Return how many leading lines are no rows, the delimiter and the number of fields."""
    leading = 0
    while leading < len(lines) and (
        not lines[leading].strip() or lines[leading].lstrip().startswith(_COMMENTS)
    ):
        leading += 1
    body = lines[leading:] or lines
    delimiter, fields = _delimiter(body)
    skipped = 0
    while skipped < min(leading, len(lines) - 1):
        first = next(_rows(lines[skipped : skipped + 1], delimiter), None)
        if first is not None and len(first[0]) == fields > 1:
            break
        skipped += 1
    return skipped, delimiter, fields


def _delimiter(lines: list[bytes]) -> tuple[str, int]:
    """Return the delimiter that splits the rows most evenly, and the number of fields it gives."""
    best, found = (0.0, 0), (",", 1)
    for delimiter in DELIMITERS:
        rows = [row for row, _ in _rows(lines, delimiter)]
        if not rows:
            continue
        fields, often = Counter(len(row) for row in rows).most_common(1)[0]
        merit = (often / len(rows), fields)
        if fields > 1 and (
            merit > best
            # In "7,27;0,36" the comma splits as evenly as the semicolon does, and into more.
            or (delimiter == ";" and merit[0] >= best[0] and _decimal(";", rows) == ",")
        ):
            best, found = merit, (delimiter, fields)
    return found


def _rows(lines: Iterable[bytes], delimiter: str) -> Iterator[tuple[Row, int]]:
    """Yield the rows of a sample, blank ones left out, each with the number of lines read by it."""
    texts = (line.decode("utf-8", "replace") for line in lines)
    reader = csv.reader(texts, delimiter=delimiter, skipinitialspace=True)
    count = 0
    try:
        for row in reader:
            if any(field.strip() for field in row) or len(row) > 1:
                yield row, reader.line_num
                count += 1
                if count == _SAMPLE:
                    return
    except csv.Error:
        return


def _decimal(delimiter: str, rows: list[Row]) -> str:
    """Return the decimal sign: a comma if fields with one look like numbers and none has a point."""
    if delimiter == ",":
        return "."
    fields = [field.strip() for row in rows[1:] or rows for field in row]
    commas = [field for field in fields if "," in field]
    if not commas or any("." in field and is_number(field) for field in fields):
        return "."
    return "," if all(_DECIMAL_COMMA.match(field) for field in commas) else "."


def _with_point(field: str) -> str:
    return field.replace(",", ".") if _DECIMAL_COMMA.match(field) else field


def _is_header(rows: list[Row]) -> bool:
    """Return whether the first of some rows names the columns; see the module's text."""
    first, below = rows[0], rows[1:]
    columns = [[row[place] for row in below if place < len(row)] for place in range(len(first))]
    for name, column in zip(first, columns, strict=True):
        values = [value for value in column if value not in MISSING]
        if name not in MISSING and not is_number(name) and values and all(map(is_number, values)):
            return True
    named = [(name, column) for name, column in zip(first, columns, strict=True) if name]
    return bool(named) and all(
        name not in MISSING and not is_number(name) and name not in column
        for name, column in named
    )


def _names(header: Row, count: int) -> tuple[str, ...]:
    """Return a name for each of ``count`` columns: a blank one is named by its position.

    A name that comes again gets a number, as in pandas: ``a``, ``a.1``.
    """
    names: list[str] = []
    for place in range(count):
        name = wanted = (header[place] if place < len(header) else "") or str(place + 1)
        again = 0
        while name in names:
            again += 1
            name = f"{wanted}.{again}"
        names.append(name)
    return tuple(names)
