"""The forms in which a report is handed on: one file a form, each ``write(document)``.

Forms for people (``table``, ``md``, ``latex``) show rounded values and the columns that matter;
forms for programs (``csv``, ``json``, ``jsonl``, ``parquet``) give all of them, at full precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import PurePath

from nncli.errors import UsageError, unknown_choice
from nncli.report.formats.document import Document

#: Every form with the module that writes it, and how its files' names end.
MODULES = {
    "table": ("terminal", (".txt",)),
    "md": ("markdown", (".md", ".markdown")),
    "csv": ("csv_text", (".csv",)),
    "json": ("json_text", (".json",)),
    "jsonl": ("json_lines", (".jsonl", ".ndjson")),
    "latex": ("latex", (".tex",)),
    "parquet": ("parquet", (".parquet", ".pq")),
}
FORMATS = tuple(MODULES)

#: Forms that programs read.
DATA = ("csv", "json", "jsonl", "parquet")

#: Forms that hold one table.
SINGLE = ("csv", "jsonl", "parquet")


def write(document: Document, form: str) -> str | bytes:
    """Return a document in one of ``FORMATS``. Raises UsageError for what the form cannot hold."""
    module = import_module(f"nncli.report.formats.{MODULES[form][0]}")
    written = module.write(document)
    assert isinstance(written, str | bytes)
    return written


def pieces(document: Document, form: str) -> Iterator[str | bytes]:
    """Yield what :func:`write` returns, piece by piece where that can be much."""
    module = import_module(f"nncli.report.formats.{MODULES[form][0]}")
    if hasattr(module, "pieces"):
        yield from module.pieces(document)
    else:
        yield write(document, form)


def form_of(name: str | None, file: str | None) -> str:
    """Return the form that ``--format`` names, else that of the file's ending, else a table."""
    if name is not None:
        if name not in FORMATS:
            raise unknown_choice("format", name, FORMATS)
        return name
    if file is None:
        return "table"
    ending = PurePath(file).suffix.lower()
    for form, (_, endings) in MODULES.items():
        if ending in endings:
            return form
    known = ", ".join(each for _, endings in MODULES.values() for each in endings[:1])
    raise UsageError(
        f"--output {file}: its ending says no format, expected one of {known}; give one with "
        f"--format {'|'.join(FORMATS)}"
    )


__all__ = ["DATA", "FORMATS", "SINGLE", "Document", "form_of", "pieces", "write"]
