"""Tables as Markdown of GitHub's flavour; every text is escaped and shows as it is."""

from __future__ import annotations

import re
from collections.abc import Collection

from nncli.report.cells import cell, is_numeric
from nncli.report.formats.document import Document
from nncli.report.text import visible
from nncli.tables import Table

#: What means something in Markdown within a line; ``_`` and ``:`` do so in some places alone.
_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])|:(?=[^\s:]*/)|:(?=\w+:)")


def write(document: Document) -> str:
    """Return the document as Markdown."""
    blocks = [escaped(document.title)] if document.title else []
    for name, table in document.tables.items():
        if caption := document.captions.get(name):
            blocks.append(escaped(caption))
        blocks.append(_table(document, name, table))
    blocks += [escaped(note) for note in document.notes]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Return a text so that Markdown shows it as it is, in one line."""
    line = visible(text).replace("\n", " ")
    line = _SPECIAL.sub(r"\\\g<0>", line).replace("&", "&amp;")
    return line.replace("<", "&lt;").replace(">", "&gt;")


def _table(document: Document, name: str, table: Table) -> str:
    numeric = {title: is_numeric(values) for title, values in table.columns.items()}
    columns = []
    for title, values in table.columns.items():
        bold = document.bold(name, title)
        texts = [cell(title, value, document.measures) for value in values]
        mark = "---:" if numeric[title] else "---"
        columns.append([escaped(title), mark, *_cells(texts, bold)])
    return "\n".join(f"| {' | '.join(row)} |" for row in zip(*columns, strict=True))


def _cells(texts: list[str], bold: Collection[int]) -> list[str]:
    cells = [escaped(text) for text in texts]
    return [f"**{text}**" if place in bold else text for place, text in enumerate(cells)]
