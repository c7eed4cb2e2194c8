"""Columns written to disk as they are read, block by block, with what is learned on the way.

Peak memory is a block, not the table. Numbers of input columns go into one matrix, texts as codes
into another, targets apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.header import MISSING, MOSTLY, is_number
from nncli.data.source import MAX_CATEGORIES, MAX_DISTINCT
from nncli.errors import DataError

#: Characters of a cell that a note shows at most.
_SHOWN = 30


class NpyAppender:
    """An ``.npy`` file of rows (n, width) that grows; its header is completed at the end."""

    def __init__(self, path: Path, width: int, dtype: str) -> None:
        self.path, self.width, self.dtype, self.rows = path, width, np.dtype(dtype), 0
        self._stream = open(path, "wb")  # noqa: SIM115 - closed by finish or close
        self._write_header()

    def _write_header(self) -> None:
        # NumPy pads the header so that a larger first dimension fits into the same bytes.
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.rows, self.width),
        }
        self._stream.seek(0)
        np.lib.format.write_array_header_1_0(self._stream, header)

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows (m, width)."""
        self._stream.write(np.ascontiguousarray(rows, self.dtype).data)
        self.rows += len(rows)

    def finish(self) -> None:
        """Write the number of rows and close the file."""
        self._write_header()
        self.close()

    def close(self) -> None:
        """Close the file as it is."""
        self._stream.close()


class NumberSummary:
    """What is learned of a numeric column while it passes."""

    kind = "number"

    def __init__(self, name: str, position: int, dtype: str, is_target: bool) -> None:
        self.name, self.position, self.is_target = name, position, is_target
        self.missing, self.integral, self.running = 0, True, True
        self._limit = float(np.finfo(dtype).max)
        self._dtype = dtype
        self._next: float | None = None
        self._distinct: NDArray[np.float64] | None = np.empty(0)

    def take(self, values: NDArray[np.float64], before: int, source: object) -> None:
        """Look at values (m,) that follow ``before`` rows; raises DataError for infinite ones."""
        absent = np.isnan(values)
        missing = int(absent.sum())
        self.missing += missing
        present = values[~absent] if missing else values
        if not len(present):
            self.running = False
            return
        lowest, highest = float(present.min()), float(present.max())
        if max(-lowest, highest) > self._limit:
            row = int(np.flatnonzero(np.abs(values) > self._limit)[0])
            raise DataError(
                f"column '{self.name}' of '{source}' holds {values[row]:g} in row "
                f"{before + row + 1}: expected finite numbers that fit {self._dtype}, or an empty "
                "cell for a missing one"
            )
        self.integral = self.integral and bool((present == np.floor(present)).all())
        if self.running:
            self.running = self.integral and not missing and self._goes_on(values)
        if self.is_target and self._distinct is not None:
            self._distinct = np.union1d(self._distinct, present)
            if len(self._distinct) > MAX_DISTINCT:
                self._distinct = None

    def _goes_on(self, values: NDArray[np.float64]) -> bool:
        first = values[0] if self._next is None else self._next
        self._next = first + len(values)
        return bool((values == first + np.arange(len(values))).all())

    def to_json(self) -> dict[str, Any]:
        """Return the column's description."""
        found: dict[str, Any] = {
            "name": self.name,
            "position": self.position,
            "kind": self.kind,
            "missing": self.missing,
        }
        if self.is_target:
            listed = None if self._distinct is None else self._distinct.tolist()
            return {**found, "distinct": listed}
        return {**found, "integral": self.integral, "running": self.running}


class TextSummary:
    """The texts of a column, numbered as they appear.

    ``decimal`` is the sign that numbers among them are written with: those are counted, since a
    column of numbers but for some stray texts is worth a word.
    """

    kind = "text"

    def __init__(self, name: str, position: int, is_target: bool, decimal: str = ".") -> None:
        self.name, self.position, self.is_target = name, position, is_target
        self.missing, self.overflow = 0, False
        self._decimal = decimal
        self._numbers: dict[str, int] = {}
        self._rows, self._strays = 0, 0
        self._is_stray: dict[str, bool] = {}
        self._first: tuple[str, int] | None = None

    def take(self, codes: NDArray[Any], texts: Sequence[Any], before: int) -> NDArray[np.int32]:
        """Return the numbers (m,) of cells, given as ``codes`` into the ``texts`` of a block.

        The block follows ``before`` rows. A missing cell, and one beyond MAX_CATEGORIES texts, is
        -1.
        """
        stray = np.zeros(len(texts) + 1, np.bool_)
        known = np.full(len(texts) + 1, -1, np.int32)  # the last place is for code -1
        missing = np.zeros(len(texts) + 1, np.bool_)
        missing[-1] = True
        for place, text in enumerate(texts):
            cell = text.strip() if isinstance(text, str) else ""
            if cell in MISSING:
                missing[place] = True
                continue
            if cell in self._numbers or len(self._numbers) < MAX_CATEGORIES:
                known[place] = self._numbers.setdefault(cell, len(self._numbers))
            else:
                self.overflow = True
            stray[place] = self._find_stray(cell)
        self.missing += int(missing[codes].sum())
        self._rows += len(codes)
        strays = np.flatnonzero(stray[codes])
        self._strays += len(strays)
        if self._first is None and len(strays):
            row = int(strays[0])
            self._first = str(texts[codes[row]]).strip(), before + row + 1
        numbered: NDArray[np.int32] = known[codes]
        return numbered

    def _find_stray(self, cell: str) -> bool:
        found = self._is_stray.get(cell)
        if found is None:
            found = not is_number(cell) or (self._decimal == "." and "," in cell)
            if cell in self._numbers:  # so that what is remembered stays small
                self._is_stray[cell] = found
        return found

    def strays(self) -> str:
        """Return a clause on the texts in a column that is numbers otherwise; else nothing."""
        values = self._rows - self.missing
        if self._first is None or values - self._strays < MOSTLY * values:
            return ""
        text, row = self._first
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        are = "is no number" if self._strays == 1 else "are no numbers"
        return f"{self._strays} of {values} cells {are}, such as '{shown}' in row {row}"

    def to_json(self) -> dict[str, Any]:
        """Return the column's description."""
        return {
            "name": self.name,
            "position": self.position,
            "kind": self.kind,
            "missing": self.missing,
            "overflow": self.overflow,
            "categories": list(self._numbers),
            "strays": self.strays(),
        }


Summary = NumberSummary | TextSummary


class TableWriter:
    """Writes the columns of a table into a folder of ``.npy`` files.

    ``numbers (n, k)`` and ``codes (n, c)`` are the inputs, ``target_numbers`` and ``target_codes``
    the targets; a matrix without columns has no file.
    """

    def __init__(self, folder: Path, columns: Sequence[Summary], dtype: str) -> None:
        self.columns, self.rows = columns, 0
        self._files: dict[str, NpyAppender] = {}
        for name, kind, is_target, stored in (
            ("numbers", "number", False, dtype),
            ("codes", "text", False, "int32"),
            ("target_numbers", "number", True, "float64"),
            ("target_codes", "text", True, "int32"),
        ):
            width = sum(each.kind == kind and each.is_target == is_target for each in columns)
            if width:
                self._files[name] = NpyAppender(folder / f"{name}.npy", width, stored)

    def append(self, cells: Sequence[Any], source: object, before: int) -> None:
        """Add a block of rows: for each column float64 (m,), or a pair of codes and texts.

        ``source`` and ``before``, the rows of it that came before, are for messages.
        """
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in self._files}
        for column, values in zip(self.columns, cells, strict=True):
            prefix = "target_" if column.is_target else ""
            if isinstance(column, NumberSummary):
                column.take(values, before, source)
                parts[prefix + "numbers"].append(values)
            else:
                codes, texts = values
                parts[prefix + "codes"].append(column.take(codes, texts, before))
        length = 0
        for name, listed in parts.items():
            file = self._files[name]
            matrix = np.empty((len(listed[0]), file.width), file.dtype)
            for place, values in enumerate(listed):
                matrix[:, place] = values
            file.append(matrix)
            length = len(matrix)
        self.rows += length

    def finish(self) -> list[dict[str, Any]]:
        """Complete the files and return the description of the columns, in their order."""
        for file in self._files.values():
            file.finish()
        return [each.to_json() for each in self.columns]

    def discard(self) -> None:
        """Remove the files of a table that will not be completed."""
        for file in self._files.values():
            file.close()
            file.path.unlink(missing_ok=True)
