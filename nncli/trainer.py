"""The arrays of one training, and the calls of the native loop that work on them.

A :class:`Trainer` owns parameters, optimizer state, buffers and the loop's counters. It hands them
to the native loop for a number of mini-batches at a time, once for each rank, and turns what
comes back into curve rows and checkpoints. It knows nothing of time, files or printing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.arrays import (
    aligned,
    frozen_index,
    hyper_parameters,
    initial_control,
    loss_settings,
    make_buffers,
    metric_weights,
    no_diagnosis,
    normal_settings,
    stored_rows,
)
from nncli.data import Dataset
from nncli.diagnosis import watching
from nncli.environment import available_cores
from nncli.errors import UsageError
from nncli.events import Checkpoint, CurveBlock, LayerBlock
from nncli.kernels import control as c
from nncli.kernels import hyper as h
from nncli.kernels.assemble import Assembly, Parts
from nncli.kernels.network import Network
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.model import Model
from nncli.spec import Spec
from nncli.starting import start

#: Rows that inference and validation take at a time.
INFERENCE_ROWS = 256

#: Rows of the curve that one call of the loop can write.
CURVE_CAPACITY = 4096

#: Operations of an update below which a second thread costs more than it brings.
THREADED_FLOPS = 3_000_000


def parts_of(spec: Spec, model: Model, dataset: Dataset) -> Parts:
    """Return the names of the kernels that a run of a resolved spec needs."""
    assert spec.loss is not None
    assert spec.task is not None
    return Parts(
        dtype=spec.dtype,
        storage=dataset.rows.dtype.name,
        activations=model.hidden_activations,
        output=model.layers[-1].choice.part.name,
        loss=choices.loss(spec.loss).part.name,
        optimizer=spec.opt,
        task=spec.task,
        normalizes=model.normalizes,
        diagnoses=spec.diagnose,
    )


def threads_for(spec: Spec, model: Model, dataset: Dataset) -> int:
    """Return the number of threads: as asked, else all cores for updates that are worth it."""
    if spec.threads is not None:
        return spec.threads
    if model.update_flops(batch_rows(spec, dataset)) < THREADED_FLOPS:
        return 1
    return available_cores()


def memory_needed(spec: Spec, model: Model, dataset: Dataset, threads: int) -> int:
    """Return the bytes that a :class:`Trainer` allocates, to be checked before it does."""
    itemsize = np.dtype(spec.dtype).itemsize
    slots = OPTIMIZERS[spec.opt].slots
    parameters = model.size * (3 + slots)
    a_row = dataset.width + 2 * dataset.outputs + (4 + model.normalizes) * model.units
    rows = batch_rows(spec, dataset) + threads * INFERENCE_ROWS
    indices = 8 * len(dataset.train)
    return itemsize * (parameters + rows * a_row) + indices


def batch_rows(spec: Spec, dataset: Dataset) -> int:
    """Return the rows of a full mini-batch: at most those of the training split."""
    rows = len(dataset.train)
    assert spec.batch_size is not None
    return rows if spec.batch_size == "full" else min(int(spec.batch_size), rows)


@dataclass(frozen=True)
class Evaluation:
    """Mean loss and metric of a split."""

    loss: float
    metric: float


class Trainer:
    """One training, from fresh parameters or from a checkpoint.

    ``spec`` is resolved. Raises UsageError if a checkpoint is of another network.
    """

    def __init__(
        self,
        spec: Spec,
        model: Model,
        dataset: Dataset,
        assembly: Assembly,
        threads: int,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.spec, self.model, self.dataset = spec, model, dataset
        self.assembly, self.threads = assembly, threads
        key, first = start(spec, model, dataset)
        theta = aligned(first.size, spec.dtype)
        theta[:] = first
        self.best_theta = first
        self._d_theta = aligned(first.size, spec.dtype)
        slots = max(1, OPTIMIZERS[spec.opt].slots)
        self.state = aligned((slots, model.parameters), spec.dtype)
        self._network = Network(
            model.table(), theta, loss_settings(spec, dataset), normal_settings(spec)
        )
        self._rows = stored_rows(dataset, spec.dtype)
        self._train = frozen_index(dataset.train)
        self._validation = frozen_index(dataset.val)
        self._order = np.empty(len(dataset.train), np.int64)
        dropout = spec.dropout > 0
        batch = batch_rows(spec, dataset)
        self._buffers = make_buffers(model, batch, spec.dtype, trains=True, dropout=dropout)
        self._own_buffers = [
            make_buffers(model, INFERENCE_ROWS, spec.dtype, trains=False) for _ in range(threads)
        ]
        self._metric_weights = metric_weights(dataset, spec)
        self._control, self._numbers = initial_control(spec, batch, key)
        self._hyper = hyper_parameters(spec)
        self._sums = np.zeros((threads, c.SUM_COLUMNS))
        capacity, self._diagnosis = CURVE_CAPACITY, no_diagnosis(spec.dtype)
        if spec.diagnose:
            capacity = watching.rows_of_a_call(model, threads, CURVE_CAPACITY)
            self._diagnosis = watching.make_diagnosis(
                model, threads, capacity, spec.dtype, assembly.functions.multiply
            )
        self._curve = np.empty((capacity, c.CURVE_COLUMNS))
        self._counter = np.zeros(1, np.int64)
        if checkpoint is not None:
            self._restore(checkpoint)

    @property
    def theta(self) -> NDArray[Any]:
        """Return the parameters as they are now, (parameters,)."""
        theta: NDArray[Any] = self._network.theta
        return theta

    @property
    def batches(self) -> int:
        """Return the number of mini-batches of an epoch."""
        return -(-len(self._train) // int(self._control[c.BATCH]))

    @property
    def epoch(self) -> int:
        """Return the number of completed epochs."""
        return int(self._control[c.EPOCH])

    @property
    def position(self) -> int:
        """Return the number of completed mini-batches of the current epoch."""
        return int(self._control[c.POSITION])

    @property
    def updates(self) -> int:
        """Return the number of completed updates."""
        return int(self._control[c.UPDATE])

    @property
    def best_epoch(self) -> int:
        """Return the epoch of the best parameters, or 0 before the first."""
        return int(self._control[c.BEST_EPOCH])

    @property
    def status(self) -> str:
        """Return ``running``, ``completed``, ``early_stopped`` or ``diverged``."""
        names = {c.COMPLETED: "completed", c.STOPPED_EARLY: "early_stopped", c.DIVERGED: "diverged"}
        return names.get(int(self._control[c.STATUS]), "running")

    @property
    def broke_off(self) -> bool:
        """Return whether the loss ceased to be a number in the middle of an epoch."""
        return self.status == "diverged" and not np.isfinite(self._numbers[c.LOSS_SUM])

    def advance(self, budget: int) -> NDArray[np.float64]:
        """Train for up to ``budget`` mini-batches; return the rows written to the curve.

        Rows have the columns of :mod:`nncli.kernels.control`.
        """
        # at most a row an epoch, and the native loop checks no bounds
        budget = min(budget, len(self._curve) * self.batches - self.position)
        self._control[c.CURVE_ROWS] = 0
        self._on_all_ranks(partial(self._call, budget))
        return self._curve[: self._control[c.CURVE_ROWS]].copy()

    def _on_all_ranks(self, work: Callable[[int], None]) -> None:
        """Call ``work`` with every rank at once, each in a thread of its own, and wait for all."""
        self._counter[0] = 0
        helpers = [
            threading.Thread(target=work, args=(rank,), daemon=True)
            for rank in range(1, self.threads)
        ]
        for helper in helpers:
            helper.start()
        work(0)
        for helper in helpers:
            helper.join()

    def _call(self, budget: int, rank: int) -> None:
        self.assembly.train(
            *(rank, self.threads, budget),
            *(self._network, self._d_theta, self.state, self.best_theta),
            *(self._rows, self._train, self._validation, self._order),
            *(self._buffers, self._own_buffers[rank], self.assembly.functions),
            *(self._metric_weights, self._hyper, self._control, self._numbers),
            *(self._sums, self._curve, self._diagnosis, self._counter),
        )

    def close(self) -> None:
        """Let go of what a training holds besides its arrays."""

    def broken_row(self, seconds: float) -> CurveBlock:
        """Return a row for the epoch in whose middle the loss ceased to be a number."""
        values = {
            "epoch": self.epoch + 1,
            "train_loss": float(self._numbers[c.LOSS_SUM]),
            "lr": float(self._hyper[h.RATE]),
            "seconds": seconds,
            "updates": self.updates,
        }
        return CurveBlock({name: np.array([value]) for name, value in values.items()})

    def block(self, rows: NDArray[np.float64], seconds: NDArray[np.float64]) -> CurveBlock:
        """Name the columns of rows that :meth:`advance` returned.

        ``seconds`` (rows,) are those of training since the run's start.
        """
        metric = "accuracy" if self.spec.task != "regression" else "rmse"
        columns = {
            "epoch": rows[:, c.CURVE_EPOCH].astype(np.int64),
            "train_loss": rows[:, c.CURVE_TRAIN_LOSS],
            f"train_{metric}": rows[:, c.CURVE_TRAIN_METRIC],
            "lr": rows[:, c.CURVE_RATE],
            "grad_norm": rows[:, c.CURVE_GRADIENT_NORM],
            "seconds": seconds,
            "updates": rows[:, c.CURVE_UPDATES].astype(np.int64),
        }
        if len(self._validation):
            columns["val_loss"] = rows[:, c.CURVE_VAL_LOSS]
            columns[f"val_{metric}"] = rows[:, c.CURVE_VAL_METRIC]
        return CurveBlock(columns)

    def layer_block(self, rows: NDArray[np.float64]) -> LayerBlock | None:
        """Return the layer statistics of the rows that :meth:`advance` has just returned.

        None where layers are not watched.
        """
        if not self.spec.diagnose or not len(rows):
            return None
        epochs = rows[:, c.CURVE_EPOCH].astype(np.int64)
        return watching.layer_block(self._diagnosis, self.model, epochs)

    def evaluate(self, index: NDArray[np.int64], theta: NDArray[Any]) -> Evaluation:
        """Return the loss and the metric of stored rows ``index`` under ``theta``."""
        network = self._network._replace(theta=theta)
        count = len(index)
        loss, metric = self.assembly.evaluate(
            *(network, self._rows, self._own_buffers[0], self.assembly.functions),
            *(bool(self._control[c.FUSED]), frozen_index(index), 0, count),
            *(self._metric_weights, self._counter),
        )
        mean = metric / count
        return Evaluation(loss / count, mean if self.spec.task != "regression" else mean**0.5)

    def checkpoint(self) -> Checkpoint:
        """Return a copy of all that this training has come to."""
        watched = {}
        if self.spec.diagnose and self.position:
            watched = {"diagnosis": watching.seen(self._diagnosis)}
        return Checkpoint(
            epoch=self.epoch,
            best_epoch=self.best_epoch,
            arrays={
                "theta": self.theta.copy(),
                "best_theta": self.best_theta.copy(),
                "state": self.state.copy(),
            },
            position={
                "control": self._position(),
                # as hexadecimal text a float keeps every bit, and infinity fits into JSON
                "numbers": [float(each).hex() for each in self._numbers],
                **watched,
            },
        )

    def _position(self) -> list[int]:
        """Return the counters of the loop, without one that tells of its last call alone."""
        control = self._control.copy()
        control[c.CURVE_ROWS] = 0
        found: list[int] = control.tolist()
        return found

    def _restore(self, checkpoint: Checkpoint) -> None:
        if checkpoint.arrays["theta"].shape != self.theta.shape:
            raise UsageError(
                f"the checkpoint has {checkpoint.arrays['theta'].size} numbers and this "
                f"network {self.theta.size}: resume with the run's own spec"
            )
        self.theta[:] = checkpoint.arrays["theta"]
        self.best_theta[:] = checkpoint.arrays["best_theta"]
        self.state[:] = checkpoint.arrays["state"]
        control = np.array(checkpoint.position["control"], np.int64)
        numbers = [float.fromhex(each) for each in checkpoint.position["numbers"]]
        self._control[c.KEY : c.POSITION_END] = control[c.KEY : c.POSITION_END]
        self._numbers[c.LOSS_SUM : len(numbers)] = numbers[c.LOSS_SUM :]
        self._control[c.ORDERED] = 0
        if self.spec.diagnose and "diagnosis" in checkpoint.position:
            watching.look_again(self._diagnosis, checkpoint.position["diagnosis"])
        if self.epoch < self._control[c.EPOCHS]:
            self._control[c.STATUS] = c.RUNNING
