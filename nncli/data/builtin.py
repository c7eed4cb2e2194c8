"""Built-in sets as sources: shipped in the package, generated, or fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.catalog import canonical, read_builtin
from nncli.data.images import IMAGE_SETS, load_images
from nncli.data.known_tables import KNOWN_TABLES, load_known_table
from nncli.data.options import DataOptions, ProgressReport
from nncli.data.source import Matrix, Source, Target

_FILES = Path(__file__).parent / "files"

#: The sets whose target is a real number; all others have classes, or labels.
_REGRESSIONS = ("linear", "sine")

#: The labels of the sets that have several.
_LABELS = {"gates": ("and", "or", "xor")}

#: The sets that are a handful of points unless more are asked for.
_POINTS = ("xor", "gates")

_IRIS_COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
_IRIS_SPECIES = ("setosa", "versicolor", "virginica")


def load_builtin(options: DataOptions, progress: ProgressReport | None) -> Source:
    """Return the built-in set that ``options`` name, perhaps with parameters.

    Raises UsageError for unknown parameters, DataError where a download fails.
    """
    source, dtype = options.source, options.dtype
    name, parameters = read_builtin(source)
    if name in IMAGE_SETS:
        return load_images(name, progress)
    if name in KNOWN_TABLES:
        return load_known_table(name, options, progress)
    if name == "digits":
        return _digits()
    if name == "iris":
        return _iris(dtype)
    from nncli.data.generators import generate

    x, y = generate(name, parameters)
    labels = _LABELS.get(name)
    columns = y.reshape(len(y), -1).T
    return Source(
        name=canonical(source),
        source=canonical(source),
        hash=array_hash(x, y),
        parts=(len(x), 0, 0),
        inputs=Matrix(
            np.ascontiguousarray(x, dtype), tuple(f"x{each + 1}" for each in range(x.shape[1]))
        ),
        targets=tuple(map(Target.of_numbers, labels or ("y",), columns)),
        class_names=() if labels or name in _REGRESSIONS else tuple(map(str, np.unique(y))),
        default_val=not (name in _POINTS and len(x) <= 4),
    )


def _digits() -> Source:
    with np.load(_FILES / "digits.npz", allow_pickle=False) as file:
        images, labels = file["X"], file["y"]
    rows = images.reshape(len(images), -1)
    names = tuple(f"pixel{each + 1}" for each in range(rows.shape[1]))
    return Source(
        name="digits",
        source="digits",
        hash=array_hash(images, labels),
        parts=(len(rows), 0, 0),
        inputs=Matrix(rows, names, images.shape[1:], pixel_maximum=16.0),
        targets=(Target.of_numbers("digit", labels),),
        class_names=tuple("0123456789"),
    )


def _iris(dtype: str) -> Source:
    with np.load(_FILES / "iris.npz", allow_pickle=False) as file:
        rows, species = file["X"], file["y"]
    return Source(
        name="iris",
        source="iris",
        hash=array_hash(rows, species),
        parts=(len(rows), 0, 0),
        inputs=Matrix(np.ascontiguousarray(rows, dtype), _IRIS_COLUMNS),
        targets=(Target.of_texts("species", np.asarray(_IRIS_SPECIES)[species]),),
    )


def array_hash(*arrays: NDArray[Any]) -> str:
    """Return the SHA-256 of arrays: of their types, shapes and bytes."""
    digest = hashlib.sha256()
    for each in arrays:
        digest.update(f"{each.dtype.str} {each.shape}\n".encode())
        digest.update(np.ascontiguousarray(each).data)
    return digest.hexdigest()
