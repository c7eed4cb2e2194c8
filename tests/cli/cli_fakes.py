"""What calling nncli comes to, and a fake of what the command line stands on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from nncli.events import Checkpoint, CurveRow, Finished, Progress, Started
from nncli.resolving import resolve
from nncli.spec import Spec


@dataclass
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Outcome]


def row(epoch: int, loss: float = 0.5, **changes: Any) -> CurveRow:
    values: dict[str, Any] = {
        "train_loss": loss,
        "val_loss": 1.1 * loss,
        "train_accuracy": 0.9,
        "val_accuracy": 0.875,
        "train_rmse": None,
        "val_rmse": None,
        "lr": 0.001,
        "grad_norm": 1.0,
        "seconds": 0.01 * epoch,
        "updates": 45 * epoch,
    }
    return CurveRow(epoch=epoch, **{**values, **changes})


def progress(epoch: int, epochs: int, **changes: Any) -> Progress:
    return Progress(epoch, epochs, epoch / epochs, [row(epoch, **changes)], 123456.0, 12.0)


@dataclass
class FakeExperiment:
    """Stands for ``nncli.experiment``: remembers its calls, and trains nothing."""

    status: str = "completed"
    message: str | None = None
    error: Exception | None = None
    during: Callable[[Any], None] = lambda stop: None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    stored: Spec = field(default_factory=Spec)

    def plan(self, spec: Spec, *, progress: Any = None) -> Any:
        self.calls.append(("plan", {"spec": spec}))
        if self.error is not None:
            raise self.error
        resolved = resolve(spec, spec.task or "multiclass")
        layers = [("layer 1", (64, 64), 4160, "relu"), ("layer 2", (64, 10), 650, "softmax")]
        notes = ("task: multiclass, 10 classes in the target",)
        return SimpleNamespace(
            asked=spec, spec=resolved, layers=layers, parameters=4810, notes=notes
        )

    def train(self, plan: Any, *, observe: Any, stop: Any, **given: Any) -> Any:
        self.calls.append(("train", given))
        return self._run(plan.spec, observe, stop)

    def resume(self, reference: str, *, observe: Any, stop: Any, **given: Any) -> Any:
        self.calls.append(("resume", {"reference": reference, **given}))
        return self._run(resolve(self.stored, "multiclass"), observe, stop)

    def spec_of(self, reference: str, *, db: str | None = None) -> tuple[Spec, str]:
        self.calls.append(("spec_of", {"reference": reference, "db": db}))
        return self.stored, "0000-uuid"

    def Labels(self, **labels: Any) -> Any:
        return labels

    def _run(self, spec: Spec, observe: Any, stop: Any) -> Any:
        observe(Started(4810, 1, 0.0))
        for epoch in range(1, 101):
            observe(progress(epoch, 100, loss=1 / epoch))
        self.during(stop)
        status = "interrupted" if stop() else self.status
        last = {"train_loss": 0.01, "val_loss": 0.011, "val_accuracy": 0.875}
        best = {"epoch": 24, "train_loss": 0.02, "val_loss": 0.01, "val_accuracy": 0.9}
        test = {"test_accuracy": 0.88}
        checkpoint = Checkpoint(100, 24, {}, {})
        observe(Finished(status, checkpoint, last, best, test, 0.5, 123456.0))
        seconds = {"data": 0.01, "compile": 0.0, "train": 0.5, "total": 0.6}
        result = {
            "run": 12,
            "uuid": "5f0c-uuid",
            "status": status,
            "spec": spec.to_json(),
            "epochs": 100,
            "metrics": {**last, **test},
            "best": best,
            "seconds": seconds,
            "samples_per_second": 123456.0,
        }
        return SimpleNamespace(
            **{**result, "spec": spec}, message=self.message, diagnosis=None, to_json=lambda: result
        )


@dataclass
class FakePredictions:
    """What a prediction gives."""

    columns: tuple[str, ...] = ("prediction", "cat", "dog, big")
    rows: Any = (("cat", 0.75, 0.25), ("dog, big", 0.1, 0.9))
    notes: tuple[str, ...] = ("accuracy 0.9000 on 2 rows",)
