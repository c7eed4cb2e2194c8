"""Arrays written to ``.npy`` files block by block, of which only the last block is in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

#: Bytes copied at a time.
_COPY = 16 << 20


class ArrayFile:
    """A growing array (rows, width) of one dtype in C order; :meth:`close` makes it readable."""

    def __init__(self, path: Path, width: int, dtype: str) -> None:
        self.path, self.width, self.dtype, self.rows = path, width, np.dtype(dtype), 0
        self._stream = open(path, "wb")  # noqa: SIM115  # closed by close()
        self._header = self._write_header()

    def append(self, block: NDArray[Any]) -> None:
        """Write rows (rows, width), in this file's dtype."""
        self._stream.write(np.ascontiguousarray(block, self.dtype).data.cast("B"))
        self.rows += len(block)

    def close(self) -> None:
        """Write the number of rows into the header."""
        self._stream.seek(0)
        # NumPy leaves room in a header for the first axis to grow.
        assert self._write_header() == self._header
        self._stream.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._stream.close()

    def _write_header(self) -> int:
        npy.write_array_header_1_0(
            self._stream,
            {
                "shape": (self.rows, self.width),
                "fortran_order": False,
                "descr": npy.dtype_to_descr(self.dtype),
            },
        )
        return self._stream.tell()


def keep_columns(path: Path, keep: list[int]) -> None:
    """Rewrite an array file with the columns ``keep`` only, without mapping it into memory."""
    with open(path, "rb") as source:
        npy.read_magic(source)
        (rows, width), _, dtype = npy.read_array_header_1_0(source)
        whole = path.rename(path.with_suffix(".all"))
        kept = ArrayFile(path, len(keep), dtype.str)
        try:
            step = max(1, _COPY // (max(1, width) * dtype.itemsize))
            for start in range(0, rows, step):
                count = min(step, rows - start)
                block = np.fromfile(source, dtype, count * width).reshape(count, width)
                kept.append(block[:, keep])
            kept.close()
        finally:
            kept.abandon()
    whole.unlink()
