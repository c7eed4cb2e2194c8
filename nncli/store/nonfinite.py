"""NaN and infinities in SQL: a NULL, and two flag bits that say which of them it stands for.

SQLite turns NaN into NULL and no SQL shell reads infinity alike, so neither is stored as a number.
In a table with flagged columns c0, c1, ... the integer ``flags`` holds, for column ``ck``,

    code = (flags >> 2k) & 3     0: the column speaks for itself (NULL: not measured)
                                 1: NaN     2: +infinity     3: -infinity

and the column is NULL where its code is not 0. A new column takes the next two bits. Every finite
float64 is stored exactly, but for the sign of zero, which SQLite drops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

EPOCH_FLAGGED = (
    "train_loss",
    "val_loss",
    "train_accuracy",
    "val_accuracy",
    "train_rmse",
    "val_rmse",
    "lr",
    "grad_norm",
)
"""Flagged columns of ``epochs``, in the order of their bits."""

RUN_FLAGGED = (
    "train_loss",
    "val_loss",
    "train_accuracy",
    "val_accuracy",
    "train_rmse",
    "val_rmse",
    "test_loss",
    "test_accuracy",
    "test_rmse",
    "best_train_loss",
    "best_val_loss",
    "best_train_accuracy",
    "best_val_accuracy",
    "best_train_rmse",
    "best_val_rmse",
)
"""Flagged columns of ``runs``, in the order of their bits."""

LAYER_FLAGGED = (
    "grad_norm",
    "update_ratio",
    "act_mean",
    "act_std",
    "saturated_frac",
    "dead_frac",
    "similarity",
)
"""Flagged columns of ``layer_stats``, in the order of their bits."""

GRADCHECK_FLAGGED = ("max_relative_error",)
"""Flagged columns of ``gradchecks``: a gradient that is not finite has no finite error."""

MEANINGS = {1: "nan", 2: "+inf", 3: "-inf"}
VALUES = {1: math.nan, 2: math.inf, 3: -math.inf}


def code_of(value: float) -> int:
    """Return the code of one number: 0 where it is finite."""
    if math.isfinite(value):
        return 0
    return 1 if math.isnan(value) else 2 if value > 0 else 3


def to_cells(
    values: Mapping[str, float | None], flagged: Sequence[str]
) -> tuple[dict[str, float | None], int, int]:
    """Split numbers into SQL cells and flags.

    Returns the cells (non-finite ones ``None``), the flag bits, and the mask of the bits that these
    columns own, so that an update of some columns leaves the bits of the others.
    """
    cells, bits, mask = dict(values), 0, 0
    for index, column in enumerate(flagged):
        if column not in values:
            continue
        mask |= 3 << 2 * index
        value = values[column]
        if value is not None and (code := code_of(value)):
            bits |= code << 2 * index
            cells[column] = None
    return cells, bits, mask


def from_cells(cells: dict[str, float | None], flags: int, flagged: Sequence[str]) -> None:
    """Put the non-finite values of one row back, in place."""
    for index, column in enumerate(flagged):
        if (code := flags >> 2 * index & 3) and column in cells:
            cells[column] = VALUES[code]
