"""Measurements as NumPy columns, on the way into a table of the store and out of it.

A kind of measurement says which columns its rows always have and which are flagged, that is, may be
NaN, infinite or not measured (``nonfinite.py``); the rest is derived from that here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nncli.errors import did_you_mean
from nncli.store.nonfinite import VALUES


@dataclass(frozen=True)
class Columns:
    """Columns of equal length n; ``Curve`` and ``LayerStats`` say which.

    ``values``: the columns ``ALWAYS`` of their types (n,), and those ``FLAGGED`` as float64 (n,).
    ``measured``: bool (n,) for each of the latter, since a NaN in ``values`` stands both for a
    number that became NaN and for one that was not measured.
    """

    values: dict[str, NDArray[Any]]
    measured: dict[str, NDArray[np.bool_]]

    WHAT: ClassVar[str]
    ALWAYS: ClassVar[Mapping[str, type]]
    FLAGGED: ClassVar[Sequence[str]]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return all columns that there may be, in the order of the table."""
        return (*cls.ALWAYS, *cls.FLAGGED)

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike]) -> Self:
        """Make one of columns by name, all of one length.

        Those of ``ALWAYS`` are required. A column left out was not measured; in a masked array the
        masked cells were not. Raises ``ValueError`` for other names, missing ones and lengths that
        differ.
        """
        names = cls.names()
        for name in columns:
            if name not in names:
                raise ValueError(
                    f"{cls.WHAT} has no column '{name}': the columns are {', '.join(names)}"
                    f"{did_you_mean(name, names)}"
                )
        if missing := [name for name in cls.ALWAYS if name not in columns]:
            raise ValueError(f"{cls.WHAT} needs the column {missing[0]}, got {', '.join(columns)}")
        count = len(np.atleast_1d(columns["epoch"]))
        everywhere, nowhere = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
        nothing = np.full(count, np.nan)
        values: dict[str, NDArray[Any]] = {}
        measured: dict[str, NDArray[np.bool_]] = {}
        for name in names:
            given = columns.get(name)
            if given is None:
                values[name], measured[name] = nothing, nowhere
                continue
            values[name] = np.array(given, dtype=cls.ALWAYS.get(name, np.float64), ndmin=1)
            if len(values[name]) != count:
                raise ValueError(f"column {name} has {len(values[name])} rows, epoch has {count}")
            if name in cls.ALWAYS:
                continue
            measured[name] = everywhere
            # Only a masked array has a mask; naming np.ma here would cost its import, 20 ms.
            mask = getattr(given, "mask", None)
            if mask is not None and mask.any():
                measured[name] = ~np.broadcast_to(mask, count)
                values[name][~measured[name]] = np.nan
        return cls(values, measured)

    def __len__(self) -> int:
        return len(self.values["epoch"])

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.values[column]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns with at least one measured value."""
        return tuple(n for n in self.names() if n in self.ALWAYS or bool(self.measured[n].any()))

    def to_cells(self, run_id: int) -> tuple[tuple[str, ...], list[object]]:
        """Return the columns of the table that hold something, and the cells for them.

        The columns are in the table's order, and so are the cells of each row; the rows follow one
        another. NaN and infinities are ``None`` there, and bits of ``flags``. SQLite takes a row of
        few columns in half the time that it takes one of all, most of them NULL.
        """
        count = len(self)
        columns: dict[str, list[Any]] = {"run_id": [run_id] * count}
        columns |= {name: self.values[name].tolist() for name in self.ALWAYS}
        # All at once: for a short curve a call of NumPy takes longer than its work.
        values = np.array([self.values[name] for name in self.FLAGGED])
        finite = np.isfinite(values)
        flags = np.zeros(count, dtype=np.int64)
        for index, whole in enumerate(finite.all(axis=1).tolist()):
            name, cells = self.FLAGGED[index], values[index]
            if whole:
                columns[name] = cells.tolist()
            elif self.measured[name].any():
                kept: NDArray[Any] = cells.astype(object)
                kept[~finite[index]] = None
                columns[name] = kept.tolist()
                flags |= _codes(cells) * self.measured[name] << 2 * index
        columns["flags"] = flags.tolist()
        found: list[object] = [None] * (count * len(columns))
        for place, column in enumerate(columns.values()):
            found[place :: len(columns)] = column
        return tuple(columns), found

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[Any]]) -> Self:
        """Return what database rows hold whose columns are ``names()`` and then ``flags``."""
        columns = list(zip(*rows, strict=True)) or [()] * (len(cls.names()) + 1)
        flags = np.array(columns[-1], dtype=np.int64)
        values: dict[str, NDArray[Any]] = {}
        measured: dict[str, NDArray[np.bool_]] = {}
        for position, name in enumerate(cls.names()):
            values[name] = np.array(columns[position], dtype=cls.ALWAYS.get(name, np.float64))
            if name in cls.ALWAYS:
                continue
            code = flags >> 2 * cls.FLAGGED.index(name) & 3
            measured[name] = ~np.isnan(values[name]) | (code != 0)
            for key, value in VALUES.items():
                values[name][code == key] = value
        return cls(values, measured)


def _codes(column: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the code of each number of ``column`` (n,), as ``nonfinite.py`` has them."""
    odd = np.where(np.isnan(column), 1, np.where(column > 0, 2, 3))
    return np.where(np.isfinite(column), 0, odd)
