"""What a run tells while it goes on: the runner yields these, and others show and store them.

In order: ``Compiling`` if machine code has to be made, ``Started``, then ``Progress`` about
every 50 ms with the rows that were added to the curve, now and then a ``Saved``, and ``Finished``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class CurveRow:
    """One row of a run's curve. ``None`` means not measured; NaN and infinities are values."""

    epoch: int
    train_loss: float
    val_loss: float | None
    train_accuracy: float | None
    val_accuracy: float | None
    train_rmse: float | None
    val_rmse: float | None
    lr: float
    grad_norm: float | None
    seconds: float  #: of training since the run's start, exact to one call of the loop
    updates: int


@dataclass(frozen=True, eq=False)
class CurveBlock(Sequence[CurveRow]):
    """Rows of a curve by column: ``columns`` maps a field of :class:`CurveRow` to its (rows,).

    A column that is absent was not measured. Thousands of short epochs cost no object each.
    """

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["epoch"])

    @overload
    def __getitem__(self, place: int) -> CurveRow: ...

    @overload
    def __getitem__(self, place: slice) -> list[CurveRow]: ...

    def __getitem__(self, place: int | slice) -> CurveRow | list[CurveRow]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        names = (each.name for each in fields(CurveRow))
        values: dict[str, Any] = {}
        for name in names:
            column = self.columns.get(name)
            values[name] = None if column is None else column[place].item()
        return CurveRow(**values)


@dataclass(frozen=True, eq=False)
class LayerBlock:
    """Layer statistics by column, (n,) each: a row for each logged epoch and layer of weights.

    ``columns`` has ``epoch`` and ``layer`` (from 1) and the columns of the store's ``layer_stats``;
    where an array is masked, nothing was measured.
    """

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["epoch"])


@dataclass(frozen=True)
class Checkpoint:
    """All that is needed to go on with the same bits, or to predict.

    ``arrays`` holds ``theta``, ``best_theta`` and ``state``; ``position`` is JSON: the
    loop's counters and sums. ``epoch`` counts completed epochs, ``best_epoch`` the best one.
    """

    epoch: int
    best_epoch: int
    arrays: dict[str, NDArray[Any]]
    position: dict[str, Any]


@dataclass(frozen=True)
class Compiling:
    """Machine code is being made, which takes seconds, once on this machine."""


@dataclass(frozen=True)
class Started:
    """Training begins."""

    parameters: int
    threads: int
    compile_seconds: float


@dataclass(frozen=True)
class Progress:
    """How far the run is. ``rows`` are new on the curve since the event before."""

    epoch: int  #: completed epochs
    epochs: int
    fraction: float  #: of all planned mini-batches
    rows: Sequence[CurveRow]
    samples_per_second: float
    seconds_left: float
    layers: LayerBlock | None = None  #: of the same epochs as ``rows``, with ``--diagnose``


@dataclass(frozen=True)
class Saved:
    """It is time to store this checkpoint, with the curve up to ``checkpoint.epoch``."""

    checkpoint: Checkpoint


@dataclass(frozen=True)
class Finished:
    """The run has ended with ``status``: completed, early_stopped, diverged or interrupted.

    Or pruned, where a sweep gave it up.
    """

    status: str
    checkpoint: Checkpoint
    last: dict[str, float]  #: metrics of the last epoch of the curve, such as val_loss
    best: dict[str, float]  #: ``epoch`` and the metrics of the best epoch
    test: dict[str, float]  #: test_loss, test_accuracy or test_rmse, of the best weights
    train_seconds: float
    samples_per_second: float
    message: str | None = None  #: what went wrong and what to try, of a diverged run


Event = Compiling | Started | Progress | Saved | Finished

__all__ = [
    "Checkpoint",
    "Compiling",
    "CurveBlock",
    "CurveRow",
    "Event",
    "Finished",
    "LayerBlock",
    "Progress",
    "Saved",
    "Started",
]
