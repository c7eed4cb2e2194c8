"""Which columns of a table are learned from, and their encoding as one matrix.

All is decided on the training rows:

* A column without a value, or with one alone, is left out.
* A text column with more than MAX_ONE_HOT categories, or of which more than half the texts differ
  (and more than 20), such as names, is left out. Named in ``--columns``, the latter is kept.
* A column of whole numbers that are all different and called like an id (``id``, ``PassengerId``,
  ``index``, no name) is left out, unless named in ``--columns``: a row's number says nothing of new
  rows, and in a sorted file gives the answer away. One that only counts the rows is warned of.
* Two texts such as yes and no are a boolean; all other texts are categories.
* A missing number is filled with the median; one more column tells where, and likewise for texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nncli.data.memory import require_memory
from nncli.data.preprocessing import InputColumn
from nncli.data.scaling import Statistics, statistics
from nncli.data.source import MAX_CATEGORIES, Column, RawTable, in_words
from nncli.errors import DataError

MAX_ONE_HOT = 256

Index = NDArray[np.int64]

#: Pairs of texts, in small letters, that are a boolean: first false, then true.
BOOLEANS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"))

_ID_LIKE = re.compile(
    r"(?i:unnamed.*|index|idx|id|no|nr|#|row|row[_ ]?(id|number|num|no|nr)|.*[_ .-]id)|.*(Id|ID)"
)


def fit_inputs(
    table: RawTable, train: Index, said: Sequence[str] = ()
) -> tuple[tuple[InputColumn, ...], tuple[str, ...], Statistics]:
    """Decide on the input columns of a table.

    Returns them, what is to be said, and the statistics of ``table.numbers`` on training rows.
    Raises DataError if no column is left, with what was ``said`` before, which may tell why.
    """
    found = statistics(table.numbers, train)
    kept: list[InputColumn] = []
    notes: list[str] = []
    missing: list[str] = []
    for column in table.columns:
        if column.kind == "number":
            chosen, note, absent = _fit_number(table, column, train, found)
        else:
            chosen, note, absent = _fit_text(table, column, train)
            if column.strays:
                notes.append(_on_strays(column, chosen))
        if chosen is not None:
            kept.append(chosen)
            if absent:
                filled = "" if chosen.fill is None else f", filled with {chosen.fill:g}"
                missing.append(f"{in_words(column.name)} ({absent}{filled})")
        if note:
            notes.append(note)
    if not kept:
        raise DataError(f"no input column is left to learn from: {'; '.join([*said, *notes])}")
    if missing:
        notes.append(f"values are missing in training: {', '.join(missing)}")
    return tuple(kept), tuple(notes), found


#: The fitted column or None, what is to be said, and its missing values in training.
_Fit = tuple[InputColumn | None, str, int]


def _fit_number(table: RawTable, column: Column, train: Index, found: Statistics) -> _Fit:
    slot, name = column.slot, in_words(column.name)
    missing = len(train) - int(found.count[slot])
    if missing == len(train):
        return None, f"{name} is left out: it has no values to train on", missing
    if found.minimum[slot] == found.maximum[slot] and not missing:
        return None, f"{name} is left out: it is always {found.minimum[slot]:g} in training", 0
    note = ""
    if column.integral and _ID_LIKE.fullmatch(column.name) and not missing:
        if column.running or _all_differ(table.numbers[:, slot]):
            if not table.chosen:
                return None, f"{name} is left out: it numbers the rows (--columns keeps it)", 0
            note = f"{name} numbers the rows and may give the answer away"
    elif column.running:
        note = f"{name} counts the rows up: --drop it if it is no property of them"
    fill = float(found.mean[slot])
    if column.missing:
        values = np.asarray(table.numbers[:, slot])[train]
        fill = float(np.nanmedian(values.astype(np.float64)))
    return InputColumn(column.name, column.position, "numeric", fill, missing > 0), note, missing


def _all_differ(values: NDArray[np.floating]) -> bool:
    return len(np.unique(np.asarray(values))) == len(values)


def _fit_text(table: RawTable, column: Column, train: Index) -> _Fit:
    name = in_words(column.name)
    if column.overflow:
        return None, f"{name} is left out: it has more than {MAX_CATEGORIES} different texts", 0
    codes = np.asarray(table.codes[:, column.slot])[train]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.categories))
    present = tuple(sorted(column.categories[each] for each in np.flatnonzero(counts)))
    values = int(counts.sum())
    missing = len(train) - values
    if not present:
        return None, f"{name} is left out: it has no values to train on", missing
    if len(present) == 1 and not missing:
        return None, f"{name} is left out: it is always '{present[0]}' in training", 0
    if len(present) > 20 and 2 * len(present) > values and not table.chosen:
        return None, f"{name} is left out: {len(present)} different texts in {values} rows", missing
    if len(present) > MAX_ONE_HOT:
        text = f"{name} is left out: {len(present)} categories, and {MAX_ONE_HOT} are the most"
        if table.chosen:
            raise DataError(
                f"{name} has {len(present)} categories, and {MAX_ONE_HOT} are the most"
                f"{f' ({column.strays})' if column.strays else ''}: take it out of --columns, or "
                "group its values"
            )
        return None, text, missing
    position, indicator = column.position, missing > 0
    if boolean_pair(present) is not None:
        return InputColumn(column.name, position, "boolean", None, indicator), "", missing
    fitted = InputColumn(column.name, position, "categorical", None, indicator, present)
    return fitted, "", missing


def _on_strays(column: Column, chosen: InputColumn | None) -> str:
    """Return a note on a text column that is numbers but for some cells."""
    width = 0 if chosen is None else chosen.width
    makes = f"; it makes {width} inputs" if width > 1 else ""
    return (
        f"{in_words(column.name)} is text: {column.strays}{makes} "
        "(leave a cell empty if its value is missing)"
    )


def boolean_pair(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return the pair of BOOLEANS that the texts are, in any case of letters, or None."""
    lower = {text.lower() for text in texts}
    return next((pair for pair in BOOLEANS if lower == set(pair)), None)


def encode(table: RawTable, columns: Sequence[InputColumn], dtype: str) -> NDArray[np.floating]:
    """Return the rows (n, width) of a table, C-contiguous, before scaling.

    If that is the table's own matrix of numbers, it is returned uncopied. Columns are found by
    name. Raises DataError for a missing number with nothing to fill it, and if memory is short.
    """
    by_name = {each.name: each for each in table.columns}
    numbers, codes = table.numbers, table.codes
    plain = [by_name[each.name] for each in columns if each.kind == "numeric"]
    if (
        len(plain) == len(columns)
        and [each.slot for each in plain] == list(range(numbers.shape[1]))
        and not any(each.missing for each in plain)
        and not any(each.indicator for each in columns)
        and numbers.dtype == np.dtype(dtype)
    ):
        return numbers
    count, width = len(numbers), sum(each.width for each in columns)
    require_memory(count * width * np.dtype(dtype).itemsize, "the encoded table")
    rows = np.zeros((count, width), dtype)
    step = max(1, (1 << 20) // max(1, width))
    for start in range(0, count, step):
        block = slice(start, start + step)
        place = 0
        for column in columns:
            raw = by_name[column.name]
            part = rows[block, place : place + column.width]
            if column.kind == "numeric":
                _encode_number(part, numbers[block, raw.slot], column, start)
            else:
                _encode_text(part, codes[block, raw.slot], raw, column)
            place += column.width
    return rows


def _encode_number(
    part: NDArray[np.floating], values: NDArray[np.floating], column: InputColumn, start: int
) -> None:
    absent = np.isnan(values)
    part[:, 0] = values
    if absent.any():
        if column.fill is None:
            row = start + int(np.flatnonzero(absent)[0]) + 1
            raise DataError(
                f"column '{column.name}' has no value in row {row}: none was missing in training"
            )
        part[absent, 0] = column.fill
    if column.indicator:
        part[:, 1] = absent


def _encode_text(
    part: NDArray[np.floating], codes: NDArray[np.int32], raw: Column, column: InputColumn
) -> None:
    if column.kind == "boolean":
        true = {pair[1] for pair in BOOLEANS}
        value = [float(each.lower() in true) for each in raw.categories]
        part[:, 0] = np.array([*value, 0.0])[codes]  # the last is for -1, missing
    else:
        places = {each: place for place, each in enumerate(column.categories)}
        known = [places.get(each, -1) for each in raw.categories]
        place = np.array([*known, -1])[codes]
        seen = np.flatnonzero(place >= 0)
        part[seen, place[seen]] = 1.0
    if column.indicator:
        part[:, -1] = codes < 0
