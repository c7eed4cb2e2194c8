"""Calling native code from Python, without Numba.

Numba passes an array as seven words and more (two for its owner, which kernels without reference
counting ignore; elements, item size, address, shape, strides), a tuple as its parts, and behind
two pointers of its own: to what is returned, and to an exception. The interpreter's lock is
released meanwhile.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from nncli.kernels.objects import load

SCALARS: dict[str, Any] = {"i": ctypes.c_int64, "?": ctypes.c_uint8, "d": ctypes.c_double}


class Entry:
    """A native function that Python calls; dtypes, axes and contiguity are checked."""

    def __init__(self, kernel: str | Callable[..., Any], signature: str, dtype: str) -> None:
        self.address, code = load(kernel, signature, dtype)
        self._name, self._takes = signature, list(code.takes)
        kinds: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for each in code.takes:
            text, colon, axes = each.partition(":")
            kinds += [ctypes.c_int64] * (5 + 2 * int(axes)) if colon else [SCALARS[text]]
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(self.address)
        fields = [(f"field{place}", SCALARS[each]) for place, each in enumerate(code.returns)]
        self._returned = type("Returned", (ctypes.Structure,), {"_fields_": fields})

    def __call__(self, *arguments: Any) -> Any:
        """Call the function; return nothing, a number, or a tuple of numbers."""
        found: list[str] = []
        words: list[Any] = []
        _flatten(arguments, found, words)
        if found != self._takes:
            raise TypeError(f"{self._name} was given {found}, and takes {self._takes}")
        returned, exception = self._returned(), ctypes.c_void_p()
        status = self._function(ctypes.addressof(returned), ctypes.addressof(exception), *words)
        if status:
            raise RuntimeError(f"native code of {self._name} ended with status {status}")
        values = tuple(getattr(returned, name) for name, _ in returned._fields_)
        return values if len(values) > 1 else values[0] if values else None


def _flatten(values: tuple[Any, ...], found: list[str], words: list[Any]) -> None:
    """Append the layout of values, tuples taken apart, and the words by which they are passed."""
    for value in values:
        if isinstance(value, np.ndarray):
            whole = "" if value.flags.c_contiguous else "strided "
            found.append(f"{whole}{value.dtype.str}:{value.ndim}")
            words += (0, 0, value.size, value.itemsize, value.ctypes.data)
            words += value.shape
            words += value.strides
        elif isinstance(value, tuple):
            _flatten(value, found, words)
        elif isinstance(value, bool | np.bool_):
            found.append("?")
            words.append(bool(value))
        elif isinstance(value, float):
            found.append("d")
            words.append(value)
        else:
            found.append("i")
            words.append(int(value))
