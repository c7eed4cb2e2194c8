"""A data set ready for training: inputs and targets of all rows, and who is in which split."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.preprocessing import Preprocessing
from nncli.errors import UsageError


@dataclass(frozen=True, eq=False)
class Dataset:
    """What the training loop reads, and what is known of it.

    ``rows (n, width)`` are the encoded inputs before scaling, or the products of scaled ones that
    ``--features`` asks for: uint8, float32 or float64, in C order, perhaps mapped read-only from
    disk. ``targets`` are class codes (n, 1) for binary and
    multiclass, else (n, outputs); those of a regression are standardised. ``train``, ``val`` and
    ``test`` are sorted row numbers; a row without target is in none of them. ``outputs`` is 1 for
    binary, the number of classes for multiclass, else that of targets.

    ``hash`` is a SHA-256 of the content and of all that decides the parsed values: files, target,
    columns, header. It does not depend on splits, scaling or the type of the numbers, which the
    spec of a run holds.
    """

    name: str
    source: str
    rows: NDArray[Any]
    targets: NDArray[np.floating]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    task: str
    outputs: int
    preprocessing: Preprocessing
    hash: str
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return the number of inputs."""
        return int(self.rows.shape[1])

    @cached_property
    def shift(self) -> NDArray[np.floating]:
        """Return what is subtracted from each column (width,)."""
        return np.asarray(self.preprocessing.shift, self.targets.dtype)

    @cached_property
    def scale(self) -> NDArray[np.floating]:
        """Return what each shifted column is multiplied by (width,)."""
        return np.asarray(self.preprocessing.scale, self.targets.dtype)


def class_counts(dataset: Dataset) -> dict[str, int]:
    """Return how many training rows each class has, in the order of the codes.

    Raises UsageError where there are no classes: for a regression, and for several labels.
    """
    names = dataset.preprocessing.classes
    if not names:
        raise UsageError(
            f"'{dataset.name}' has no classes to count or weigh: it is a {dataset.task} task, "
            "expected a binary or multiclass one"
        )
    codes = dataset.targets[dataset.train, 0].astype(np.int64)
    return dict(zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Inputs:
    """Rows to predict: ``rows (n, width)`` before scaling, in the type that was trained on.

    ``targets`` are the true ones if the file has them, as those of a :class:`Dataset`, with NaN
    where a row's is missing or of a class unknown in training; else None.
    """

    rows: NDArray[Any]
    targets: NDArray[np.floating] | None = None
    notes: tuple[str, ...] = ()
