"""A run's curve as NumPy columns, on the way into the table ``epochs`` and out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nncli.errors import did_you_mean
from nncli.store.nonfinite import EPOCH_FLAGGED, VALUES

ALWAYS = {"epoch": np.int64, "updates": np.int64, "seconds": np.float64}
COLUMNS = (*ALWAYS, *EPOCH_FLAGGED)


@dataclass(frozen=True)
class Curve:
    """Columns of equal length n, one row an epoch.

    ``values``: ``epoch`` and ``updates`` (optimizer steps so far) are int64 (n,); ``seconds``
    (training time since the run began), the losses, metrics, ``lr`` and ``grad_norm`` are float64
    (n,). ``measured``: bool (n,) for each of the latter, since a NaN in ``values`` stands both for
    a loss that became NaN and for one that was not measured.
    """

    values: dict[str, NDArray[Any]]
    measured: dict[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike]) -> Curve:
        """Make a curve of columns by name, all of one length.

        ``epoch``, ``updates`` and ``seconds`` are required. A column left out was not measured;
        in a masked array the masked cells were not. Raises ``ValueError`` for other names, missing
        ones and lengths that differ.
        """
        for name in columns:
            if name not in COLUMNS:
                raise ValueError(
                    f"unknown curve column '{name}': the columns are {', '.join(COLUMNS)}"
                    f"{did_you_mean(name, COLUMNS)}"
                )
        if missing := [name for name in ALWAYS if name not in columns]:
            raise ValueError(f"a curve needs the column {missing[0]}, got {', '.join(columns)}")
        count = len(np.atleast_1d(columns["epoch"]))
        values: dict[str, NDArray[Any]] = {}
        measured: dict[str, NDArray[np.bool_]] = {}
        for name in COLUMNS:
            given = columns.get(name)
            if given is None:
                values[name] = np.full(count, np.nan)
                measured[name] = np.zeros(count, dtype=bool)
                continue
            values[name] = np.array(given, dtype=ALWAYS.get(name, np.float64), ndmin=1)
            if len(values[name]) != count:
                raise ValueError(f"column {name} has {len(values[name])} rows, epoch has {count}")
            if name not in ALWAYS:
                # Only a masked array has a mask; naming np.ma here would cost its import, 20 ms.
                mask = np.broadcast_to(getattr(given, "mask", False), count)
                measured[name] = ~mask
                values[name][mask] = np.nan
        return cls(values, measured)

    def __len__(self) -> int:
        return len(self.values["epoch"])

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.values[column]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns with at least one measured value."""
        return tuple(n for n in COLUMNS if n in ALWAYS or bool(self.measured[n].any()))

    def last(self) -> dict[str, float | None]:
        """Return the last row, ``None`` for what was not measured; the curve must have rows."""
        row: dict[str, float | None] = {name: self.values[name][-1].item() for name in ALWAYS}
        for name in EPOCH_FLAGGED:
            row[name] = self.values[name][-1].item() if self.measured[name][-1] else None
        return row


def to_rows(curve: Curve, run_id: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns of the table ``epochs``, in its order, and the rows for them."""
    cells: dict[str, Iterable[object]] = {"run_id": [run_id] * len(curve)}
    cells |= {name: curve[name].tolist() for name in ALWAYS}
    flags = np.zeros(len(curve), dtype=np.int64)
    for index, name in enumerate(EPOCH_FLAGGED):
        value, measured = curve[name], curve.measured[name]
        stored = np.isfinite(value) & measured
        if stored.all():
            cells[name] = value.tolist()
            continue
        numbers = value.astype(object)
        numbers[~stored] = None
        cells[name] = numbers.tolist()
        odd = measured & ~stored
        code = np.where(np.isnan(value), 1, np.where(value > 0, 2, 3))
        flags |= np.where(odd, code, 0) << 2 * index
    cells["flags"] = flags.tolist()
    return tuple(cells), list(zip(*cells.values(), strict=True))


def from_rows(rows: Sequence[Sequence[Any]]) -> Curve:
    """Return the curve of database rows whose columns are ``COLUMNS`` and then ``flags``."""
    columns = list(zip(*rows, strict=True)) or [()] * (len(COLUMNS) + 1)
    flags = np.array(columns[-1], dtype=np.int64)
    values: dict[str, NDArray[Any]] = {}
    measured: dict[str, NDArray[np.bool_]] = {}
    for position, name in enumerate(COLUMNS):
        values[name] = np.array(columns[position], dtype=ALWAYS.get(name, np.float64))
        if name in ALWAYS:
            continue
        code = flags >> 2 * EPOCH_FLAGGED.index(name) & 3
        measured[name] = ~np.isnan(values[name]) | (code != 0)
        for key, value in VALUES.items():
            values[name][code == key] = value
    return Curve(values, measured)
