"""A PyTorch state file, written without PyTorch: what ``torch.save`` makes of a dict of tensors.

A ZIP archive, nothing in it compressed: ``data.pkl`` names the tensors with their shapes, and
``data/0``, ``data/1``, ... hold their numbers, little-endian. The pickle has no objects but
tensors, so that ``torch.load(..., weights_only=True)`` reads it. Equal networks give equal bytes.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What PyTorch calls the memory of a type.
_STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def state_file(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as a file of PyTorch tensors."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), content)

        add("data.pkl", _pickled(arrays))
        add("byteorder", b"little")
        for place, array in enumerate(arrays.values()):
            little = array.astype(array.dtype.newbyteorder("<"))
            add(f"data/{place}", little.tobytes())
        add("version", b"3\n")
    return stream.getvalue()


def _pickled(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return a dict of tensors as pickle opcodes (protocol 2), as PyTorch's own pickler writes."""
    parts = [pickle.PROTO, b"\x02", pickle.EMPTY_DICT, pickle.MARK]
    for place, (name, array) in enumerate(arrays.items()):
        parts += [_text(name), *_tensor(str(place), array)]
    return b"".join([*parts, pickle.SETITEMS, pickle.STOP])


def _tensor(key: str, array: NDArray[Any]) -> list[bytes]:
    """Return the call that makes a tensor of storage, offset, shape, strides, and two constants.

    The storage is a persistent id, which PyTorch looks up in the archive.
    """
    strides = [step // array.itemsize for step in np.ascontiguousarray(array).strides]
    strides = strides[: array.ndim]  # NumPy makes (1,) of a number
    return [
        _global("torch._utils", "_rebuild_tensor_v2"),
        pickle.MARK,
        *(pickle.MARK, _text("storage"), _global("torch", _STORAGES[array.dtype.name])),
        *(_text(key), _text("cpu"), _whole(array.size), pickle.TUPLE, pickle.BINPERSID),
        _whole(0),
        *(pickle.MARK, *map(_whole, array.shape), pickle.TUPLE),
        *(pickle.MARK, *map(_whole, strides), pickle.TUPLE),
        pickle.NEWFALSE,
        *(_global("collections", "OrderedDict"), pickle.EMPTY_TUPLE, pickle.REDUCE),
        pickle.TUPLE,
        pickle.REDUCE,
    ]


def _text(text: str) -> bytes:
    encoded = text.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(encoded)) + encoded


def _whole(value: int) -> bytes:
    """Return a whole number; LONG1 takes any size."""
    encoded = pickle.encode_long(value)
    return pickle.LONG1 + bytes([len(encoded)]) + encoded


def _global(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()
