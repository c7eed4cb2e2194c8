"""NPZ files: inputs in the array ``X``, targets in ``y``. Never a pickle."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.digest import file_digest
from nncli.data.files import reading
from nncli.data.idx import PIXEL_MAXIMUM, pixel_names
from nncli.data.memory import require_memory
from nncli.data.source import Matrix, Source, Target
from nncli.errors import DataError


def load_npz(path: Path, dtype: str, val: Path | None = None, test: Path | None = None) -> Source:
    """Read ``X (n, width)``, or pictures ``X (n, height, width)`` of bytes, and ``y``.

    ``y`` is (n,) or (n, outputs), of numbers, booleans or texts. ``val`` and ``test`` are further
    such files. Raises DataError for missing arrays, other shapes and types, and numbers that are
    not finite.
    """
    files = [path] + [each for each in (val, test) if each is not None]
    found = [_inputs_and_targets(each) for each in files]
    for file, (x, y) in zip(files, found, strict=True):
        first_x, first_y = found[0]
        if x.shape[1:] != first_x.shape[1:] or y.shape[1:] != first_y.shape[1:]:
            raise DataError(
                f"'{file}' has X {x.shape} and y {y.shape}: expected rows as those of '{path}', "
                f"X {first_x.shape} and y {first_y.shape}"
            )
    x = np.concatenate([each[0] for each in found]) if len(files) > 1 else found[0][0]
    y = np.concatenate([each[1] for each in found]) if len(files) > 1 else found[0][1]
    lengths = iter([len(each[0]) for each in found])
    parts = (next(lengths), next(lengths) if val else 0, next(lengths) if test else 0)
    return Source(
        name=path.name,
        source=str(path.resolve()),
        hash=hashlib.sha256(f"npz {[file_digest(each) for each in files]}".encode()).hexdigest(),
        parts=parts,
        inputs=as_matrix(x, dtype, path),
        targets=npz_targets(y, path),
    )


def _inputs_and_targets(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    arrays = read_npz(path)
    if "y" not in arrays:
        raise DataError(f"'{path}' has no array y: expected inputs X and targets y")
    x, y = arrays["X"], arrays["y"]
    if y.ndim not in (1, 2) or not y.size:
        raise DataError(f"y of '{path}' has the shape {y.shape}: expected (n,) or (n, outputs)")
    if x.ndim < 2 or not x.size:
        raise DataError(f"X of '{path}' has the shape {x.shape}: expected (n, width)")
    if len(x) != len(y):
        raise DataError(f"'{path}' has {len(x)} rows in X and {len(y)} in y: expected as many")
    return x, y


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return X, and y if it is there, as stored."""
    try:
        with reading(path), np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"'{path}' is no NPZ archive: expected one, of arrays X and y")
            if "X" not in file.files:
                raise DataError(
                    f"'{path}' has the arrays {', '.join(file.files) or 'none'}: "
                    "expected inputs X and targets y"
                )
            return {name: file[name] for name in ("X", "y") if name in file.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"'{path}' cannot be read as NPZ ({error}): expected arrays X and y of numbers, "
            "as np.savez writes them"
        ) from None


def as_matrix(x: NDArray[Any], dtype: str, path: Path) -> Matrix:
    """Return checked inputs as rows: bytes as they are, all else as ``dtype``."""
    if x.ndim < 2 or not x.size:
        raise DataError(f"X of '{path}' has the shape {x.shape}: expected (n, width)")
    if x.dtype.kind not in "buif":
        raise DataError(f"X of '{path}' has the type {x.dtype}: expected numbers")
    flat = x.reshape(len(x), -1)
    is_bytes = x.dtype in (np.uint8, np.bool_)
    if not is_bytes:
        require_memory(flat.size * np.dtype(dtype).itemsize, f"'{path}'")
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(flat, np.uint8 if is_bytes else dtype)
    _require_finite(rows, "X", path)
    if x.ndim == 2:
        return Matrix(rows, tuple(f"x{each + 1}" for each in range(rows.shape[1])))
    pixel_maximum = PIXEL_MAXIMUM if x.dtype == np.uint8 else None
    return Matrix(rows, pixel_names(rows.shape[1]), x.shape[1:], pixel_maximum)


def npz_targets(y: NDArray[Any], path: Path) -> tuple[Target, ...]:
    """Return the columns of ``y``."""
    if y.dtype.kind not in "buifUS":
        raise DataError(f"y of '{path}' has the type {y.dtype}: expected numbers or texts")
    columns = y.reshape(len(y), -1)
    names = ["y"] if columns.shape[1] == 1 else [f"y{k + 1}" for k in range(columns.shape[1])]
    if y.dtype.kind in "US":
        texts = columns.astype(str)
        return tuple(Target.of_texts(name, texts[:, k]) for k, name in enumerate(names))
    numbers = columns.astype(np.float64)
    _require_finite(numbers, "y", path)
    return tuple(Target.of_numbers(name, numbers[:, k]) for k, name in enumerate(names))


def _require_finite(matrix: NDArray[Any], name: str, path: Path) -> None:
    """Raise DataError with the first place that is not finite; looks in blocks of rows."""
    if matrix.dtype.kind != "f":
        return
    for start in range(0, len(matrix), 1 << 14):
        finite = np.isfinite(matrix[start : start + (1 << 14)])
        if not finite.all():
            row, column = (int(each) for each in np.argwhere(~finite)[0])
            value = matrix[start + row, column]
            raise DataError(
                f"{name} of '{path}' holds {value} in row {start + row + 1}, column {column + 1}: "
                f"expected finite numbers that fit {matrix.dtype}"
            )
