"""What a user may say about the data, checked as far as that goes without reading them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nncli.errors import UsageError, unknown_choice

TASKS = ("regression", "binary", "multiclass", "multilabel")
SCALES = ("auto", "standard", "minmax", "none")
DTYPES = ("float32", "float64")

#: The validation share where none is named. Sets of a handful of points do without (see catalog).
DEFAULT_VAL = "0.2"

#: The highest degree of polynomial features; powers beyond hold nothing but the largest value.
HIGHEST = 32

#: Called with a sentence and the fraction done, or None where that is not known.
ProgressReport = Callable[[str, float | None], None]


@dataclass(frozen=True)
class DataOptions:
    """Everything that decides a data set.

    ``source`` is a built-in name, a file or a folder. ``header`` is None to detect it.
    ``val`` and ``test`` are shares of the rows, drawn by the seed, ``first:N`` or ``last:N`` for so
    many rows of one end, or files of the same form.
    ``target``, ``columns`` and ``drop`` hold column names or positions (1-based, negative from
    the end); several targets are separated by commas. ``features`` is ``quadratic`` or ``poly:D``
    for products of the inputs as more inputs.
    """

    source: str = "digits"
    target: str | None = None
    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    header: bool | None = None
    task: str | None = None
    val: str = DEFAULT_VAL
    test: str = "0"
    scale: str = "auto"
    seed: int = 0
    dtype: str = "float32"
    features: str | None = None

    def __post_init__(self) -> None:
        for what, word, choices in (
            ("task", self.task, TASKS),
            ("scale", self.scale, SCALES),
            ("dtype", self.dtype, DTYPES),
        ):
            if word is not None and word not in choices:
                raise unknown_choice(what, word, choices)
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed}: expected a whole number from 0 on")
        if self.features is not None:
            try:
                degree_of(self.features)
            except ValueError as error:
                raise UsageError(f"--features {self.features}: {error}") from None
        val, test = read_part(self.val, "--val"), read_part(self.test, "--test")
        if isinstance(val, float) and isinstance(test, float) and val + test >= 1:
            raise UsageError(
                f"--val {self.val} and --test {self.test} leave no rows to train on: "
                "expected shares with a sum below 1"
            )


def degree_of(features: str) -> int:
    """Return the degree of ``quadratic`` or ``poly:D``; raises ValueError for anything else."""
    if features == "quadratic":
        return 2
    name, _, degree = features.partition(":")
    if name == "poly" and degree.isdecimal() and len(degree) < 3 and 2 <= int(degree) <= HIGHEST:
        return int(degree)
    raise ValueError(
        f"expected quadratic, or poly:D with a degree from 2 to {HIGHEST} such as poly:3"
    )


@dataclass(frozen=True)
class EndRows:
    """The first rows of the data, or the last ones."""

    last: bool
    count: int

    def __str__(self) -> str:
        return f"{'last' if self.last else 'first'}:{self.count}"


#: What ``--val`` or ``--test`` may be: a share of the rows, rows of one end, or a file.
Part = float | EndRows | Path


def read_part(text: str, option: str) -> Part:
    """Return the share of rows, the rows, or the file that ``--val`` or ``--test`` names."""
    end, colon, count = text.partition(":")
    if colon and end in ("first", "last"):
        if not (count.isascii() and count.isdigit() and int(count) > 0):
            raise UsageError(
                f"{option} {text}: expected a whole number of rows from 1 on, such as {end}:5000"
            )
        return EndRows(end == "last", int(count))
    try:
        share = float(text)
    except ValueError:
        return Path(text).expanduser()
    if math.isnan(share) or not 0 <= share < 1:
        raise UsageError(
            f"{option} {text}: expected a share of the rows from 0 to below 1, such as 0.2, rows "
            "such as first:5000 or last:5000, or a file"
        )
    return share
