"""One table as JSON lines: an object a row, as :mod:`nncli.report.formats.json_text` makes them."""

from __future__ import annotations

from nncli.report.formats.document import Document
from nncli.report.formats.json_text import line_of, rows


def write(document: Document) -> str:
    """Return the main table of the document, an object a line."""
    found = rows(document, document.main)
    return "".join(line_of(each) + "\n" for each in found)
