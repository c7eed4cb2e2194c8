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
from numpy.typing import NDArray

from nncli.kernels.objects import load

SCALARS: dict[str, Any] = {"i": ctypes.c_int64, "?": ctypes.c_uint8, "d": ctypes.c_double}

#: How an argument is laid out: a scalar's letter, or an array's dtype, axes and contiguity.
Layout = str | tuple[np.dtype[Any], int, bool]


class Entry:
    """A native function that Python calls; dtypes, axes and contiguity are checked."""

    def __init__(self, kernel: str | Callable[..., Any], signature: str, dtype: str) -> None:
        self.address, code = load(kernel, signature, dtype)
        self._name, self._takes = signature, [_read(each) for each in code.takes]
        kinds: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for each in self._takes:
            kinds += [SCALARS[each]] if isinstance(each, str) else [ctypes.c_int64] * _words(each)
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(self.address)
        fields = [(f"field{place}", SCALARS[each]) for place, each in enumerate(code.returns)]
        self._returned = type("Returned", (ctypes.Structure,), {"_fields_": fields})

    def __call__(self, *arguments: Any) -> Any:
        """Call the function; return nothing, a number, or a tuple of numbers."""
        found: list[Layout] = []
        words: list[Any] = []
        _flatten(arguments, found, words)
        if found != self._takes:
            given, takes = map(_shown, found), map(_shown, self._takes)
            raise TypeError(f"{self._name} was given {[*given]}, and takes {[*takes]}")
        returned, exception = self._returned(), ctypes.c_void_p()
        status = self._function(ctypes.addressof(returned), ctypes.addressof(exception), *words)
        if status:
            raise RuntimeError(f"native code of {self._name} ended with status {status}")
        values = tuple(getattr(returned, name) for name, _ in returned._fields_)
        return values if len(values) > 1 else values[0] if values else None


def address(array: NDArray[Any]) -> int:
    """Return where an array begins: ``array.ctypes.data``, in a third of its time."""
    if array.size and array.flags.carray:  # ctypes takes no buffer that it may not write to
        whole: Any = array  # typing knows of no buffers before Python 3.12
        return ctypes.addressof(ctypes.c_char.from_buffer(whole))
    return array.ctypes.data


def _flatten(values: tuple[Any, ...], found: list[Layout], words: list[Any]) -> None:
    """Append the layout of values, tuples taken apart, and the words by which they are passed."""
    for value in values:
        if isinstance(value, np.ndarray):
            found.append((value.dtype, value.ndim, value.flags.c_contiguous))
            words += (0, 0, value.size, value.itemsize, address(value))
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


def _read(text: str) -> Layout:
    """Read a layout as :class:`~nncli.kernels.objects.Code` has it; its arrays have no gaps."""
    dtype, colon, axes = text.partition(":")
    return (np.dtype(dtype), int(axes), True) if colon else text


def _shown(layout: Layout) -> str:
    """Return a layout as people read it: ``<f4:2``."""
    if isinstance(layout, str):
        return layout
    dtype, axes, contiguous = layout
    return f"{'' if contiguous else 'strided '}{dtype.str}:{axes}"


def _words(layout: tuple[np.dtype[Any], int, bool]) -> int:
    """Return by how many words an array is passed."""
    return 5 + 2 * layout[1]
