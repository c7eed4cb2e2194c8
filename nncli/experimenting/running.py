"""Experiments run one after another in one process, and judged.

What runs need is there once for all: imports, machine code, and the data that the cache has read.
An experiment that was run before only does what is missing of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nncli.environment import database_name
from nncli.errors import DataError
from nncli.events import Compiling
from nncli.experiment import Labels
from nncli.experimenting.catalogue import Experiment
from nncli.experimenting.checking import checked
from nncli.sweeps.events import Counts, SweepEvent
from nncli.sweeps.request import Request
from nncli.sweeps.space.about import About
from nncli.sweeps.starting import Prepared, Wish, carry_out

if TYPE_CHECKING:
    from nncli.judging import Verdict


@dataclass(frozen=True)
class Begun:
    """An experiment begins, the ``number``-th ``of`` so many."""

    experiment: Experiment
    number: int
    of: int
    runs: int | None


@dataclass(frozen=True)
class Outcome:
    """What an experiment came to, in the form that was run.

    ``sweep`` is None for one that could not be run, and ``reason`` says why. One that was
    ``stopped`` is judged by what is there, and ``command`` goes on with it.
    """

    experiment: Experiment
    about: About
    sweep: int | None = None
    verdicts: tuple[Verdict, ...] = ()
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    stopped: bool = False
    reason: str | None = None
    command: str = ""

    @property
    def errors(self) -> int:
        """How many runs failed; one that diverged is a result."""
        return self.counts.failed - self.counts.diverged


RunningEvent = Begun | Outcome | SweepEvent

_Observe = Callable[[RunningEvent], None]


@dataclass(frozen=True)
class Setting:
    """How experiments are run. ``skip`` leaves out those whose data cannot be had."""

    db: str | None = None
    jobs: int | None = None
    quick: bool = False
    skip: bool = False

    def command(self, experiment: Experiment) -> str:
        """Return the command that runs an experiment so, and goes on where it was stopped."""
        words = ["nncli", "experiment", "run", experiment.word]
        words += ["--quick"] if self.quick else []
        return shlex.join([*words, *(("--db", self.db) if self.db else ())])


def run(
    chosen: Sequence[Experiment],
    setting: Setting,
    *,
    observe: _Observe = lambda event: None,
    loading: Callable[[str, float | None], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """Run experiments, judge each, and return what they came to, up to one that was stopped.

    Raises DataError, where ``setting`` does not skip it, for data that cannot be had.
    """
    requests = [checked(each, quick=setting.quick) for each in chosen]  # before any is run
    outcomes: list[Outcome] = []
    missing: dict[str, str] = {}
    compiled = _Once(observe)
    for number, (experiment, request) in enumerate(zip(chosen, requests, strict=True), 1):
        if stop():
            break
        lacking = next((name for name in _data_of(request) if name in missing), None)
        reason = None if lacking is None else f"{lacking} is missing, as for {missing[lacking]}"
        prepared = None
        if reason is None:
            try:
                prepared = Prepared(request.definition, loading)
                prepared.data_hashes  # noqa: B018  # reads what the first trials do not need
            except DataError as error:
                if not setting.skip:
                    raise
                reason = str(error)
                missing.update(dict.fromkeys(_data_of(request), experiment.name))
        if prepared is None:
            outcome = Outcome(experiment, experiment.about, reason=reason)
        else:
            observe(Begun(experiment, number, len(chosen), prepared.runs))
            outcome = _carried_out(experiment, prepared, request, setting, compiled, stop)
        observe(outcome)
        outcomes.append(outcome)
        if outcome.stopped:
            break
    return outcomes


def _carried_out(
    experiment: Experiment,
    prepared: Prepared,
    request: Request,
    setting: Setting,
    observe: Callable[[SweepEvent], None],
    stop: Callable[[], bool],
) -> Outcome:
    labels = Labels(request.name, request.tags, request.note)
    wish = Wish(setting.db, setting.jobs or request.jobs, labels=labels)
    done = carry_out(prepared, wish, observe=observe, stop=stop)
    about = request.definition.about or experiment.about
    command = setting.command(experiment)
    return Outcome(
        experiment,
        about,
        done.sweep,
        judged(setting.db, done.sweep, about, command),
        done.counts,
        done.seconds,
        done.stopped,
        command=command,
    )


def judged(db: str | None, sweep: int, about: About, command: str) -> tuple[Verdict, ...]:
    """Return what a stored sweep says of the claims of the experiment that ``command`` runs."""
    if not about.claims:
        return ()
    from nncli.judging import judge
    from nncli.store.finding import ReportStore

    with ReportStore(database_name(db)) as store:
        return tuple(judge(store, sweep, about.claims, quick=about.quick, command=command))


def _data_of(request: Request) -> tuple[str, ...]:
    """Return the data sets of a sweep by name; the default one has none."""
    axis = request.definition.space.axes.get("data")
    return () if axis is None else tuple(map(str, axis.values()))


class _Once:
    """Hands events on; that machine code is made only the first time."""

    def __init__(self, observe: _Observe) -> None:
        self._observe, self._said = observe, False

    def __call__(self, event: SweepEvent) -> None:
        if isinstance(event, Compiling):
            if self._said:
                return
            self._said = True
        self._observe(event)
