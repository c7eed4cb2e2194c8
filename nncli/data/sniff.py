"""How a text table is written: delimiter, header, decimal sign, where its data begin.

The first mebibyte decides, by these rules.

* **Comments.** Leading lines that begin with ``#`` or ``%`` are skipped, and a first line that
  begins with ``|`` where the table is not delimited by it.
* **Delimiter.** Of tab, semicolon, pipe and comma the one by which most of the first lines have
  the same number of fields, more than one; in this order if several do equally well (decimal commas
  split a semicolon table evenly too). If none divides them, blanks do if they divide evenly.
* **Header.** By the rules of :mod:`nncli.data.header`.
* **Decimal sign.** A comma, if the delimiter is none, cells such as ``3,14`` occur, and none
  such as ``3.14`` do.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nncli.data.files import check_is_text, open_bytes
from nncli.data.header import MISSING, read_header
from nncli.errors import DataError

__all__ = ["MISSING", "Dialect", "sniff"]

_HEAD = 1 << 20
_SAMPLE = 200
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = "\t;|,"


@dataclass(frozen=True)
class Dialect:
    """How a text table is written. ``start`` is the byte at which its rows of data begin.

    ``names`` is the header, or None, and ``notes`` are what is to be said of it. ``first`` are the
    cells of the first row. With ``blanks`` the fields are divided by any blanks, and
    read as if by tabs. ``bare_cr``: lines end in a carriage return alone. ``trailing``: they end
    in a delimiter with nothing behind it.
    """

    delimiter: str
    width: int
    names: tuple[str, ...] | None
    start: int
    first_line: int
    decimal: str = "."
    blanks: bool = False
    bare_cr: bool = False
    trailing: bool = False
    first: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """Return the number of columns: of the fields, or one less with a trailing delimiter."""
        return self.width - self.trailing


def sniff(path: Path, header: bool | None = None, expected: Sequence[str] = ()) -> Dialect:
    """Find out how a text table is written.

    ``header`` forces whether the first row holds names; else it does at once if it holds all
    ``expected`` ones. Raises DataError for an empty file and for what is no text.
    """
    with open_bytes(path) as (stream, _):
        head = stream.read(_HEAD)
    check_is_text(path, head)
    whole = len(head) < _HEAD
    start = len(_BOM) if head.startswith(_BOM) else 0
    bare_cr = b"\n" not in head and b"\r" in head
    if bare_cr:
        head = head.replace(b"\r", b"\n")
    lines = head[start:].split(b"\n")
    if not whole and len(lines) > 1:
        lines.pop()  # cut within
    while lines and (not lines[0].strip() or lines[0].lstrip()[:1] in (b"#", b"%")):
        start += len(lines.pop(0)) + 1
    first_line = head[:start].count(b"\n") + 1
    if not lines:
        raise DataError(f"'{path}' has only comments: expected a table with rows")
    if lines[0].startswith(b"|") and _choose(_texts(lines[1:])) != "|":
        start += len(lines.pop(0)) + 1
        first_line += 1
    sample = _texts(lines)
    delimiter = _choose(sample)
    blanks = delimiter == " "
    rows, first_size = _rows(sample, delimiter)
    if not rows:
        raise DataError(f"'{path}' has only comments: expected a table with rows")
    trailing = len(rows) > 1 and all(len(row) > 2 and not row[-1].strip() for row in rows)
    if trailing:
        rows = [row[:-1] for row in rows]
    found = read_header(rows, header, expected)
    has_header = found.names is not None
    width = len(rows[0]) if has_header else _most_common([len(each) for each in rows])
    if has_header:
        consumed = b"\n".join(lines[:first_size])
        start += len(consumed) + 1
        first_line += first_size
    return Dialect(
        delimiter="\t" if blanks else delimiter,
        width=width + trailing,
        names=found.names,
        start=start,
        first_line=first_line,
        decimal=_decimal(rows, delimiter),
        blanks=blanks,
        bare_cr=bare_cr,
        trailing=trailing,
        first=tuple(each.strip() for each in rows[0]),
        notes=found.notes,
    )


def _texts(lines: list[bytes]) -> list[str]:
    return [each.decode("utf-8", "replace").rstrip("\r") for each in lines[: 2 * _SAMPLE]]


def _choose(lines: list[str]) -> str:
    """Return the delimiter that divides the lines most evenly; a blank for any blanks."""
    best, best_share = "", 0.0
    for delimiter in _DELIMITERS:
        rows = _rows(lines, delimiter)[0]
        width = _most_common([len(row) for row in rows])
        # A cell with a single quote was cut out of a quoted one.
        even = [len(row) == width and not any(c.count('"') % 2 for c in row) for row in rows]
        if width > 1 and sum(even) / len(rows) > best_share + 1e-9:
            best, best_share = delimiter, sum(even) / len(rows)
    if best and best_share > 0.5:
        return best
    widths = [len(line.split()) for line in lines if line.strip()]
    return " " if widths and min(widths) == max(widths) > 1 else best or ","


def _rows(lines: list[str], delimiter: str) -> tuple[list[list[str]], int]:
    """Return the rows of the sample, blank lines left out, and the lines that the first takes."""
    if delimiter == " ":
        found = [line.split() for line in lines if line.strip()]
        return found[:_SAMPLE], 1
    reader = csv.reader(
        io.StringIO("\n".join(lines)), delimiter=delimiter, skipinitialspace=delimiter != "\t"
    )
    rows: list[list[str]] = []
    first_size = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                rows.append(row)
                if len(rows) == 1:
                    first_size = reader.line_num
            if len(rows) == _SAMPLE:
                break
    except csv.Error:  # a field larger than the reader takes: what it has so far must do
        pass
    return rows, first_size


def _most_common(values: list[int]) -> int:
    return Counter(values).most_common(1)[0][0] if values else 0


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    if delimiter == ",":
        return "."
    cells = [each.strip() for row in rows[1:] for each in row]
    comma = any(re.fullmatch(r"[+-]?\d+,\d+(e[+-]?\d+)?", each) for each in cells)
    point = any(re.fullmatch(r"[+-]?\d*\.\d+(e[+-]?\d+)?", each) for each in cells)
    return "," if comma and not point else "."
