"""Rows to predict: a file of the training file's form, encoded as the training rows were."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.builtin import load_builtin
from nncli.data.catalog import is_builtin, read_builtin
from nncli.data.dataset import Inputs
from nncli.data.entries import Entry
from nncli.data.files import open_bytes, reading
from nncli.data.idx import load_idx, read_idx
from nncli.data.inputs import encode
from nncli.data.known_tables import KNOWN_TABLES, table_files
from nncli.data.loading import require_file
from nncli.data.npz import as_matrix, npz_targets, read_npz
from nncli.data.options import DataOptions
from nncli.data.preprocessing import Preprocessing
from nncli.data.sniff import Dialect, sniff
from nncli.data.source import Matrix, RawTable, Target
from nncli.data.table import is_parquet, raw_table, raw_targets
from nncli.data.targets import boolean_as_number, class_codes
from nncli.data.text import TextPart, parse_text
from nncli.errors import DataError, did_you_mean


def read_inputs(path: str | Path, preprocessing: Preprocessing, *, dtype: str) -> Inputs:
    """Read a file, a folder of IDX files or a built-in set to predict.

    Columns are found by name where both files have a header, else by position: all columns of the
    training file, all but the targets, or the inputs alone. Raises DataError for a column that is
    missing and for text in a numeric one.
    """
    place = Path(path).expanduser()
    is_known_table = is_builtin(str(path)) and read_builtin(str(path))[0] in KNOWN_TABLES
    matrix = None if is_known_table else _read_matrix(place, str(path), dtype)
    said: tuple[str, ...] = ()
    if matrix is not None:
        rows, targets = matrix
        if preprocessing.file_columns:
            raise DataError(
                f"'{path}' is no table: expected one with the columns "
                f"{_shown([each.name for each in preprocessing.inputs])}"
            )
        if rows.shape[1] != preprocessing.encoded_width:
            raise DataError(
                f"'{path}' has {rows.shape[1]} inputs, expected {preprocessing.encoded_width} as "
                "in training"
            )
    else:
        paths = table_files(str(path)) if is_known_table else (place,)
        table, targets, said = _read_table(paths, preprocessing, dtype)
        rows = encode(table, preprocessing.inputs, dtype)
    rows = preprocessing.expand(rows, dtype)
    true, notes = _true_targets(targets, preprocessing, dtype)
    return Inputs(_as_stored(rows, preprocessing, dtype, str(path)), true, (*said, *notes))


def _read_matrix(path: Path, word: str, dtype: str) -> tuple[NDArray[Any], Sequence[Target]] | None:
    """Return inputs that are a matrix already, with their targets; None for a table."""
    if is_builtin(word) or path.is_dir():
        if is_builtin(word):
            source = load_builtin(DataOptions(word, dtype=dtype), None)
        else:
            source = load_idx(path, path.resolve().name)
        assert isinstance(source.inputs, Matrix)
        return source.inputs.rows, source.targets
    require_file(path, word)
    with reading(path), open(path, "rb") as stream:
        head = stream.read(4)
    if head == b"PK\x03\x04" and path.suffix.lower() == ".npz":
        arrays = read_npz(path)
        targets = npz_targets(arrays["y"], path) if "y" in arrays else ()
        return as_matrix(arrays["X"], dtype, path).rows, targets
    with open_bytes(path) as (unpacked, _):
        head = unpacked.read(3)
    if head == b"\0\0\x08":
        images = read_idx(path, (2, 3, 4))
        return images.reshape(len(images), -1), ()
    return None


def _as_stored(
    rows: NDArray[Any], preprocessing: Preprocessing, dtype: str, path: str
) -> NDArray[Any]:
    """Return rows in the type of the training rows: bytes, or ``dtype``."""
    if preprocessing.storage != "uint8":
        return np.ascontiguousarray(rows, dtype)
    if rows.dtype != np.uint8 and not ((rows >= 0) & (rows <= 255) & (rows == rows // 1)).all():
        raise DataError(f"'{path}' has other inputs than pixels: expected whole numbers to 255")
    return np.ascontiguousarray(rows, np.uint8)


def _read_table(
    paths: Sequence[Path], preprocessing: Preprocessing, dtype: str
) -> tuple[RawTable, tuple[Target, ...], tuple[str, ...]]:
    """Read text files of one form, or a Parquet file, with the kinds that training found.

    Returns what is to be said of the header, too.
    """
    path, inputs = paths[0], preprocessing.inputs
    said: tuple[str, ...] = ()
    kinds = ["number" if each.kind == "numeric" else "text" for each in inputs]
    with tempfile.TemporaryDirectory(prefix="nncli-") as name:
        folder = Path(name)
        if is_parquet(path):
            from nncli.data.parquet import open_parquet, parse_parquet

            file = open_parquet(path)
            places = _by_name(path, file.schema_arrow.names, preprocessing)
            with_targets = len(places) > len(inputs)
            used = [file.schema_arrow.names[each] for each in places]
            asked = [*kinds, *preprocessing.target_kinds] if with_targets else kinds
            count = len(preprocessing.targets) if with_targets else 0
            parsed = parse_parquet(folder, [path], [file], used, count, dtype, kinds=asked)
        else:
            wanted = [each.name for each in inputs]
            dialect = sniff(path, expected=wanted)
            said = dialect.notes
            places = _places(path, dialect, preprocessing)
            with_targets = len(places) > len(inputs)
            count = len(preprocessing.targets) if with_targets else 0
            used = [*wanted, *preprocessing.targets[:count]]
            asked = [*kinds, *preprocessing.target_kinds] if with_targets else kinds
            parts = [TextPart(each, dialect, places) for each in paths]
            parsed = parse_text(folder, parts, used, count, dtype, kinds=asked)
        if not parsed.rows[0]:
            raise DataError(f"'{path}' has a header and no rows: expected rows to predict")
        arrays = {each.stem: np.load(each) for each in folder.glob("*.npy")}
    meta = {
        "inputs": parsed.columns[: len(inputs)],
        "targets": [
            {key: value for key, value in each.items() if key != "position"}
            for each in parsed.columns[len(inputs) :]
        ],
        "rows": parsed.rows,
    }
    entry = Entry(arrays, meta)
    return raw_table(entry, chosen=True), raw_targets(entry), said


def _places(path: Path, dialect: Dialect, preprocessing: Preprocessing) -> tuple[int, ...]:
    """Return where in a text file the inputs are, then the targets if it has them all."""
    names, inputs = dialect.names, preprocessing.inputs
    if names is not None and (
        preprocessing.header or {each.name for each in inputs}.issubset(names)
    ):
        return _by_name(path, names, preprocessing)
    width = len(preprocessing.file_columns) or len(inputs)
    columns = preprocessing.file_columns
    targets = [columns.index(each) for each in preprocessing.targets] if columns else []
    if dialect.columns == width:
        return (*(each.position for each in inputs), *targets)
    if targets and dialect.columns == width - len(targets):
        return tuple(
            each.position - sum(target < each.position for target in targets) for each in inputs
        )
    if dialect.columns == len(inputs):
        return tuple(range(len(inputs)))
    raise DataError(
        f"'{path}' has {dialect.columns} columns and no header: expected the {width} columns of "
        f"the training file, or the inputs alone, {_shown([each.name for each in inputs])}"
    )


def _by_name(path: Path, names: Sequence[str], preprocessing: Preprocessing) -> tuple[int, ...]:
    wanted = [each.name for each in preprocessing.inputs]
    missing = [each for each in wanted if each not in names]
    if missing:
        raise DataError(
            f"'{path}' has no column '{missing[0]}'{did_you_mean(missing[0], names)}: expected "
            f"{_shown(wanted)}"
        )
    listed = list(names)
    targets = preprocessing.targets if set(preprocessing.targets) <= set(names) else ()
    return tuple(listed.index(each) for each in (*wanted, *targets))


def _true_targets(
    targets: Sequence[Target], preprocessing: Preprocessing, dtype: str
) -> tuple[NDArray[np.floating] | None, tuple[str, ...]]:
    """Return the targets as the network learned them, with NaN where they are not known."""
    if len(targets) != len(preprocessing.targets):
        return None, ()
    if preprocessing.labels:
        codes, dotted = class_codes(targets[0], preprocessing.labels)
        notes = (f"labels are read without their last dot: {', '.join(dotted)}",) if dotted else ()
        if not (codes >= 0).any():
            return None, notes
        return np.where(codes < 0, np.nan, codes)[:, None].astype(dtype), notes
    columns = [boolean_as_number(each).numbers for each in targets]
    if any(each is None or np.isnan(each).all() for each in columns):
        return None, ()
    found = np.column_stack([each for each in columns if each is not None])
    if preprocessing.task == "regression":
        found = (found - np.asarray(preprocessing.target_shift)) / preprocessing.target_scale
    return found.astype(dtype), ()


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
