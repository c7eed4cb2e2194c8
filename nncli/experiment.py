"""Experiments as users know them: plan, train, record, resume.

This module joins the runner, which trains and knows no database, with the store, which keeps what
the recorder writes. The command line and the Python API both stand on it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nncli import stored
from nncli.arrays import loss_settings
from nncli.data import DataOptions, load
from nncli.environment import git_state, package_versions, processor
from nncli.errors import DataError, NncliError, StoreError, UsageError
from nncli.events import Event
from nncli.model import Model
from nncli.recorder import Before, Plan, Recorder, Result
from nncli.resolving import resolve
from nncli.runner import check_memory, run
from nncli.spec import Spec, former_defaults
from nncli.store import Curve, NewRun, Run, RunStore
from nncli.trainer import threads_for
from nncli.vetting import vet

if TYPE_CHECKING:
    from nncli.events import Checkpoint
    from nncli.inference import Predictions, Predictor

Observer = Callable[[Event], None]


def default_database() -> str:
    """Return the database that is used when none is named: ``NNCLI_DB``, or ``results.db``."""
    return os.environ.get("NNCLI_DB") or "results.db"


@dataclass(frozen=True)
class Labels:
    """What people write on a run; it changes nothing that is learned."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None

    def __post_init__(self) -> None:
        if self.name is None:
            return
        if self.name.isdigit() or self.name == "last":
            raise UsageError(
                f"--name is '{self.name}', which already means a run: expected a name that is "
                "neither a number nor 'last'"
            )
        if not self.name.strip() or not self.name.isprintable():
            raise UsageError(f"--name is {self.name!r}: expected a text without line breaks")


def plan(spec: Spec, *, progress: Callable[[str, float | None], None] | None = None) -> Plan:
    """Load the data, make the open choices and check the memory; nothing is trained.

    Raises DataError for the data and UsageError for options that contradict each other.
    """
    began = time.perf_counter()
    dataset = load(data_options(spec), progress=progress)
    seconds = time.perf_counter() - began
    resolved = resolve(spec, dataset.task)
    model = Model.of(resolved, dataset.width, dataset.outputs)
    check_memory(resolved, model, dataset)
    loss_settings(resolved, dataset)  # refuses class weights that do not fit
    vet(resolved, dataset, model)
    return Plan(spec, resolved, dataset, model, seconds)


def data_options(spec: Spec) -> DataOptions:
    """Return the part of a spec that the data layer needs."""
    return DataOptions(
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


def train(
    plan: Plan,
    *,
    db: str | None = None,
    labels: Labels | None = None,
    observe: Observer = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    parent: str | None = None,
) -> Result:
    """Train a plan and record it; returns the result also of a run that diverged or was stopped.

    ``observe`` sees every event after it has been recorded. ``parent`` is the uuid of the run
    whose spec this one repeats.
    """
    with RunStore(db or default_database()) as runs:
        new = _new_run(plan, labels or Labels(), parent)
        run_id = runs.create_run(new)
        return _record(plan, runs, run_id, None, observe, stop, Before())


def resume(
    reference: str,
    *,
    db: str | None = None,
    epochs: int | None = None,
    observe: Observer = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    announce: Callable[[Plan], None] = lambda plan: None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Result:
    """Go on with a stored run from its last checkpoint, to ``epochs`` in all.

    An interrupted run comes to the very bits that it would have had in one go. Raises UsageError
    if nothing is left to do, DataError if the data have changed, StoreError for an unknown run.
    """
    with RunStore(db or default_database()) as runs:
        kept = runs.find_run(reference)
        asked = _asked(kept)
        total = epochs or asked.epochs
        if kept.status in ("completed", "early_stopped") and total <= kept.epochs:
            raise UsageError(
                f"run {kept.id} is {kept.status} after {kept.epochs} epochs: "
                f"name a larger total, such as --epochs {2 * kept.epochs}"
            )
        if total < kept.epochs:
            raise UsageError(
                f"run {kept.id} has done {kept.epochs} epochs already, more than --epochs {total}"
            )
        prepared = plan(replace(asked, epochs=total), progress=progress)
        if prepared.dataset.hash != kept.data_hash:
            raise DataError(
                f"the data '{kept.data}' have changed since run {kept.id}: "
                f"train anew with nncli train --from {kept.id}"
            )
        announce(prepared)
        before = runs.curve(kept.id)
        checkpoint = runs.reopen_run(
            kept.id,
            epochs_planned=total,
            spec=_spec_json(prepared.spec),
            spec_hash=prepared.spec.hash(),
        )
        begun = stored.from_store(prepared.model, checkpoint) if checkpoint else None
        earlier = Before(
            train=_seconds_at(before, begun.epoch if begun else 0),
            compile=kept.seconds_compile or 0.0,
            data=kept.seconds_data or 0.0,
        )
        return _record(prepared, runs, kept.id, begun, observe, stop, earlier)


def spec_of(reference: str, *, db: str | None = None) -> tuple[Spec, str]:
    """Return the spec of a stored run as it was asked for, and the run's uuid."""
    with RunStore(db or default_database()) as runs:
        kept = runs.find_run(reference)
        return _asked(kept), kept.uuid


def predictor(reference: str, *, db: str | None = None) -> Predictor:
    """Return the network of a stored run: its best weights if they were kept, else the last."""
    from nncli.inference import Predictor

    return Predictor(stored_network(reference, db=db)[2])


def stored_network(
    reference: str, *, db: str | None = None
) -> tuple[int, Spec, stored.StoredModel]:
    """Return a stored run's number, spec as it was asked for, and network with its best weights.

    The last weights where no others were kept. Raises NncliError if they are no numbers.
    """
    with RunStore(db or default_database()) as runs:
        kept = runs.find_run(reference)
        kind = "best" if kept.best_epoch else "last"
        try:
            model = runs.load_model(kept.id, kind)
        except StoreError:
            model = runs.load_model(kept.id, "last")
    network = stored.StoredModel.of(model)
    if not network.is_finite():
        raise NncliError(
            f"run {kept.id} ({kept.status}) keeps weights that are no numbers: there is nothing to "
            "predict with; train again with a smaller --lr"
        )
    return kept.id, _asked(kept), network


def predict(reference: str, path: str | Path, *, db: str | None = None) -> Predictions:
    """Apply the network of a stored run to a file."""
    return predictor(reference, db=db).predictions(path)


def _asked(kept: Run) -> Spec:
    """Return a stored run's spec with what nncli had chosen left open again.

    A data file that was named relative to another folder is found there.
    """
    try:
        values = dict(json.loads(kept.spec))
        left_open = kept.environment.get("left_open", [])
        assert isinstance(left_open, list)
        open_names = {*left_open, *former_defaults(values)}
        spec = Spec.read({name: value for name, value in values.items() if name not in open_names})
    except (UsageError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(
            f"the spec of run {kept.id} is damaged ({error}): train anew with options of your own"
        ) from error
    folder = Path(str(kept.environment.get("folder", "")))
    if not Path(spec.data).exists() and (folder / spec.data).exists():
        return replace(spec, data=str(folder / spec.data))
    return spec


def _seconds_at(curve: Curve, epoch: int) -> float:
    """Return the training seconds that a curve had taken by the end of an epoch."""
    done = curve["epoch"] <= epoch
    return float(curve["seconds"][done][-1]) if done.any() else 0.0


def _spec_json(spec: Spec) -> str:
    return json.dumps(spec.to_json(), sort_keys=True, ensure_ascii=False)


def _new_run(plan: Plan, labels: Labels, parent: str | None) -> NewRun:
    spec = plan.spec
    commit, dirty = git_state()
    asked, chosen = asdict(plan.asked), asdict(spec)
    return NewRun(
        data=spec.data,
        data_hash=plan.dataset.hash,
        task=plan.dataset.task,
        seed=spec.seed,
        spec=_spec_json(spec),
        spec_hash=spec.hash(),
        name=labels.name,
        tags=labels.tags,
        note=labels.note,
        epochs_planned=spec.epochs,
        parameters=plan.parameters,
        dtype=spec.dtype,
        threads=threads_for(spec, plan.model, plan.dataset),
        cpu=processor(),
        nncli_version=package_versions()["nncli"],
        versions=package_versions(),
        environment={
            "folder": str(Path.cwd()),
            "left_open": [
                name
                for name, value in asked.items()
                if value in (None, "auto") and value != chosen[name]
            ],
        },
        git_commit=commit,
        git_dirty=dirty,
        parent=parent,
    )


def _record(
    plan: Plan,
    runs: RunStore,
    run_id: int,
    checkpoint: Checkpoint | None,
    observe: Observer,
    stop: Callable[[], bool],
    before: Before,
) -> Result:
    """Train and write what happens into the store, then show it to ``observe``."""
    recorder = Recorder(plan, runs, run_id, before)
    try:
        for event in run(
            plan.spec,
            plan.dataset,
            checkpoint=checkpoint,
            seconds_before=before.train,
            stop=stop,
        ):
            recorder.take(event)
            observe(event)
    except BaseException as error:
        recorder.fail(error)
        raise
    assert recorder.result is not None
    return recorder.result
