"""One table as a Parquet file, typed, by pyarrow, which is an extra.

What was not measured is null; NaN and infinities are values. A column that holds texts and numbers
is one of texts.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from nncli.errors import UsageError
from nncli.report.formats.document import Document


def write(document: Document) -> bytes:
    """Return the main table of the document as Parquet. Raises UsageError without pyarrow."""
    try:
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError(
            "--format parquet needs pyarrow, which is not installed: pip install 'nncli[parquet]'"
        ) from None
    table = document.tables[document.main]
    columns = {name: _typed(values) for name, values in table.columns.items()}
    stream = BytesIO()
    parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


def _typed(values: Sequence[Any]) -> list[Any]:
    """Return a column of one type: lists of texts, truth values, numbers, or texts."""
    found: list[Any] = [list(value) if isinstance(value, tuple) else value for value in values]
    kinds = {type(value) for value in found if value is not None}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in found]
    if len(kinds) > 1:
        return [None if value is None else str(value) for value in found]
    return found
