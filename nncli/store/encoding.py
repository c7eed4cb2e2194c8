"""Arrays as safetensors bytes and small values as JSON text, the two forms that a model is kept in.

Never pickle: a database from elsewhere must not run code, and both forms are read by other tools.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from nncli.errors import StoreError

_NONFINITE = "$float"
"""JSON has no NaN and no infinities: they are written ``{"$float": "nan"}`` (``inf``, ``-inf``)."""


#: The types of arrays that are stored, as the format names them.
_CODES = {
    **{f"<{kind}{size}": f"{name}{8 * size}" for kind, name in (("f", "F"), ("i", "I"), ("u", "U"))
       for size in (2, 4, 8)},
    **{"|b1": "BOOL", "|i1": "I8", "|u1": "U8"},
}  # fmt: skip


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Encode named arrays of any shape; dtypes and bits are kept, the memory order becomes C."""
    head = _head(tuple((name, a.dtype, a.shape) for name, a in arrays.items()))
    return b"".join((head, *(a.tobytes() for a in arrays.values())))


@lru_cache(maxsize=64)
def _head(layout: tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]) -> bytes:
    """Return what stands before the arrays' bytes, the same for all models of one layout.

    Writing it anew by the library takes longer than training a network of a few units.
    """
    entries, start = {}, 0
    for name, dtype, shape in layout:
        end = start + math.prod(shape) * dtype.itemsize
        code = _CODES[dtype.str]
        entries[name] = {"dtype": code, "shape": list(shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the arrays begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text


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
    try:
        return _dumps(value)
    except (ValueError, TypeError):  # what JSON itself lacks is in it
        return _dumps(_plain(value))


def _dumps(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


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
