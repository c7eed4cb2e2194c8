"""The header of a text table: whether the first row holds names, and how the columns are called.

* **Plain.** The first row holds names if its cells are distinct and not empty (the first may be:
  a row index), its numbers if any count up by one (as pandas numbers columns), and it differs in
  kind from the rows below: a text stands over a column of numbers, or it is 0, 1, 2, 3, ... and
  nothing else; or, where no column is numeric, no cell of it occurs again in its column although
  other texts do.
* **Flawed.** It may have empty and repeated cells too, if none of it is a number and none of its
  names occurs again in its column: then texts stand over at least half of the columns of numbers
  (over two or more, if each of these has a stray text below); or, where no column is numeric, each
  column repeats some text, and none has a missing cell below an empty one.
* **Names.** An empty cell is called by its position, from 1, and in the first column "unnamed". Of
  names that are repeated the second "a" is "a.1", as pandas calls it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: Cells that mean a missing value.
MISSING = frozenset(
    {
        *("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan"),
        *("NULL", "Null", "null", "None", "none"),
    }
)

#: A share of numbers from which on a column of texts is one of numbers with stray texts.
MOSTLY = 0.8

#: Names that a note lists at most.
_LISTED = 5


@dataclass(frozen=True)
class Header:
    """The names of the columns, or None if the first row is data, and what is to be said of it."""

    names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


def read_header(
    rows: Sequence[Sequence[str]], asked: bool | None = None, expected: Sequence[str] = ()
) -> Header:
    """Return the header of a table whose first rows are given, among them the first.

    ``asked`` says whether there is one; else there is if the first row holds all ``expected``
    names, or by the rules of this module. A header that is plain has no notes.
    """
    first, below = rows[0], rows[1:]
    names, notes = name_columns(first)
    if asked is not None:
        return Header(names, notes) if asked else Header(None)
    if _holds(first, names, expected) or _is_plain(first, below):
        return Header(names, notes)
    if not _is_flawed(first, below):
        return Header(None)
    return Header(
        names, ("the first row is taken for the header (--no-header if it holds data)", *notes)
    )


def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row holds names, by the rules of this module."""
    return _is_plain(first, below) or _is_flawed(first, below)


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number, with a decimal point or comma."""
    try:
        float(cell.replace(",", ".", 1) if "." not in cell else cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip().lower() not in ("nan", "-nan")


def name_columns(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names for the columns under a header's cells, and notes on those that were made."""
    stripped = [each.strip() for each in cells]
    written = set(stripped)
    names: dict[str, None] = {}  # in their order
    unnamed, repeated = list[str](), list[str]()
    for place, cell in enumerate(stripped):
        name = base = cell or (str(place + 1) if place else "unnamed")
        count = 0
        while name in names or (name != cell and name in written):
            count += 1
            name = f"{base}.{count}"
        names[name] = None
        if not cell and place:
            unnamed.append(f"column {place + 1} is called {name}")
        elif cell and cell != name:
            repeated.append(f"column {place + 1} is called {name}")
    notes = []
    if unnamed:
        notes.append(f"the header has an empty cell: {_listed(unnamed)}")
    if repeated:
        twice = next(each for each, times in Counter(stripped).items() if each and times > 1)
        notes.append(f"the header has names twice, such as '{twice}': {_listed(repeated)}")
    return tuple(names), tuple(notes)


def _listed(said: list[str]) -> str:
    more = len(said) - _LISTED
    return ", ".join(said[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _holds(cells: Sequence[str], names: Sequence[str], expected: Sequence[str]) -> bool:
    """Return whether a row holds all expected names; some may be those of its flawed cells.

    A name made of a position proves nothing: a row without a header may lack a value there. So one
    that is written and no number is asked for, too.
    """
    written = {each.strip() for each in cells}
    if not expected or not set(expected) <= written | set(names):
        return False
    return written.issuperset(expected) or any(
        each in written and not is_number(each) for each in expected
    )


def _is_plain(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [each.strip() for each in first]
    numbers = [each for each in cells if is_number(each)]
    if any(not each or each in MISSING for each in cells[1:]) or len(set(cells)) < len(cells):
        return False
    if numbers and not _count_up(numbers):
        return False
    kept = [_values(column) for column in _columns(cells, below)]
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


def _is_flawed(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [each.strip() for each in first]
    columns = _columns(cells, below)
    kept = [_values(column) for column in columns]
    if any(map(is_number, cells)) or not any(kept):
        return False
    if any(_is_name(cell) and cell in column for cell, column in zip(cells, kept, strict=True)):
        return False
    shares = [sum(map(is_number, column)) / max(1, len(column)) for column in kept]
    numeric = [place for place, share in enumerate(shares) if share >= MOSTLY]
    if numeric:
        over = [place for place in numeric if _is_name(cells[place])]
        sure = len(over) > 1 or any(shares[place] == 1 for place in over)
        return sure and 2 * len(over) >= len(numeric)
    return all(
        len(set(texts)) < len(texts)
        and (_is_name(cell) or (not cell and len(texts) == len(column)))
        for cell, texts, column in zip(cells, kept, columns, strict=True)
        if cell or texts
    )


def _is_name(cell: str) -> bool:
    """Return whether a cell may be a name: marks such as ``..`` and ``NA`` are none."""
    return cell not in MISSING and any(map(str.isalnum, cell))


def _columns(cells: Sequence[str], below: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the cells under each cell of the first row, in rows as long as it is."""
    rows = [row for row in below if len(row) == len(cells)]
    return [[row[place].strip() for row in rows] for place in range(len(cells))]


def _values(column: list[str]) -> list[str]:
    return [each for each in column if each not in MISSING]


def _count_up(numbers: list[str]) -> bool:
    """Return whether the cells are whole numbers that count up by one."""
    if not all(re.fullmatch(r"\d+", each) for each in numbers):
        return False
    values = [int(each) for each in numbers]
    return values == list(range(values[0], values[0] + len(values)))
