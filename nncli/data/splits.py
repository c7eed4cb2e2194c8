"""Seeded splits into training, validation and test rows, stratified by class.

The generator is ``numpy.random.default_rng([seed, STREAM])``: apart from the stream that a run with
the same seed draws its weights from. Every row gets a place in one random order. A class with ``c``
rows gives ``share * c`` of its first rows in that order to a part, rounded so that the part has
``round(share * n)`` rows in all (largest remainder, ties by the order). A class gives at most
``c - 1`` of its rows away: each is learned from.

A part of ``first:N`` or ``last:N`` rows is taken before, without any draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nncli.data.options import EndRows
from nncli.errors import DataError, UsageError

STREAM = 0x5B117

Index = NDArray[np.int64]


def divide(
    rows: Index,
    codes: NDArray[np.integer] | None,
    val: float | EndRows,
    test: float | EndRows,
    seed: int,
) -> tuple[Index, Index, Index]:
    """Divide ``rows`` as :func:`split` does; parts of one end are taken before shares of the rest.

    Raises DataError if no row is left, UsageError if both parts name the same rows.
    """
    val_end, test_end = _rows_at_end(rows, val, "--val"), _rows_at_end(rows, test, "--test")
    if len(np.intersect1d(val_end, test_end)):
        raise UsageError(
            f"--val {val} and --test {test} name the same rows: expected parts without any in "
            "common, such as first:N and last:N"
        )
    free = np.isin(rows, np.concatenate([val_end, test_end]), invert=True)
    shares = [0.0 if isinstance(each, EndRows) else each for each in (val, test)]
    train, drawn_val, drawn_test = split(
        rows[free], None if codes is None else codes[free], shares[0], shares[1], seed
    )
    return (
        train,
        val_end if isinstance(val, EndRows) else drawn_val,
        test_end if isinstance(test, EndRows) else drawn_test,
    )


def _rows_at_end(rows: Index, part: float | EndRows, option: str) -> Index:
    """Return the rows that ``first:N`` or ``last:N`` names; none for a share."""
    if not isinstance(part, EndRows):
        return rows[:0]
    if part.count >= len(rows):
        raise DataError(
            f"{option} {part} of {len(rows)} rows leaves no row to train on: choose fewer"
        )
    return rows[-part.count :] if part.last else rows[: part.count]


def split(
    rows: Index,
    codes: NDArray[np.integer] | None,
    val: float,
    test: float,
    seed: int,
) -> tuple[Index, Index, Index]:
    """Divide ``rows`` into training, validation and test, each sorted.

    ``codes`` are the classes (len(rows),), or None to divide without regard to the target.
    Raises DataError if a part asked for would be empty.
    """
    count = len(rows)
    sizes = {"test": round(test * count), "validation": round(val * count)}
    for part, share, option in (("validation", val, "--val"), ("test", test, "--test")):
        if share and not sizes[part]:
            raise DataError(
                f"{option} {share:g} of {count} rows is no row: choose a larger share, or 0 for no "
                f"{part} split"
            )
    if count - sum(sizes.values()) < 1:
        raise DataError(
            f"--val {val:g} and --test {test:g} of {count} rows leave no row to train on: choose "
            "smaller shares"
        )
    if not any(sizes.values()):
        return rows, rows[:0], rows[:0]
    rng = np.random.default_rng([seed, STREAM])
    order = rng.permutation(count)
    if codes is None:
        given = np.cumsum([0, sizes["test"], sizes["validation"]])
        return tuple(  # type: ignore[return-value]
            np.sort(rows[order[start:end]])
            for start, end in ((given[2], count), (given[1], given[2]), (0, given[1]))
        )
    return _stratified(rows, codes, order, sizes, rng)


def _stratified(
    rows: Index,
    codes: NDArray[np.integer],
    order: Index,
    sizes: dict[str, int],
    rng: np.random.Generator,
) -> tuple[Index, Index, Index]:
    counts = np.bincount(codes)
    ties = rng.permutation(len(counts))
    # Test first, so that the test part does not depend on whether a validation part is taken.
    for_test = _shares(counts, sizes["test"], np.maximum(counts - 1, 0), ties)
    for_val = _shares(counts, sizes["validation"], np.maximum(counts - 1 - for_test, 0), ties)
    small = codes.astype(np.uint16) if len(counts) < 1 << 16 else codes  # sorted by radix
    grouped = order[np.argsort(small[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    place = np.arange(len(rows)) - np.repeat(starts, counts)
    part = np.zeros(len(rows), np.uint8)
    part[place < np.repeat(for_test + for_val, counts)] = 1
    part[place < np.repeat(for_test, counts)] = 2
    of_row = np.empty(len(rows), np.uint8)
    of_row[grouped] = part
    return rows[of_row == 0], rows[of_row == 1], rows[of_row == 2]


def _shares(
    counts: NDArray[np.integer], wanted: int, most: NDArray[np.integer], ties: Index
) -> NDArray[np.int64]:
    """Divide ``wanted`` rows among classes in proportion to ``counts``, at most ``most`` each."""
    exact = counts * (wanted / counts.sum())
    given: NDArray[np.int64] = np.minimum(np.floor(exact), most).astype(np.int64)
    while (left := wanted - int(given.sum())) > 0:
        open_classes = np.flatnonzero(given < most)
        if not len(open_classes):
            break  # more classes than the rest can spare rows
        remainder = (exact - given)[open_classes]
        first = open_classes[np.lexsort((ties[open_classes], -np.round(remainder, 9)))]
        given[first[:left]] += 1
    return given
