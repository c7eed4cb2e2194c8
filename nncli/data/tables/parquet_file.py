"""Parquet tables, read by pyarrow a row group's part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.tables.chunks import Chunk, Texts
from nncli.data.tables.dialect import MISSING
from nncli.data.tables.text import Progress, file_errors
from nncli.errors import DataError

if TYPE_CHECKING:
    from types import ModuleType

_ROWS = 65_536


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its name."""
    return path.suffix.lower() in (".parquet", ".pq")


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(str(name) for name in _opened(path).schema_arrow.names)


def read_chunks(
    path: Path,
    wanted: frozenset[str],
    texts: frozenset[str],
    *,
    progress: Progress | None = None,
) -> Iterator[Chunk]:
    """Yield the ``wanted`` columns in order; ``texts`` are those known to hold texts.

    Raises DataError for a damaged file and for columns of a kind that is no number or text.
    """
    arrow = _arrow()
    file = _opened(path)
    done, total = 0, max(1, file.metadata.num_rows)
    names = [name for name in column_names(path) if name in wanted]
    try:
        for batch in file.iter_batches(batch_size=_ROWS, columns=names):
            done += batch.num_rows
            if progress is not None:
                progress(f"reading {path.name}", done / total)
            yield _chunk(arrow, path, batch, texts)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"'{path}' is a damaged Parquet file ({error}): write it again") from None


def _chunk(arrow: ModuleType, path: Path, batch: Any, texts: frozenset[str]) -> Chunk:
    numbers, found, promote = {}, {}, set()
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        if arrow.types.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        numeric = arrow.types.is_integer(kind) or arrow.types.is_floating(kind)
        if numeric or arrow.types.is_decimal(kind):
            if name in texts:  # it is one in another file of the same form
                found[name] = _texts(arrow, column.cast(arrow.string()))
            else:
                whole = column.cast(arrow.float64(), safe=False)
                numbers[name] = whole.to_numpy(zero_copy_only=False)
        elif name not in texts:
            promote.add(name)
        elif arrow.types.is_null(kind):
            found[name] = Texts(np.full(len(column), -1, np.int32), [])
        elif arrow.types.is_boolean(kind) or _is_text(arrow, kind):
            found[name] = _texts(arrow, column.cast(arrow.string()))
        else:
            raise DataError(
                f"'{path}' column '{name}' holds {kind}: expected numbers, texts or true/false; "
                f"leave it out with --drop {name}, or store it as numbers"
            )
    return Chunk(batch.num_rows, numbers, found, frozenset(promote))


def _is_text(arrow: ModuleType, kind: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _texts(arrow: ModuleType, column: Any) -> Texts:
    coded = column.dictionary_encode()
    categories = [str(each).strip() for each in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    absent = [place for place, each in enumerate(categories) if each in MISSING]
    return Texts(np.where(np.isin(codes, absent), -1, codes) if absent else codes, categories)


def _opened(path: Path) -> Any:
    arrow = _arrow()
    from pyarrow import parquet

    with file_errors(path):
        if path.stat().st_size == 0:
            raise DataError(f"'{path}' is empty: expected a Parquet table")
        try:
            return parquet.ParquetFile(path)
        except arrow.ArrowException as error:
            raise DataError(
                f"'{path}' is no Parquet file, or a damaged one ({error}): write it again, or "
                "name a text table .csv"
            ) from None


def _arrow() -> ModuleType:
    try:
        import pyarrow
    except ImportError:
        raise DataError(
            "Parquet files need pyarrow, which is not installed: pip install 'nncli[parquet]', "
            "or save the table as CSV"
        ) from None
    return pyarrow
