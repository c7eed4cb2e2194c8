"""What the readers of text and Parquet hand over: some rows of a table, column by column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Texts:
    """A column of texts: codes (rows,) into ``categories``, -1 where the cell is missing."""

    codes: NDArray[Any]
    categories: list[str]


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table.

    ``numbers`` are columns (rows,) with NaN for a missing cell. ``promote`` names the columns that
    were not known to hold texts and do: what was read of them is left out.
    """

    rows: int
    numbers: dict[str, NDArray[Any]] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    promote: frozenset[str] = frozenset()
    latin1: int | None = None  #: number of the line from which the text was no UTF-8
