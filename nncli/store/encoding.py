"""Arrays as safetensors bytes and small values as JSON text, the two forms that a model is kept in.

Never pickle: a database from elsewhere must not run code, and both forms are read by other tools.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from nncli.errors import StoreError

_NONFINITE = "$float"
"""JSON has no NaN and no infinities: they are written ``{"$float": "nan"}`` (``inf``, ``-inf``)."""


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Encode named arrays of any shape; dtypes and bits are kept, the memory order becomes C."""
    return save({name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()})


def arrays_from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """Decode ``arrays_to_bytes``. Raises ``StoreError`` for bytes that are not safetensors."""
    try:
        return load(data)
    except SafetensorError as error:
        raise StoreError(
            f"a stored model of {len(data)} bytes cannot be read: {error}; "
            "expected the safetensors format: restore the database from a backup, or train again"
        ) from error


def to_json(value: object) -> str:
    """Encode as compact JSON with sorted keys, NaN and infinities kept, NumPy scalars as numbers.

    Raises ``TypeError`` for values that JSON cannot hold.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> Any:
    """Decode ``to_json``."""
    return json.loads(text, object_hook=_restore)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {_NONFINITE: str(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _restore(value: dict[str, Any]) -> Any:
    return float(value[_NONFINITE]) if value.keys() == {_NONFINITE} else value
