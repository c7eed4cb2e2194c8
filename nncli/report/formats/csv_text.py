"""One table as CSV (RFC 4180, with line feeds): a header of names, full precision.

What was not measured is an empty cell; NaN and infinities are ``nan``, ``inf`` and ``-inf``, which
Python, NumPy and pandas read as such. A text is written as it is, in quotes where it needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nncli.report.formats.document import Document


def write(document: Document) -> str:
    """Return the main table of the document as CSV; nothing of one without columns."""
    return "".join(pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """Yield the lines one by one."""
    table = document.tables[document.main]
    if table.names:
        yield _line(table.names)
        for row in table.rows():
            yield _line(map(_text, row))


def _line(cells: Iterable[str]) -> str:
    quoted = [_quoted(cell) for cell in cells]
    return (",".join(quoted) if quoted != [""] else '""') + "\n"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return repr(value) if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    if text.isdigit() or not (any(c in text for c in ',"\r\n') or text != text.strip()):
        return text
    return '"' + text.replace('"', '""') + '"'
