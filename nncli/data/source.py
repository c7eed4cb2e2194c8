"""What the readers hand over, before anything is learned from it: inputs and targets as read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A numeric target with more different values than this has too many to list.
MAX_DISTINCT = 1000

#: A text column with more different texts than this is not read on: its texts are not kept.
MAX_CATEGORIES = 10_000


def in_words(name: str) -> str:
    """Return a column's name for a sentence: a bare position becomes "column 3"."""
    return f"column {name}" if name.isdigit() else name


@dataclass(frozen=True)
class Target:
    """One target column over all rows: ``numbers`` with NaN, or ``codes`` with -1, for missing.

    ``distinct`` are the sorted values of a numeric one, or None for more than MAX_DISTINCT.
    ``overflow`` says that a text column has more than MAX_CATEGORIES texts. ``strays`` is a clause
    on a text column that is numbers but for some cells, else empty.
    """

    name: str
    numbers: NDArray[np.float64] | None = None  # (n,)
    codes: NDArray[np.int32] | None = None  # (n,)
    categories: tuple[str, ...] = ()
    distinct: tuple[float, ...] | None = None
    overflow: bool = False
    strays: str = ""

    @classmethod
    def of_numbers(cls, name: str, values: NDArray[Any]) -> Target:
        """Build a numeric target from values in memory."""
        numbers = np.asarray(values, np.float64)
        distinct = np.unique(numbers[~np.isnan(numbers)])
        listed = tuple(distinct.tolist()) if len(distinct) <= MAX_DISTINCT else None
        return cls(name, numbers=numbers, distinct=listed)

    @classmethod
    def of_texts(cls, name: str, values: NDArray[Any]) -> Target:
        """Build a text target from values in memory."""
        categories, codes = np.unique(values, return_inverse=True)
        return cls(
            name, codes=codes.astype(np.int32), categories=tuple(str(each) for each in categories)
        )


@dataclass(frozen=True)
class Column:
    """An input column of a table as read.

    ``kind`` is "number" or "text"; ``slot`` is its place in the matrix of that kind and
    ``position`` its place in the file, from 0. ``missing`` counts its missing cells.
    ``integral``: all numbers are whole. ``running``: they are a, a + 1, a + 2, ... . ``strays`` is
    a clause on a text column that is numbers but for some cells, else empty.
    """

    name: str
    position: int
    kind: str
    slot: int
    missing: int = 0
    integral: bool = False
    running: bool = False
    categories: tuple[str, ...] = ()
    overflow: bool = False
    strays: str = ""


@dataclass(frozen=True)
class RawTable:
    """The input columns of a table: numbers (n, k) with NaN, codes (n, c) with -1, for missing."""

    columns: tuple[Column, ...]
    numbers: NDArray[Any]
    codes: NDArray[np.int32]
    chosen: bool  # whether --columns named them


@dataclass(frozen=True)
class Matrix:
    """Inputs that are a matrix already: rows (n, width), with a name for each column."""

    rows: NDArray[Any]
    names: tuple[str, ...]
    image_shape: tuple[int, ...] | None = None
    pixel_maximum: float | None = None


@dataclass(frozen=True)
class Source:
    """A data set as read. ``parts`` counts its rows for training and splits, validation, test.

    ``hash`` is a SHA-256 of the content and of all that decided how it was read. ``default_val``
    is false where so few points are given that the default share would make no sense.
    """

    name: str
    source: str
    hash: str
    parts: tuple[int, int, int]
    inputs: RawTable | Matrix
    targets: tuple[Target, ...]
    file_columns: tuple[str, ...] = ()
    header: bool = True
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    default_val: bool = True
