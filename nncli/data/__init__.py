"""Data sets: built-in ones, tables, images and arrays, read, split and made ready for training.

Importing this package is cheap: NumPy and the readers are loaded when they are first used, so the
command line can name the built-in sets without paying for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.data.names import BUILTINS, data_names

if TYPE_CHECKING:
    from nncli.data.dataset import Column, DataOptions, Dataset, Inputs, Preprocessing
    from nncli.data.loading import load, read_inputs

__all__ = [
    "BUILTINS",
    "Column",
    "DataOptions",
    "Dataset",
    "Inputs",
    "Preprocessing",
    "data_names",
    "load",
    "read_inputs",
]

_HOMES = {
    **dict.fromkeys(
        ("Column", "DataOptions", "Dataset", "Inputs", "Preprocessing"), "nncli.data.dataset"
    ),
    "load": "nncli.data.loading",
    "read_inputs": "nncli.data.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
