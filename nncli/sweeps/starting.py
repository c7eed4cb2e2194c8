"""From a definition to a sweep that runs: all checked before anything is written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nncli import __version__
from nncli.data import Dataset
from nncli.environment import available_cores, database_name
from nncli.errors import DataError, StoreError, UsageError
from nncli.experiment import Labels
from nncli.planning import Planner
from nncli.runner import expected_seconds
from nncli.spec import Spec
from nncli.store import NewSweep, Sweep, SweepStore
from nncli.sweeps.coordinator import Coordinator
from nncli.sweeps.definition import Definition
from nncli.sweeps.engines.work import Engine
from nncli.sweeps.events import Done, Opened, SweepEvent
from nncli.sweeps.search.guides import Guide, make_guide
from nncli.sweeps.search.objectives import Objective, check_objectives, default_objective
from nncli.sweeps.trials import Trials

#: Trials whose options are checked for contradictions before the first of them runs.
CHECKED = 2000

#: Trials that the time of all is guessed from.
GUESSED = 50

#: Seconds of a run besides its mini-batches: its arrays, and its rows in the database.
OVERHEAD = 0.002


@dataclass(frozen=True)
class Wish:
    """How a sweep is to be carried out; nothing of it changes what a run comes to."""

    db: str | None = None
    jobs: int | None = None  #: runs at a time; by default one a core
    dask: str | None = None  #: address of a scheduler, or ``local``
    rerun: bool = False
    fail_fast: bool = False
    labels: Labels = field(default_factory=Labels)
    sweep: int | None = None  #: a stored sweep to go on with, where another has its definition too


class Prepared:
    """A sweep that could begin: data there, options fitting together.

    Raises UsageError and DataError, before anything is written, for what cannot be run.
    """

    def __init__(
        self,
        definition: Definition,
        progress: Callable[[str, float | None], None] | None = None,
    ) -> None:
        self.definition = definition
        self.planner = Planner(progress)
        self.first = self._first_spec()
        self.objectives = self._read_objectives()
        self.guide = self._make_guide(definition.pruner)
        self._check_trials()
        self.guide.total = self.trials

    @cached_property
    def data_hashes(self) -> dict[str, str]:
        """The hash of each data set of the sweep, by name."""
        return {spec.data: self.planner.data_hash(spec) for spec in self._one_a_data_set()}

    @cached_property
    def trials(self) -> int | None:
        """The number of trials, ``None`` for a grid with conditions that is too long to count."""
        total = self.guide.total
        return self.definition.space.count() if total is None else total

    @property
    def notes(self) -> list[str]:
        """Return what is to be said of the data, and of a sweep in which nothing varies."""
        datasets = self._datasets()
        found = [
            note if len(datasets) == 1 else f"{each.name}: {note}"
            for each in datasets
            for note in each.notes
        ]
        if not self.definition.space.varied:
            found.append("one trial: nothing varies (lists of widths take bars: --hidden '8|16')")
        return found

    @property
    def runs(self) -> int | None:
        """The number of runs: every trial with every seed."""
        return None if self.trials is None else self.trials * len(self.definition.seeds)

    def _make_guide(self, pruner: str | None) -> Guide:
        """Return a guide that has proposed nothing yet."""
        definition = self.definition
        return make_guide(
            definition.space,
            sampler=definition.sampler,
            trials=definition.trials,
            seed=definition.sampler_seed,
            objectives=self.objectives,
            pruner=pruner,
            epochs=self._most_epochs(),
            seeds=len(definition.seeds),
        )

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the params of the trials, of a sampler that learns those of its first alone."""
        guide = self._make_guide(None)
        for number in itertools.count():
            params = guide.propose(number)
            if params is None:
                return
            yield params
            if guide.learns:
                return

    def guess_seconds(self, jobs: int) -> float | None:
        """Return about how long the sweep takes, by the operations of some of its trials."""
        if self.runs is None:
            return None
        some = [self._seconds(params) for params in itertools.islice(self.points(), GUESSED)]
        return sum(some) / len(some) * self.runs / jobs

    def _seconds(self, params: dict[str, Any]) -> float:
        plan = self.planner.plan(self.definition.spec(params, self.definition.seeds[0]))
        return expected_seconds(plan.spec, plan.model, plan.dataset) + OVERHEAD

    def _first_spec(self) -> Spec:
        space = self.definition.space
        if not space.axes:
            return self.definition.spec({}, self.definition.seeds[0])
        points = space.grid() if space.bound() is not None else iter([None])
        params = next(points, None)
        if params is None and space.bound() is not None:
            raise UsageError(
                "the sweep has no trial: its conditions and constraints "
                f"({'; '.join(space.constraints)}) leave nothing of the grid; loosen one"
            )
        if params is None:
            shares = [0.5] * len(space.order)
            params = replace(space, constraints=()).point(shares)
        return self.definition.spec(dict(params or {}), self.definition.seeds[0])

    def _one_a_data_set(self) -> list[Spec]:
        axis = self.definition.space.axes.get("data")
        names = [self.first.data] if axis is None else list(axis.values())
        return [replace(self.first, data=str(name)) for name in names]

    def _datasets(self) -> list[Dataset]:
        return [self.planner.dataset(spec) for spec in self._one_a_data_set()]

    def _read_objectives(self) -> tuple[Objective, ...]:
        """Return the objectives; raise UsageError for one that a data set does not have."""
        datasets = self._datasets()
        has_validation = all(len(each.val) > 0 for each in datasets)
        found = self.definition.read_objectives() or (default_objective(has_validation),)
        for each in datasets:
            splits = len(each.val) > 0, len(each.test) > 0
            check_objectives(found, each.task, *splits, pruner=self.definition.pruner)
        return found

    def _most_epochs(self) -> int:
        axis = self.definition.space.axes.get("epochs")
        if axis is None:
            return self.first.epochs
        return max(int(str(value)) for value in axis.values())  # whole numbers: they have an end

    def _check_trials(self) -> None:
        """Raise UsageError for the first trial whose options contradict each other.

        Also for a sampler that has nothing to draw from.
        """
        if self.definition.trials is not None and not self.definition.space.varied:
            raise UsageError(
                f"--trials {self.definition.trials}, and nothing varies: give an option a list or "
                "a range, such as --lr loguniform:1e-4:1e-1"
            )
        seed = self.definition.seeds[0]
        for number, params in enumerate(itertools.islice(self.points(), CHECKED)):
            try:
                self.planner.identify(self.definition.spec(params, seed))
            except UsageError as error:
                varied = self.definition.space.varied
                shown = " ".join(f"{name}={params[name]}" for name in varied if name in params)
                where = f"trial {number} ({shown}): " if shown else ""
                raise UsageError(f"{where}{error}") from None


def carry_out(
    prepared: Prepared,
    wish: Wish,
    *,
    observe: Callable[[SweepEvent], None] = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Do what is missing of a sweep, and record it.

    Raises StoreError for the database, and UsageError for a cluster that cannot be used.
    """
    with SweepStore(database_name(wish.db)) as store:
        engine = make_engine(prepared, wish)
        try:
            return _coordinate(prepared, wish, store, engine, observe, stop)
        finally:
            engine.close()


def make_engine(prepared: Prepared, wish: Wish) -> Engine:
    """Return what trains the runs: threads of this process, or a Dask cluster."""
    if wish.dask is not None:
        from nncli.sweeps.engines.dask_engine import DaskEngine

        return DaskEngine(wish.dask, wish.jobs)
    from nncli.sweeps.engines.threads import ThreadEngine

    return ThreadEngine(wish.jobs or available_cores())


def _coordinate(
    prepared: Prepared,
    wish: Wish,
    store: SweepStore,
    engine: Engine,
    observe: Callable[[SweepEvent], None],
    stop: Callable[[], bool],
) -> Done:
    sweep, is_new, reuse = _opened(prepared, wish, store)
    trials = Trials(
        prepared.definition,
        sweep.id,
        store=store,
        guide=prepared.guide,
        identify=prepared.planner.identify,
        objectives=prepared.objectives,
        observe=observe,
        reuse=reuse,
    )
    coordinator = Coordinator(
        trials,
        store=store,
        engine=engine,
        planner=prepared.planner,
        labels={"tags": wish.labels.tags},
        observe=observe,
        stop=stop,
        fail_fast=wish.fail_fast,
    )
    names = tuple(each.name for each in prepared.objectives)
    observe(Opened(sweep.id, sweep.name, is_new, prepared.runs, engine.slots, names))
    done = coordinator.run()
    observe(done)
    return done


def _opened(prepared: Prepared, wish: Wish, store: SweepStore) -> tuple[Sweep, bool, bool]:
    """Return the sweep in the database, whether it was made now, and whether it takes others' runs.

    One that goes on may have more trials now, and other words on what it is about.
    """
    row = _row(prepared, wish)
    if wish.sweep is None:
        sweep, is_new = store.open_sweep(row, fresh=wish.rerun)
    else:
        sweep, is_new = store.find_sweep(wish.sweep), False
    kept, about = json.loads(sweep.definition), prepared.definition.about
    given = {"name": wish.labels.name, "note": wish.labels.note}
    changed = {name: value for name, value in given.items() if value and not is_new}
    now: dict[str, Any] = {"trials": prepared.definition.trials}
    if about is not None:  # asked for without a word on it, a sweep keeps what it is about
        now["about"] = about.to_json()
    if any(kept.get(name) != value for name, value in now.items()):
        kept |= now
        changed["definition"] = json.dumps(kept, ensure_ascii=False)
    if changed:
        store.change_sweep(sweep.id, **changed)
        sweep = store.find_sweep(sweep.id)
    return sweep, is_new, not kept["fresh"]


def _row(prepared: Prepared, wish: Wish) -> NewSweep:
    definition, labels = prepared.definition, wish.labels
    circumstances = {"folder": str(Path.cwd()), "fresh": wish.rerun}
    return NewSweep(
        data=", ".join(prepared.data_hashes),
        definition=json.dumps({**definition.to_json(), **circumstances}, ensure_ascii=False),
        definition_hash=definition.hash(prepared.data_hashes),
        name=labels.name,
        tags=labels.tags,
        note=labels.note,
        nncli_version=__version__,
    )


def stored_sweep(reference: str, db: str | None = None) -> tuple[Sweep, Definition, Path]:
    """Return a stored sweep, its definition, and the folder that it began in, to go on with.

    Raises StoreError for an unknown one, and for one that a person has changed.
    """
    with SweepStore(database_name(db)) as store:
        sweep = store.find_sweep(reference)
    try:
        values = json.loads(sweep.definition)
        return sweep, Definition.from_json(values), Path(values["folder"])
    except (ValueError, LookupError, TypeError, UsageError) as error:
        raise StoreError(
            f"the definition of sweep {sweep.id} is damaged ({error}): start it anew from its "
            "options"
        ) from error


def check_same_data(prepared: Prepared, sweep: Sweep) -> None:
    """Raise DataError if the data are not those that a stored sweep began with."""
    if prepared.definition.hash(prepared.data_hashes) != sweep.definition_hash:
        raise DataError(
            f"the data '{sweep.data}' have changed since sweep {sweep.id} began: start it anew "
            "from its options"
        )
