"""Parquet tables, read in batches by pyarrow, which is an extra."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nncli.data.files import reading
from nncli.data.options import ProgressReport
from nncli.data.text import Parsed
from nncli.data.writer import NumberSummary, Summary, TableWriter, TextSummary
from nncli.errors import DataError

_BATCH = 1 << 16


def open_parquet(path: Path) -> Any:
    """Return pyarrow's ParquetFile; raises DataError without pyarrow and for a damaged file."""
    try:
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            f"'{path}' is Parquet, which needs pyarrow: pip install 'nncli[parquet]'"
        ) from None
    try:
        with reading(path):
            return parquet.ParquetFile(path, memory_map=True)
    except pyarrow.ArrowException as error:
        raise DataError(f"'{path}' is no Parquet file that can be read: {error}") from None


def readable_columns(file: Any, path: Path) -> tuple[list[str], list[str]]:
    """Return the names of the columns of numbers, booleans and texts, and notes on the others."""
    names, notes = [], []
    for field in file.schema_arrow:
        if _kind(field.type) is None:
            notes.append(f"{field.name} is left out: its type is {field.type}")
        else:
            names.append(field.name)
    if not names:
        raise DataError(f"'{path}' has no columns of numbers or texts")
    return names, notes


def parse_parquet(
    folder: Path,
    paths: Sequence[Path],
    files: Sequence[Any],
    names: Sequence[str],
    targets: int,
    dtype: str,
    progress: ProgressReport | None = None,
    kinds: Sequence[str | None] | None = None,
) -> Parsed:
    """Read Parquet files of one form into the arrays of a folder, as ``parse_text`` does."""
    schema = files[0].schema_arrow
    found = [_kind(schema.field(each).type) if each in schema.names else None for each in names]
    columns: list[Summary] = [
        NumberSummary(name, place, dtype, place >= len(names) - targets)
        if found[place] == "number"
        else TextSummary(name, place, place >= len(names) - targets)
        for place, name in enumerate(names)
    ]
    writer = TableWriter(folder, columns, dtype)
    rows = []
    try:
        for path, file in zip(paths, files, strict=True):
            _check_columns(path, file, names, found, kinds)
            done, total = 0, max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=_BATCH, columns=list(names)):
                cells = [
                    _cells(batch.column(batch.schema.get_field_index(name)), kind)
                    for name, kind in zip(names, found, strict=True)
                ]
                writer.append(cells, path, done)
                done += batch.num_rows
                if progress is not None:
                    progress(f"reading {path.name}", done / total)
            rows.append(done)
        return Parsed(writer.finish(), rows, [])
    except BaseException:
        writer.discard()
        raise


def _check_columns(
    path: Path,
    file: Any,
    names: Sequence[str],
    found: Sequence[str | None],
    kinds: Sequence[str | None] | None,
) -> None:
    schema = file.schema_arrow
    for place, name in enumerate(names):
        if name not in schema.names:
            raise DataError(f"'{path}' has no column '{name}': it has {', '.join(schema.names)}")
        kind = _kind(schema.field(name).type)
        expected = (kinds[place] if kinds else None) or found[place]
        if kind != expected:
            raise DataError(
                f"column '{name}' of '{path}' is of the type {schema.field(name).type}, "
                f"expected a {expected}"
            )


def _kind(arrow_type: Any) -> str | None:
    """Return "number", "text", or None for a type that is not read."""
    types = importlib.import_module("pyarrow").types
    if types.is_dictionary(arrow_type):
        return _kind(arrow_type.value_type)
    if types.is_integer(arrow_type) or types.is_floating(arrow_type):
        return "number"
    if types.is_decimal(arrow_type) or types.is_null(arrow_type):
        return "number"
    if types.is_string(arrow_type) or types.is_large_string(arrow_type):
        return "text"
    if types.is_boolean(arrow_type) or arrow_type == "string_view":
        return "text"
    return None


def _cells(array: Any, kind: str | None) -> Any:
    """Return a column of a batch as the writer takes it."""
    pyarrow = importlib.import_module("pyarrow")
    if pyarrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if kind == "number":
        wide = array.cast(pyarrow.float64(), safe=False)
        return np.asarray(wide.to_numpy(zero_copy_only=False), np.float64)
    coded = array.cast(pyarrow.string()).dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.intp)
    return codes, coded.dictionary.to_pylist()
