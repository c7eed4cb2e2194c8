"""Data sets: built-in ones, tables, images and arrays, read, split and made ready for training.

Importing this package is cheap: NumPy and the readers are loaded when they are first used, so the
command line can name the built-in sets without paying for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.data.catalog import BUILTINS
from nncli.data.options import DataOptions, ProgressReport

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.data.dataset import Dataset
    from nncli.data.predict import Table
    from nncli.data.preprocessing import InputColumn, Preprocessing

__all__ = [
    "BUILTINS",
    "DataOptions",
    "Dataset",
    "InputColumn",
    "Preprocessing",
    "Table",
    "load",
    "read_rows",
]


def load(options: DataOptions, *, progress: ProgressReport | None = None) -> Dataset:
    """Return the data set that ``options`` describe; see :func:`nncli.data.loading.load`."""
    from nncli.data.loading import load as load_now

    return load_now(options, progress=progress)


def read_rows(path: str | Path, preprocessing: Preprocessing, *, dtype: str) -> Table:
    """Read a file to predict; see :func:`nncli.data.predict.read_rows`."""
    from nncli.data.predict import read_rows as read_now

    return read_now(path, preprocessing, dtype=dtype)


def __getattr__(name: str) -> Any:
    if name == "Dataset":
        from nncli.data.dataset import Dataset

        return Dataset
    if name == "Table":
        from nncli.data.predict import Table

        return Table
    if name in ("InputColumn", "Preprocessing"):
        from nncli.data import preprocessing

        return getattr(preprocessing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
