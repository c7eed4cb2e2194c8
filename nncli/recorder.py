"""Recording: a run's events as they are written into the store.

The recorder knows both sides, what the runner tells and what the store keeps, and neither of them
knows it. Curve rows are collected for a second at a time; a checkpoint goes into the store together
with the rows up to it, in one transaction.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from nncli import stored
from nncli.diagnosis import Finding, findings
from nncli.errors import StoreError
from nncli.events import (
    Compiling,
    CurveBlock,
    Event,
    Finished,
    LayerBlock,
    Progress,
    Saved,
    Started,
)
from nncli.planning import Plan
from nncli.runner import METRICS
from nncli.spec import Spec
from nncli.store import Curve, LayerStats, NewRun, RunStore, Summary
from nncli.store.clock import utc_now, utc_text

if TYPE_CHECKING:
    from nncli.events import Checkpoint

#: Seconds of curve rows that are collected before they are written.
FLUSH_INTERVAL = 1.0


@dataclass(frozen=True)
class Result:
    """What came of a run, and where it is kept."""

    run: int
    uuid: str
    status: str
    spec: Spec
    epochs: int
    metrics: dict[str, float]
    best: dict[str, float]
    seconds: dict[str, float]
    samples_per_second: float
    database: str
    message: str | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)
    diagnosis: tuple[Finding, ...] | None = None  #: None where layers were not watched

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``nncli train --json`` prints."""
        hidden = {"database", "message", "notes"}
        found = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name not in hidden
        }
        if self.diagnosis is None:
            del found["diagnosis"]
        else:
            found["diagnosis"] = [each.to_json() for each in self.diagnosis]
        return {**found, "spec": self.spec.to_json()}


@dataclass(frozen=True)
class Before:
    """Seconds that a resumed run has behind it, by phase."""

    train: float = 0.0
    compile: float = 0.0
    data: float = 0.0


class Recorder:
    """Writes a run's events into the store; curve rows a second at a time.

    ``run`` is the id of a run that is in the store, or one yet to be made. The latter is created
    with the first that is to be stored of it, and in one piece if that is its end, so that a run of
    milliseconds costs no more than its rows.
    """

    def __init__(
        self, plan: Plan, runs: RunStore, run: int | NewRun, before: Before | None = None
    ) -> None:
        self.plan, self.runs, self._before = plan, runs, before or Before()
        self.run_id = None if isinstance(run, NewRun) else run
        self._new = run if isinstance(run, NewRun) else None
        self.result: Result | None = None
        self._info = stored.description(plan.spec, plan.model, plan.dataset)
        self._blocks: list[CurveBlock] = []
        self._layers: list[LayerBlock] = []
        self._began = self._flushed = time.perf_counter()
        self._started = utc_text(utc_now())
        self._compile_seconds = 0.0

    def take(self, event: Event) -> None:
        """Store what an event brings."""
        match event:
            case Compiling():
                pass
            case Started(compile_seconds=seconds):
                self._compile_seconds = seconds
            case Progress(rows=rows, layers=layers):
                if layers is not None:
                    self._layers.append(layers)
                if len(rows):
                    assert isinstance(rows, CurveBlock)
                    self._blocks.append(rows)
                if time.perf_counter() - self._flushed >= FLUSH_INTERVAL:
                    self._save()
            case Saved(checkpoint=checkpoint):
                self._save(*self._models(checkpoint))
            case Finished():
                self._finish(event)

    def fail(self, error: BaseException) -> None:
        """Note a run that an error ended; what was written before stays."""
        if self.result is None and not isinstance(error, StoreError):
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            self._end(status, error=f"{type(error).__name__}: {error}")

    def _save(self, last: Any = None, best: Any = None) -> None:
        """Store what was collected, with models if there are any."""
        run_id = self._created()
        rows, layers = self._take_rows(), self._take_layers()
        self.runs.save(run_id, rows, layers=layers, last=last, best=best)

    def _end(self, status: str, **ending: Any) -> tuple[int, str]:
        """Store the end of the run with all that was collected; return its id and uuid."""
        rows, layers = self._take_rows(), self._take_layers()
        if self.run_id is None:
            assert self._new is not None
            self.run_id, uuid = self.runs.add_run(
                self._new, status, rows, layers=layers, started=self._started, **ending
            )
            return self.run_id, uuid
        self.runs.finish_run(self.run_id, status, rows, layers=layers, **ending)
        return self.run_id, self.runs.get_run(self.run_id).uuid

    def _created(self) -> int:
        """Return the id of the run, which is created if it is not there yet."""
        if self.run_id is None:
            assert self._new is not None
            self.run_id = self.runs.create_run(self._new)
        return self.run_id

    def _take_rows(self) -> Curve | None:
        """Return the collected rows as one curve."""
        blocks, self._blocks = self._blocks, []
        self._flushed = time.perf_counter()
        return _joined(blocks) if blocks else None

    def _take_layers(self) -> LayerStats | None:
        """Return the collected layer statistics."""
        blocks, self._layers = self._layers, []
        if not blocks:
            return None
        import numpy as np

        names = blocks[0].columns
        join: Any = np.ma.concatenate  # NumPy has left it untyped
        return LayerStats.of(
            {name: join([each.columns[name] for each in blocks]) for name in names}
        )

    def _diagnosis(self, run_id: int) -> tuple[Finding, ...] | None:
        """Return what is wrong with the run, by all that is stored; None if it was not watched."""
        if not self.plan.spec.diagnose:
            return None
        statistics, curve = self.runs.layer_stats(run_id), self.runs.curve(run_id)
        if not len(statistics):
            return None
        model, spec = self.plan.model, self.plan.spec
        return findings(statistics.values, curve.values, model.layers, spec.to_json())

    def _models(self, checkpoint: Checkpoint) -> tuple[Any, Any]:
        if self.plan.spec.save == "none":
            return None, None
        last, best = stored.to_store(self.plan.model, checkpoint, self._info)
        return last, best if self.plan.spec.save == "best" else None

    def _finish(self, event: Finished) -> None:
        checkpoint, best = event.checkpoint, event.best
        if not best and checkpoint.best_epoch:  # the best epoch was before the run was resumed
            assert self.run_id is not None
            best = _best_of(self.runs.curve(self.run_id), checkpoint.best_epoch)
        before = self._before
        now = time.perf_counter() - self._began + self.plan.data_seconds
        seconds = {
            "data": before.data + self.plan.data_seconds,
            "compile": before.compile + self._compile_seconds,
            "train": before.train + event.train_seconds,
            "total": before.data + before.compile + before.train + now,
        }
        values: dict[str, Any] = {
            "epochs": checkpoint.epoch,
            "best_epoch": checkpoint.best_epoch or None,
            "samples_per_second": event.samples_per_second,
            **event.test,
            **{f"best_{name}": value for name, value in best.items() if name != "epoch"},
            **{f"seconds_{name}": value for name, value in seconds.items()},
        }
        last, best_model = self._models(checkpoint)
        run_id, uuid = self._end(
            event.status,
            last=last,
            best=best_model,
            summary=Summary(**values),
            error=event.message,
        )
        self.result = Result(
            run=run_id,
            uuid=uuid,
            status=event.status,
            spec=self.plan.spec,
            epochs=checkpoint.epoch,
            metrics={**event.last, **event.test},
            best=best,
            seconds=seconds,
            samples_per_second=event.samples_per_second,
            database=self.runs.shown,
            message=event.message,
            notes=self.plan.notes,
            diagnosis=self._diagnosis(run_id),
        )


def _joined(blocks: list[CurveBlock]) -> Curve:
    """Return blocks as one curve; a column that a block lacks was not measured there."""
    if len(blocks) == 1:
        return Curve.of(blocks[0].columns)
    import numpy as np

    names = dict.fromkeys(name for block in blocks for name in block.columns)
    if all(len(block.columns) == len(names) for block in blocks):
        return Curve.of(
            {name: np.concatenate([each.columns[name] for each in blocks]) for name in names}
        )
    absent: Any = np.ma.masked_all  # NumPy has left these untyped
    join: Any = np.ma.concatenate
    return Curve.of(
        {
            name: join([each.columns.get(name, absent(len(each))) for each in blocks])
            for name in names
        }
    )


def _best_of(curve: Curve, epoch: int) -> dict[str, float]:
    """Return the row of an epoch out of a stored curve as a run's best metrics."""
    place = curve["epoch"] == epoch
    found: dict[str, float] = {"epoch": epoch}
    for name in METRICS:
        if curve.measured[name][place].any():
            found[name] = float(curve[name][place][0])
    return found
