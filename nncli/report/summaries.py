"""What renderers work on: a run in short, and a run in full, as plain values.

They know neither the database nor how they will be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nncli.diagnosis import Finding

METRICS = ("loss", "accuracy", "rmse")
SPLITS = ("train", "val", "test")
PHASES = ("data", "compile", "train", "total")


@dataclass(frozen=True)
class RunSummary:
    """One run without its curve.

    ``left_open`` names the options of ``spec`` that were not given and that nncli chose.
    ``last`` and ``best`` map names such as ``val_loss`` to the values of the last epoch and of the
    best one; ``test`` holds those of the test split, measured with the best weights. What was not
    measured is left out; NaN and infinities are values.
    """

    run: int
    uuid: str
    name: str | None
    tags: tuple[str, ...]
    status: str
    data: str
    task: str
    seed: int
    spec: Mapping[str, Any]
    left_open: tuple[str, ...]
    epochs: int
    epochs_planned: int | None
    parameters: int | None
    last: Mapping[str, float]
    best: Mapping[str, float]
    best_epoch: int | None
    test: Mapping[str, float]
    seconds: Mapping[str, float]
    samples_per_second: float | None
    created: str
    finished: str | None


@dataclass(frozen=True)
class Layer:
    """One layer of a network as it is listed."""

    number: int
    fan_in: int
    fan_out: int
    activation: str

    @property
    def parameters(self) -> int:
        """Return the number of weights and biases."""
        return (self.fan_in + 1) * self.fan_out


@dataclass(frozen=True)
class RunDetail:
    """One run with all that is stored of it but its weights.

    ``curve`` maps columns such as ``val_loss`` to one value a row, ``None`` where not measured;
    ``epoch`` is one of them. Columns that were never measured are left out. ``statistics`` holds
    all columns of the watched layers likewise, and ``diagnosis`` what is wrong with them; without
    ``--diagnose`` they are empty and None.
    """

    summary: RunSummary
    environment: Mapping[str, Any]
    note: str | None
    error: str | None
    layers: tuple[Layer, ...] = ()
    curve: Mapping[str, list[Any]] = field(default_factory=dict)
    statistics: Mapping[str, list[Any]] = field(default_factory=dict)
    diagnosis: tuple[Finding, ...] | None = None
