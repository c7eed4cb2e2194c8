"""Data sets: built in or read from files, split, encoded, and ready for the training loop.

Importing this package loads neither NumPy nor pandas, so that the command line can show the names
of the built-in sets at once; the rest is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.data.catalog import BUILTINS, Builtin, data_names
from nncli.data.options import SCALES, TASKS, DataOptions

if TYPE_CHECKING:
    from nncli.data.dataset import Dataset, Inputs, class_counts
    from nncli.data.loading import load
    from nncli.data.predict import read_inputs
    from nncli.data.preprocessing import InputColumn, Preprocessing
    from nncli.data.sharing import SharedData

__all__ = [
    "BUILTINS",
    "SCALES",
    "TASKS",
    "Builtin",
    "DataOptions",
    "Dataset",
    "InputColumn",
    "Inputs",
    "Preprocessing",
    "SharedData",
    "class_counts",
    "data_names",
    "load",
    "read_inputs",
]

_HOMES = {
    "Dataset": "nncli.data.dataset",
    "InputColumn": "nncli.data.preprocessing",
    "Inputs": "nncli.data.dataset",
    "Preprocessing": "nncli.data.preprocessing",
    "SharedData": "nncli.data.sharing",
    "class_counts": "nncli.data.dataset",
    "load": "nncli.data.loading",
    "read_inputs": "nncli.data.predict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
