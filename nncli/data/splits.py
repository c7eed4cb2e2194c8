"""Which rows are for training, which for validation and which for testing.

Splits are drawn by a random stream of their own, which the seed alone decides: neither the network
nor anything else that is drawn in a run changes them. A classification is split class by class,
so that every split has the classes in nearly the proportions of the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.dataset import DataOptions
from nncli.errors import DataError, UsageError

#: Second word of the seed of ``numpy.random.default_rng((seed, STREAM))``. Changing it changes
#: every split that anybody has ever drawn.
STREAM = 0x5EED5


@dataclass(frozen=True)
class Splits:
    """Ascending int64 row numbers; no row is in two of them, and every row is in one."""

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]


def share_of(value: str) -> float | None:
    """Return the share that ``--val`` or ``--test`` gives, or None if it names a file."""
    try:
        return float(value)
    except ValueError:
        return None


def shares(options: DataOptions) -> tuple[float, float]:
    """Return the shares of the rows for validation and test, 0 where a file is named.

    Raises UsageError for a share outside [0, 1) and for shares that leave nothing to train on.
    """
    found = []
    for flag, value in (("--val", options.val), ("--test", options.test)):
        share = share_of(value)
        if share is not None and not 0 <= share < 1:
            raise UsageError(
                f"{flag} is {value}: expected a share of the rows from 0 up to, but not "
                "including, 1, such as 0.2, or a file"
            )
        found.append(share or 0.0)
    if sum(found) >= 1:
        raise UsageError(
            f"--val {options.val} and --test {options.test} leave no rows for training: "
            "give shares whose sum is below 1"
        )
    return found[0], found[1]


def split(
    targets: NDArray[Any] | None, count: int, options: DataOptions, *, classes: bool
) -> Splits:
    """Split ``count`` rows by the shares of ``options``; a split that a file gives stays empty.

    With ``classes``, ``targets`` (count,) or (count, 1) are whole class codes from 0 on, and each
    class is shared out by largest remainders and keeps at least one row for training.
    Raises UsageError for impossible shares and DataError where they come to no rows.
    """
    sizes = _sizes(count, options)
    rng = np.random.default_rng((options.seed, STREAM))
    order = rng.permutation(np.arange(count, dtype=np.int32 if count < 2**31 else np.int64))
    if classes and targets is not None and any(sizes):
        val, test = _stratified(np.asarray(targets).reshape(-1), order, sizes)
    else:
        val, test = order[: sizes[0]], order[sizes[0] : sum(sizes)]
    part = np.zeros(count, np.uint8)
    part[val], part[test] = 1, 2
    train, val, test = (np.flatnonzero(part == number).astype(np.int64) for number in range(3))
    return Splits(train, val, test)


def _sizes(count: int, options: DataOptions) -> tuple[int, int]:
    """Return the numbers of rows for validation and test."""
    sizes = []
    for name, share in zip(("val", "test"), shares(options), strict=True):
        size = math.floor(share * count + 0.5)
        if share > 0 and size == 0:
            raise DataError(
                f"--{name} {share:g} of {_rows(count)} is not one row: "
                f"give a larger share, more rows, or --{name} 0"
            )
        sizes.append(size)
    if sum(sizes) >= count:
        raise DataError(
            f"--val {options.val} and --test {options.test} of {_rows(count)} leave none for "
            "training: give smaller shares or more rows"
        )
    return sizes[0], sizes[1]


def _stratified(
    codes: NDArray[Any], order: NDArray[Any], sizes: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rows of validation and test, drawn class by class from the random ``order``."""
    codes = codes.astype(np.int64 if codes.max() >= 2**15 else np.int16)
    counts = np.bincount(codes)
    spare = np.maximum(counts - 1, 0)  # one row of each class stays for training
    for_val = largest_remainders(sizes[0] * counts / counts.sum(), spare)
    for_test = largest_remainders(sizes[1] * counts / counts.sum(), spare - for_val)
    for name, rows, size in zip(("val", "test"), (for_val, for_test), sizes, strict=True):
        if size and not rows.sum():
            raise DataError(
                f"--{name} gets no rows: {len(counts)} classes keep one row each for training, "
                f"and there are {_rows(len(codes))}; give more rows, or --{name} 0"
            )
    # A stable sort of small integers is a radix sort: linear time.
    by_class = order[np.argsort(codes[order], kind="stable")]
    first = np.cumsum(counts) - counts
    rank = np.arange(len(codes)) - np.repeat(first, counts)
    val_end = np.repeat(for_val, counts)
    test_end = np.repeat(for_val + for_test, counts)
    return by_class[rank < val_end], by_class[(rank >= val_end) & (rank < test_end)]


def largest_remainders(quotas: NDArray[np.float64], most: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round ``quotas`` (classes,) to whole numbers of the same sum, none above ``most``.

    Every class gets its quota rounded down; what is left goes to the largest remainders, the lower
    class first where they are equal, and on to other classes where one is full. If all are
    full the sum comes out smaller.
    """
    total = min(int(round(float(quotas.sum()))), int(most.sum()))
    # Tolerates quotas such as 2.9999999999999996, which are whole but for rounding.
    given = np.minimum(np.floor(quotas + 1e-9).astype(np.int64), most)
    while (left := total - int(given.sum())) > 0:
        open_classes = np.flatnonzero(given < most)
        remainders = (quotas - given)[open_classes]
        given[open_classes[np.argsort(-remainders, kind="stable")[:left]]] += 1
    return given


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
