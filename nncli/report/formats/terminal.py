"""Plain text, for a terminal or a file: title, tables fit to a width, notes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from nncli.report.cells import cell, is_numeric
from nncli.report.formats.document import Document
from nncli.report.grid import Column, Style, grid
from nncli.report.text import visible

#: Text is not set wider than this: longer lines read badly.
WIDEST_TEXT = 100

#: Columns without room that are named.
MOST_NAMED = 4


def write(document: Document, style: Style | None = None) -> str:
    """Return the document as text for the place that ``style`` describes."""
    return "".join(line + "\n" for line in lines(document, style or Style()))


def lines(document: Document, style: Style) -> Iterator[str]:
    """Yield the lines of a document."""
    if document.title:
        yield from wrapped(document.title, style)
    for place, (name, table) in enumerate(document.tables.items()):
        if place:
            yield ""
        if caption := document.captions.get(name):
            yield from wrapped(caption, style)
        ranks = document.ranks.get(name, {})
        columns = [
            Column(
                visible(title),
                [cell(title, value, document.measures) for value in values],
                is_numeric(values),
                ranks.get(title, 0),
                document.bold(name, title),
            )
            for title, values in table.columns.items()
        ]
        drawn, missed = grid(columns, style)
        yield from drawn
        if missed:
            more = len(missed) - MOST_NAMED
            named = ", ".join(missed[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            yield from wrapped(f"no room for: {named}", style)
    for note in document.notes:
        yield from wrapped(note, style)


def wrapped(text: str, style: Style) -> list[str]:
    """Return a sentence in lines that fit, as the place can show it."""
    shown = visible(text).encode(style.encoding, "backslashreplace").decode(style.encoding)
    width = min(style.width or WIDEST_TEXT, WIDEST_TEXT)
    return textwrap.wrap(shown, width, subsequent_indent="  ", break_on_hyphens=False)
