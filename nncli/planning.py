"""From a spec to a plan: the data loaded, every open choice made, all of it checked.

Nothing is trained and nothing is stored here. A :class:`Planner` makes many plans and does what
they have in common once: it loads data and vets formulas.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from nncli.arrays import loss_settings
from nncli.data import DataOptions, Dataset, SharedData
from nncli.environment import Provenance
from nncli.model import Model
from nncli.resolving import resolve
from nncli.runner import check_memory
from nncli.spec import Spec
from nncli.store import NewRun
from nncli.trainer import threads_for
from nncli.vetting import vet

Progress = Callable[[str, float | None], None]

#: Ways of asking for data whose facts are kept at hand: a sweep has one for each data set and seed.
FACTS_KEPT = 128


@dataclass(frozen=True)
class Plan:
    """An experiment ready to train: data loaded, every open choice made."""

    asked: Spec
    spec: Spec
    dataset: Dataset
    model: Model
    data_seconds: float

    @property
    def layers(self) -> list[tuple[str, tuple[int, int], int, str]]:
        """Return name, shape of W, parameters and activation of each layer."""
        return [
            (f"layer {number}", (each.fan_in, each.fan_out), each.parameters, each.activation)
            for number, each in enumerate(self.model.layers, 1)
        ]

    @property
    def parameters(self) -> int:
        """Return the number of trainable numbers."""
        return self.model.parameters

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is to be said of the data."""
        return self.dataset.notes


class Planner:
    """Plans experiments that may share their data. For use by one thread."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._data = SharedData(progress)
        self._facts = functools.lru_cache(maxsize=FACTS_KEPT)(self._data.facts)
        self._vetted: set[tuple[object, ...]] = set()

    def dataset(self, spec: Spec) -> Dataset:
        """Return the data set of a spec. Raises DataError for data that cannot be read."""
        return self._data.load(data_options(spec))

    def data_hash(self, spec: Spec) -> str:
        """Return the hash of a spec's data, without splitting them."""
        return self._facts(data_options(spec)).hash

    def identify(self, spec: Spec) -> tuple[Spec, str]:
        """Return the resolved spec and the hash of its data: what an experiment is known by.

        Raises DataError for the data and UsageError for options that contradict each other.
        """
        facts = self._facts(data_options(spec))
        return resolve(spec, facts.task), facts.hash

    def plan(self, asked: Spec, spec: Spec | None = None) -> Plan:
        """Return the plan of an experiment; ``spec`` is the resolved one where that is known.

        Raises what :meth:`identify` raises.
        """
        began = time.perf_counter()
        dataset = self.dataset(asked)
        seconds = time.perf_counter() - began
        spec = spec or resolve(asked, dataset.task)
        model = Model.of(spec, dataset.width, dataset.outputs)
        loss_settings(spec, dataset)  # refuses class weights that do not fit
        formulas = (spec.act, spec.out_act, spec.loss, spec.dtype, dataset.hash)
        if formulas not in self._vetted:
            vet(spec, dataset, model)
            self._vetted.add(formulas)
        return Plan(asked, spec, dataset, model, seconds)


def plan(asked: Spec, *, progress: Progress | None = None) -> Plan:
    """Load the data, make the open choices and check the memory; nothing is trained.

    Raises DataError for the data and UsageError for options that contradict each other.
    """
    planned = Planner(progress).plan(asked)
    check_memory(planned.spec, planned.model, planned.dataset)
    return planned


def data_options(spec: Spec) -> DataOptions:
    """Return the part of a spec that the data layer needs."""
    return _data_options(
        source=spec.data,
        target=spec.target,
        columns=spec.columns,
        drop=spec.drop or (),
        header=False if spec.no_header else None,
        task=spec.task,
        val=spec.val,
        test=spec.test,
        scale=spec.scale,
        features=spec.features,
        seed=spec.seed,
        dtype=spec.dtype,
    )


@functools.lru_cache(maxsize=FACTS_KEPT)
def _data_options(**options: Any) -> DataOptions:
    """Return options of data, checked once where run after run has the same."""
    return DataOptions(**options)


def left_open(asked: Spec, spec: Spec | None) -> list[str]:
    """Return the options that nncli has chosen, so that repeating a run chooses them anew.

    All that were open where there is no resolved ``spec``.
    """
    values, chosen = vars(asked), {} if spec is None else vars(spec)
    return [
        name
        for name in _names()
        if (value := values[name]) in (None, "auto") and (spec is None or value != chosen[name])
    ]


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Spec))


def spec_json(spec: Spec) -> str:
    """Return a spec as the store keeps it."""
    return json.dumps(spec.to_json(), sort_keys=True, ensure_ascii=False)


def new_run(
    plan: Plan, provenance: Provenance, *, threads: int | None = None, **labels: Any
) -> NewRun:
    """Return the row of a run about to start.

    ``threads`` is the number of threads where the spec leaves it open; ``labels`` are fields of
    the row such as ``name``, ``tags``, ``parent`` and ``sweep_id``.
    """
    spec = plan.spec
    return NewRun(
        data=spec.data,
        data_hash=plan.dataset.hash,
        task=plan.dataset.task,
        seed=spec.seed,
        spec=spec_json(spec),
        spec_hash=spec.hash(),
        epochs_planned=spec.epochs,
        parameters=plan.parameters,
        dtype=spec.dtype,
        threads=spec.threads or threads or threads_for(spec, plan.model, plan.dataset),
        **_traces(provenance, left_open(plan.asked, spec)),
        **labels,
    )


def refused_run(
    asked: Spec, provenance: Provenance, *, threads: int | None = None, **labels: Any
) -> NewRun:
    """Return the row of a run that could not be planned, with its spec as it was asked for."""
    return NewRun(
        data=asked.data,
        data_hash="",
        task=asked.task or "",
        seed=asked.seed,
        spec=spec_json(asked),
        spec_hash=asked.hash(),
        epochs_planned=asked.epochs,
        dtype=asked.dtype,
        threads=threads,
        **_traces(provenance, left_open(asked, None)),
        **labels,
    )


def _traces(provenance: Provenance, left_open: list[str]) -> dict[str, Any]:
    """Return the columns of a run that say where it was made."""
    return {
        "cpu": provenance.cpu,
        "nncli_version": provenance.versions["nncli"],
        "versions": provenance.versions,
        "environment": _environment(provenance.folder, tuple(left_open)),
        "git_commit": provenance.commit,
        "git_dirty": provenance.dirty,
    }


@functools.lru_cache(maxsize=16)
def _environment(folder: str, left_open: tuple[str, ...]) -> dict[str, object]:
    """Return one mapping for all runs of a sweep, of which the store makes its text once."""
    return {"folder": folder, "left_open": list(left_open)}
