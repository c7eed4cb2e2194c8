"""A table drawn in plain text, fit to a width: by hand, since Rich takes longer to load than that.

Where there is no room, long cells are cut in their middle first; then columns go, the one of the
highest rank first, until the rest fits. What room is left then goes to the cells that were cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from nncli.report.text import shortened

#: Blanks between two columns.
GAP = 2

#: Cells are cut to the first of these that fits, and then as little as the room allows.
WIDEST_CELLS = (32, 24, 18, 14)

#: Where there is less room than this, headings are broken into more lines.
NARROW = 60

#: Columns of words that say nothing when they are cut.
WORDS = ("verdict",)

#: Columns of which one without the other would mislead.
TOGETHER = ({"ci_low", "ci_high"}, {"low_rate", "high_rate"})

#: Columns of this rank or a higher one only fill room: that they are missing is not told.
FILLER = 100

STATUS_COLORS = {
    "completed": "32",
    "early_stopped": "32",
    "running": "36",
    "interrupted": "33",
    "pruned": "33",
    "stale": "33",
    "diverged": "31",
    "failed": "31",
}

BOLD = "1"


@dataclass(frozen=True)
class Column:
    """A column as text; one of rank 0 stays. ``bold`` are the places of the best values."""

    name: str
    cells: Sequence[str]
    right: bool
    rank: int = 0
    bold: Collection[int] = ()


@dataclass(frozen=True)
class Style:
    """What the place can show that the text goes to; without a width everything fits."""

    width: int | None = None
    colored: bool = False
    encoding: str = "utf-8"


def grid(columns: Sequence[Column], style: Style) -> tuple[list[str], tuple[str, ...]]:
    """Return the lines of a table, and the names of the columns for which there was no room."""
    shown, left_out = _fitting(columns, style)
    lines = []
    for place in range(max((len(each.title) for each in shown), default=0)):
        texts = [each.heading(place) for each in shown]
        line = _joined(texts)
        lines.append(_painted(line, BOLD) if style.colored and line else line)
    for row in range(len(shown[0].cells) if shown else 0):
        paint = _painter(row) if style.colored else None
        lines.append(_joined([each.cell(row, paint) for each in shown]))
    return lines, left_out


def _fitting(columns: Sequence[Column], style: Style) -> tuple[list[_Set], tuple[str, ...]]:
    """Return the columns to show, cut and measured, and the names of others that are missed."""
    width = style.width
    told = [each for each in columns if each.rank < FILLER]
    narrow = width is not None and width < NARROW
    widest = WIDEST_CELLS[0]
    for widest in WIDEST_CELLS:
        shown = [_Set(each, widest, style.encoding, narrow) for each in told]
        if width is None or _total(shown) <= width:
            break
    shown = [_Set(each, widest, style.encoding, narrow) for each in columns]
    gone: set[str] = set()
    while width is not None and _total(shown) > width:
        last = max(shown, key=lambda each: each.column.rank)
        if not last.column.rank:
            break
        name = last.column.name
        gone |= next((names for names in TOGETHER if name in names), {name})
        shown = [each for each in shown if each.column.name not in gone]
    shown = _widened(shown, width, style.encoding, narrow)
    return shown, tuple(each.name for each in told if each.name in gone)


def _widened(shown: list[_Set], width: int | None, encoding: str, narrow: bool) -> list[_Set]:
    """Return the columns with the room that is left, in equal shares for those that are cut."""
    room = sum(each.lost for each in shown) if width is None else width - _total(shown)
    cut = sorted((each for each in shown if each.lost > 0), key=lambda each: each.lost)
    wider = {}
    for place, each in enumerate(cut):
        share = min(each.lost, max(room, 0) // (len(cut) - place))
        wider[id(each)] = _Set(each.column, each.inner + share, encoding, narrow)
        room -= wider[id(each)].width - each.width
    return [wider.get(id(each), each) for each in shown]


class _Set:
    """A column whose cells and heading are cut and measured.

    ``inner`` is the width of its cells, and ``lost`` how much wider they would be, were none cut.
    """

    def __init__(self, column: Column, widest: int, encoding: str, narrow: bool) -> None:
        self.column = column
        whole = [_encodable(cell, encoding) for cell in column.cells]
        self.cells = whole if column.name in WORDS else [_cut(cell, widest) for cell in whole]
        self.inner = max(map(width_of, self.cells), default=0)
        self.lost = max(map(width_of, whole), default=0) - self.inner
        self.title = _split(column.name, self.inner, narrow)
        self.width = max(self.inner, *map(width_of, self.title))

    def heading(self, place: int) -> str:
        """Return a line of the heading."""
        return self._placed(self.title[place] if place < len(self.title) else "")

    def cell(self, row: int, paint: Callable[[Column, str], str] | None) -> str:
        """Return a cell in the width of the column."""
        text = self.cells[row]
        placed = self._placed(text)
        if paint is None or not text:
            return placed
        return placed.replace(text, paint(self.column, text), 1)

    def _placed(self, text: str) -> str:
        blanks = " " * (self.width - width_of(text))
        return blanks + text if self.column.right else text + blanks


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _cut(text: str, widest: int) -> str:
    room = widest
    cut = shortened(text, room)
    while width_of(cut) > widest and room > 4:
        room -= 1
        cut = shortened(text, room)
    return cut


def _encodable(text: str, encoding: str) -> str:
    if text.isascii():
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _split(name: str, inner: int, narrow: bool) -> list[str]:
    """Return a heading in lines, where it is wider than what stands below it."""
    if len(name) <= inner:
        return [name]
    base, mark, statistic = name.partition(":")
    first, line, rest = base.partition("_")
    lines = [first + line, rest] if narrow and rest and len(base) > inner else [base]
    return [*lines, mark + statistic] if mark else lines


def _total(shown: Sequence[_Set]) -> int:
    return sum(each.width for each in shown) + GAP * (len(shown) - 1)


def _joined(cells: Sequence[str]) -> str:
    return (" " * GAP).join(cells).rstrip()


def _painter(row: int) -> Callable[[Column, str], str]:
    def paint(column: Column, text: str) -> str:
        if column.name == "status" and text in STATUS_COLORS:
            return _painted(text, STATUS_COLORS[text])
        return _painted(text, BOLD) if row in column.bold else text

    return paint


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
