"""Experiments as users know them: plan, train, record, resume.

This module joins the runner, which trains and knows no database, with the store, which keeps what
the recorder writes. The command line and the Python API both stand on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nncli import stored
from nncli.environment import Provenance, database_name
from nncli.errors import DataError, NncliError, StoreError, UsageError
from nncli.events import Event
from nncli.planning import Plan, new_run, plan, spec_json
from nncli.recorder import Before, Recorder, Result
from nncli.runner import METRICS, TEST_METRICS, run
from nncli.spec import Spec, former_defaults
from nncli.store import Curve, Run, RunStore

if TYPE_CHECKING:
    from nncli.events import Checkpoint
    from nncli.inference import Predictions, Predictor

Observer = Callable[[Event], None]


@dataclass(frozen=True)
class Labels:
    """What people write on a run; it changes nothing that is learned."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None

    def __post_init__(self) -> None:
        if self.tags:
            from nncli.store.care.labels import check_tag

            for tag in self.tags:
                check_tag(tag)
        if self.name is None:
            return
        if self.name.isdigit() or self.name == "last":
            raise UsageError(
                f"--name is '{self.name}', which already means a run: expected a name that is "
                "neither a number nor 'last'"
            )
        if not self.name.strip() or not self.name.isprintable():
            raise UsageError(f"--name is {self.name!r}: expected a text without line breaks")


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
    with RunStore(database_name(db)) as runs:
        new = new_run(plan, Provenance.now(), parent=parent, **asdict(labels or Labels()))
        run_id = runs.create_run(new)
        return _record(plan, runs, run_id, None, observe, stop, Before())


def completed(plan: Plan, *, db: str | None = None) -> Result | None:
    """Return what the newest completed run of a plan's spec on its data came to, if there is one.

    One whose layers are to be watched counts if they were; which weights are kept makes no
    difference.
    """
    with RunStore(database_name(db)) as runs:
        found = runs.find_completed(plan.spec.hash(), plan.dataset.hash, watched=plan.spec.diagnose)
        if found is None:
            return None
        kept = runs.get_run(found)
        database = runs.shown
    measured = {name: getattr(kept, name) for name in (*METRICS, *TEST_METRICS)}
    best = {name: getattr(kept, f"best_{name}") for name in METRICS}
    seconds = {
        phase: getattr(kept, f"seconds_{phase}") for phase in ("data", "compile", "train", "total")
    }
    return Result(
        run=kept.id,
        uuid=kept.uuid,
        status=kept.status,
        spec=plan.spec,
        epochs=kept.epochs,
        metrics=_known(measured),
        best=_known({"epoch": kept.best_epoch, **best}),
        seconds=_known(seconds),
        samples_per_second=kept.samples_per_second or 0.0,
        database=database,
        notes=plan.notes,
    )


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


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
    with RunStore(database_name(db)) as runs:
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
        begun, earlier = reopen(runs, kept.id, prepared)
        return _record(prepared, runs, kept.id, begun, observe, stop, earlier)


def reopen(runs: RunStore, run_id: int, plan: Plan) -> tuple[Checkpoint | None, Before]:
    """Take up a stored run that has ended or was left; return where it stands.

    That is its last checkpoint, None for one that begins again, and the seconds behind it.
    """
    kept, curve = runs.get_run(run_id), runs.curve(run_id)
    checkpoint = runs.reopen_run(
        run_id,
        epochs_planned=plan.spec.epochs,
        spec=spec_json(plan.spec),
        spec_hash=plan.spec.hash(),
        data_hash=plan.dataset.hash,
        task=plan.dataset.task,
        parameters=plan.parameters,
    )
    begun = stored.from_store(plan.model, checkpoint) if checkpoint else None
    earlier = Before(
        train=_seconds_at(curve, begun.epoch if begun else 0),
        compile=kept.seconds_compile or 0.0,
        data=kept.seconds_data or 0.0,
    )
    return begun, earlier


def spec_of(reference: str, *, db: str | None = None) -> tuple[Spec, str]:
    """Return the spec of a stored run as it was asked for, and the run's uuid."""
    with RunStore(database_name(db)) as runs:
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
    with RunStore(database_name(db)) as runs:
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


__all__ = [
    "Labels",
    "completed",
    "plan",
    "predict",
    "predictor",
    "reopen",
    "resume",
    "spec_of",
    "stored_network",
    "train",
]
