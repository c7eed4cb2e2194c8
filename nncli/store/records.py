"""What the store takes and gives: plain dataclasses, so that no SQLAlchemy type leaves the store.

Times are UTC text such as ``2026-03-01T09:30:00.000Z``: it sorts, reads well in any SQL shell, and
both SQLite's date functions and PostgreSQL's casts take it. ``None`` means not known or not
measured; NaN and infinities are real values and come back as they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED = ("completed", "early_stopped", "diverged", "pruned", "interrupted", "failed")
"""The statuses with which a run can be finished; a sweep stops a run that is ``pruned``."""

WHOLE = ("completed", "early_stopped")
"""The statuses of a run that did all that its spec asked for."""

FINAL = (*WHOLE, "diverged", "pruned")
"""The statuses of a run that has nothing left to do: its sweep does not start it again."""

STATUSES = ("running", *ENDED, "stale")
"""``running`` has a live process; ``stale`` was running when its process vanished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run about to start: all that is known before its first epoch.

    ``spec`` is the canonical JSON text whose hash is ``spec_hash``; it is stored as it is.
    ``data`` is the name or path of the data set, ``parent`` the uuid of the run whose spec this one
    repeats. ``versions`` and ``environment`` may serve many runs, and are not changed once given.
    """

    data: str
    data_hash: str
    task: str
    seed: int
    spec: str
    spec_hash: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    epochs_planned: int | None = None
    parameters: int | None = None
    dtype: str | None = None
    threads: int | None = None
    cpu: str | None = None
    nncli_version: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, object] = field(default_factory=dict)
    git_commit: str | None = None
    git_dirty: bool | None = None
    parent: str | None = None
    sweep_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Results of a run so far. ``None`` leaves what is stored unchanged.

    The values of the last epoch (``epochs`` to ``val_rmse``) need not be given where curve rows are
    written: the store takes them from the last row. ``samples_per_second`` counts training rows.
    """

    epochs: int | None = None
    updates: int | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    train_accuracy: float | None = None
    val_accuracy: float | None = None
    train_rmse: float | None = None
    val_rmse: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    test_rmse: float | None = None
    best_epoch: int | None = None
    best_train_loss: float | None = None
    best_val_loss: float | None = None
    best_train_accuracy: float | None = None
    best_val_accuracy: float | None = None
    best_train_rmse: float | None = None
    best_val_rmse: float | None = None
    seconds_data: float | None = None
    seconds_compile: float | None = None
    seconds_train: float | None = None
    seconds_total: float | None = None
    samples_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One line of a list of runs. ``status`` is ``stale`` for a run whose process is gone."""

    id: int
    uuid: str
    name: str | None
    status: str
    data: str
    task: str
    seed: int
    sweep_id: int | None
    spec: str
    spec_hash: str
    data_hash: str
    created: str
    finished: str | None
    epochs: int
    epochs_planned: int | None
    updates: int
    parameters: int | None
    train_loss: float | None
    val_loss: float | None
    train_accuracy: float | None
    val_accuracy: float | None
    train_rmse: float | None
    val_rmse: float | None
    test_loss: float | None
    test_accuracy: float | None
    test_rmse: float | None
    best_epoch: int | None
    best_train_loss: float | None
    best_val_loss: float | None
    best_train_accuracy: float | None
    best_val_accuracy: float | None
    best_train_rmse: float | None
    best_val_rmse: float | None
    seconds_data: float | None
    seconds_compile: float | None
    seconds_train: float | None
    seconds_total: float | None
    samples_per_second: float | None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(RunRow):
    """All that is stored of a run, apart from its curve and its models."""

    parent: str | None
    started: str
    heartbeat: str
    host: str
    pid: int
    dtype: str | None
    threads: int | None
    cpu: str | None
    nncli_version: str | None
    git_commit: str | None
    git_dirty: bool | None
    note: str | None
    error: str | None
    versions: dict[str, str]
    environment: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model as it was after ``epoch``; the store looks into none of its parts.

    ``weights`` and ``state`` are safetensors bytes, ``info`` (layout, preprocessing) and
    ``state_info`` (random generator, schedule, ...) JSON text; ``state`` is what resuming needs
    beyond the weights.
    """

    epoch: int
    weights: bytes
    info: str = "{}"
    state: bytes | None = None
    state_info: str | None = None


CHECKED = ("catalogue", "options", "run")
"""What a gradient check is of: all that can be chosen, the network of some options, or a run's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGradcheck:
    """The outcome of a gradient check: how many checks there were, and how many of them failed.

    ``worst`` says in words where the largest relative error is. ``results`` is whatever JSON can
    hold; NaN and infinities in it are kept. ``run_id`` and ``spec`` say what was checked, where
    that is not the catalogue.
    """

    passed: bool
    checks: int
    failed: int
    max_relative_error: float | None
    seconds: float
    what: str = "catalogue"
    worst: str | None = None
    run_id: int | None = None
    spec: str | None = None
    nncli_version: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    results: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradcheck(NewGradcheck):
    """A gradient check that is stored."""

    id: int
    created: str
    host: str


def clean(value: Any) -> Any:
    """Replace what no database takes as text: bytes a shell passed undecoded, and NUL."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")
