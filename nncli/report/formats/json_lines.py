"""One table as JSON lines: an object a row, as :mod:`nncli.report.formats.json_text` makes them."""

from __future__ import annotations

from collections.abc import Iterator

from nncli.report.formats.document import Document
from nncli.report.formats.json_text import line_of, rows


def write(document: Document) -> str:
    """Return the main table of the document, an object a line."""
    return "".join(pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """Yield the lines one by one."""
    for each in rows(document, document.main):
        yield line_of(each) + "\n"
