"""How a text table is written: delimiter, header, decimal sign, where its data begin.

The first mebibyte decides, by these rules.

* **Comments.** Leading lines that begin with ``#`` or ``%`` are skipped, and a first line that
  begins with ``|`` where the table is not delimited by it.
* **Delimiter.** Of tab, semicolon, pipe and comma the one by which most of the first lines have
  the same number of fields, more than one; in this order if several do equally well (decimal commas
  split a semicolon table evenly too). If none divides them, blanks do if they divide evenly.
* **Header.** The first row holds names if its cells are distinct and not empty (the first may be:
  a row index), its numbers if any count up by one (as pandas numbers columns), and it differs in
  kind from the rows below: a text stands over a column of numbers, or it is 0, 1, 2, 3, ... and
  nothing else; or, where no column is numeric, no cell of it occurs again in its column although
  other texts do.
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
from nncli.errors import DataError

#: Cells that mean a missing value.
MISSING = frozenset(
    {
        *("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan"),
        *("NULL", "Null", "null", "None", "none"),
    }
)

_HEAD = 1 << 20
_SAMPLE = 200
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = "\t;|,"


@dataclass(frozen=True)
class Dialect:
    """How a text table is written. ``start`` is the byte at which its rows of data begin.

    ``names`` is the header, or None. With ``blanks`` the fields are divided by any blanks, and
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
    if header is None:
        names = {each.strip() for each in rows[0]}
        known = bool(expected) and names.issuperset(expected)
        header = known or is_header(rows[0], rows[1:])
    width = len(rows[0]) if header else _most_common([len(each) for each in rows])
    if header:
        consumed = b"\n".join(lines[:first_size])
        start += len(consumed) + 1
        first_line += first_size
    return Dialect(
        delimiter="\t" if blanks else delimiter,
        width=width + trailing,
        names=_named(rows[0]) if header else None,
        start=start,
        first_line=first_line,
        decimal=_decimal(rows, delimiter),
        blanks=blanks,
        bare_cr=bare_cr,
        trailing=trailing,
    )


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number, with a decimal point or comma."""
    try:
        float(cell.replace(",", ".", 1) if "." not in cell else cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip().lower() not in ("nan", "-nan")


def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row holds names, by the rule of this module."""
    cells = [each.strip() for each in first]
    numbers = [each for each in cells if is_number(each)]
    if any(not each or each in MISSING for each in cells[1:]) or len(set(cells)) < len(cells):
        return False
    if numbers and not _count_up(numbers):
        return False
    columns = [
        [row[place].strip() for row in below if len(row) == len(cells)]
        for place in range(len(cells))
    ]
    kept = [[each for each in column if each not in MISSING] for column in columns]
    numeric = [bool(column) and all(map(is_number, column)) for column in kept]
    if any(numeric):
        over = any(
            is_numeric and cell and not is_number(cell)
            for is_numeric, cell in zip(numeric, cells, strict=True)
        )
        return over or (len(numbers) == len(cells) > 3 and numbers[0] == "0")
    recurs = any(cell in column for cell, column in zip(cells, kept, strict=True))
    repeated = any(len(set(column)) < len(column) for column in kept)
    alone = not any(kept)
    return not numbers and not recurs and (repeated or alone)


def _count_up(numbers: list[str]) -> bool:
    """Return whether the cells are whole numbers that count up by one."""
    if not all(re.fullmatch(r"\d+", each) for each in numbers):
        return False
    values = [int(each) for each in numbers]
    return values == list(range(values[0], values[0] + len(values)))


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


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    """Return names for the columns: an empty one is "unnamed", a second "a" is "a.2"."""
    names: list[str] = []
    for cell in cells:
        name = base = cell.strip() or "unnamed"
        count = 1
        while name in names:
            count += 1
            name = f"{base}.{count}"
        names.append(name)
    return tuple(names)


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    if delimiter == ",":
        return "."
    cells = [each.strip() for row in rows[1:] for each in row]
    comma = any(re.fullmatch(r"[+-]?\d+,\d+(e[+-]?\d+)?", each) for each in cells)
    point = any(re.fullmatch(r"[+-]?\d*\.\d+(e[+-]?\d+)?", each) for each in cells)
    return "," if comma and not point else "."
