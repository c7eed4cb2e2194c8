"""What the store takes and gives of sweeps: plain dataclasses, as those of ``records.py``.

A *trial* is one configuration of a sweep, counted from 0; with one seed it is a row of ``trials``
and becomes a run. ``params`` is the JSON text of its options, the same for all seeds of a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["mine", "done", "busy"]
"""What came of asking for a trial: run it, it has its result already, or another process has it."""

STATES = ("claimed", "done", "dropped")
"""Of a trial: a process has it or had it; it has its run; it is not to be run at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSweep:
    """A sweep about to start. ``definition`` is JSON text that ``definition_hash`` is the hash of;
    ``data`` is the name or path of the data set, ``tags`` are those that its runs get.
    """

    data: str
    definition: str
    definition_hash: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    nncli_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(NewSweep):
    """A sweep that is stored; ``host`` is where it was started first."""

    id: int
    uuid: str
    created: str
    host: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A trial with one seed that a process would like to run."""

    number: int
    seed: int
    params: str
    spec_hash: str
    data_hash: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a ``Wanted``.

    ``mine``: it is this process's now; ``run_id`` is a run that was begun and can be gone on with.
    ``done``: ``run_id``, ``status`` and ``results`` are those of its run (None and empty for a
    trial that was dropped); a run that ``failed`` counts while the process that ran it is at work.
    ``busy``: a process that lives has it.

    The ``params`` given here count. They are not those asked for where another process had chosen
    the configuration of this number first; ``spec_hash`` is empty where only they are known.
    """

    number: int
    seed: int
    outcome: Outcome
    params: str
    spec_hash: str
    run_id: int | None = None
    status: str | None = None
    results: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a trial with one seed: ``done`` with a run, or ``dropped``."""

    number: int
    seed: int
    run_id: int | None = None
    state: Literal["done", "dropped"] = "done"


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial with one seed as it is stored.

    ``run_id`` and ``status`` are None where no run is there (any more), and ``status`` is ``stale``
    for a run whose process is gone. ``results`` holds the run's columns by name: losses, metrics,
    ``epochs``, ``best_epoch``, ``parameters`` and seconds. ``is_alive`` says whether the process
    that claimed the trial is still there.
    """

    number: int
    seed: int
    state: str
    params: str
    spec_hash: str
    process_id: int | None
    run_id: int | None
    status: str | None
    results: Mapping[str, float | None]
    is_alive: bool = False
