"""Training by L-BFGS: SciPy's optimizer over the loss of all training rows at once.

``scipy.optimize.minimize(method="L-BFGS-B")`` without bounds (Liu & Nocedal 1989; Zhu et al. 1997)
asks for loss and gradient as often as its line search needs; an epoch is one of its iterations. It
runs in a thread of its own, which waits after each iteration until the run wants the next one.
Its memory of past steps cannot be taken out: a run that is resumed goes through its first
iterations again, which come to the same bits, and on from there.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.arrays import scaled_rows
from nncli.data import Dataset
from nncli.events import Checkpoint
from nncli.kernels import control as c
from nncli.kernels import diagnosis
from nncli.kernels import hyper as h
from nncli.kernels.assemble import Assembly, assemble_gradients
from nncli.kernels.epoch import end_epoch
from nncli.kernels.jit import native
from nncli.model import Model
from nncli.spec import Spec
from nncli.trainer import Trainer, parts_of

#: Pairs of steps and gradient changes that it remembers.
MEMORY = 10

#: Rows that are scaled at a time.
CHUNK = 8192

#: It stops where no entry of the gradient is larger, or the loss falls by less than this share.
GRADIENT_TOLERANCE, LOSS_TOLERANCE = 1e-7, 1e-12


class LbfgsTrainer(Trainer):
    """A training whose epochs are iterations of L-BFGS."""

    def __init__(
        self,
        spec: Spec,
        model: Model,
        dataset: Dataset,
        assembly: Assembly,
        threads: int,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        super().__init__(spec, model, dataset, assembly, threads)
        self._gradients = assemble_gradients(parts_of(spec, model, dataset))
        self._start = self.theta[: model.parameters].astype(np.float64)
        self._hyper[h.RATE] = 1.0  # where the line search begins
        self._loss, self._gradient = np.nan, np.zeros(model.parameters)
        self._replayed = 0
        if spec.diagnose:
            self._diagnosis.before[:] = self.theta
        first_kept = self.theta[model.parameters :].copy()
        if checkpoint is not None:
            self._restore(checkpoint)
            self._replayed = self.epoch
            self.theta[: model.parameters] = self._start
            self.theta[model.parameters :] = first_kept
        for first in range(0, len(dataset.train), CHUNK):
            part = slice(first, first + CHUNK)
            x, y = scaled_rows(dataset, dataset.train[part])
            self._buffers.x[part], self._buffers.y[part] = x, y
        self._wanted = 0
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._worker: threading.Thread | None = None
        self._fault: BaseException | None = None
        self._abandoned = False

    def advance(self, budget: int) -> NDArray[np.float64]:
        """Do up to ``budget`` iterations; return the rows written to the curve."""
        self._wanted = min(budget, len(self._curve))
        self._control[c.CURVE_ROWS] = 0
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, daemon=True)
            self._worker.start()
        else:
            self._go.release()
        self._paused.acquire()
        if self._fault is not None:
            raise self._fault
        return self._curve[: self._control[c.CURVE_ROWS]].copy()

    def close(self) -> None:
        """End the search of a run that is not to go on."""
        if self._worker is not None and self._worker.is_alive():
            self._abandoned = True
            self._go.release()
            self._worker.join()

    def _work(self) -> None:
        """Minimize to the end; every iteration waits in :meth:`_after_iteration`."""
        try:
            from scipy.optimize import minimize

            found = minimize(
                self._evaluate,
                self._start,
                jac=True,
                method="L-BFGS-B",
                callback=self._after_iteration,
                options={
                    "maxiter": self.spec.epochs,
                    "maxfun": 100 * self.spec.epochs,
                    "maxcor": MEMORY,
                    "gtol": GRADIENT_TOLERANCE,
                    "ftol": LOSS_TOLERANCE,
                },
            )
            if not self._abandoned:
                self._end(found.x)
        except BaseException as error:
            self._fault = error
        finally:
            self._paused.release()

    def _evaluate(self, trained: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return loss and gradient, the L2 penalty included, at ``trained`` (parameters,)."""
        self.theta[: trained.size] = trained
        self._loss = self._loss_and_gradient()
        gradient = self._d_theta[: trained.size].astype(np.float64)
        self._gradient = gradient
        decay = self.spec.weight_decay or 0.0
        total, pulled = self._loss, gradient
        if decay:
            pulled = gradient.copy()
            for parameter in self.model.layout:
                if parameter.trained and parameter.name.endswith(" W"):
                    place = slice(parameter.start, parameter.start + parameter.size)
                    pulled[place] += decay * trained[place]
                    total += decay / 2 * float(trained[place] @ trained[place])
        return total, pulled

    def _loss_and_gradient(self) -> float:
        """Fill ``d_theta``, on all threads, and return the mean loss of the training rows."""
        parts = np.zeros(self.threads)

        def work(rank: int) -> None:
            parts[rank] = self._gradients.loss_and_gradient(
                *(rank, self.threads, True, self._network, self._d_theta, self._buffers),
                *(self._own_buffers[rank].panel, self._gradients.functions),
                *(bool(self._control[c.FUSED]), len(self._train), 0.0, np.uint64(0)),
                self._counter,
            )

        self._on_all_ranks(work)
        return float(parts.sum())

    def _after_iteration(self, intermediate_result: Any) -> None:
        """Close an epoch; wait if it was the last one wanted, and stop where the run is over."""
        accepted = np.asarray(intermediate_result.x)
        if not np.array_equal(self.theta[: accepted.size], accepted.astype(self.theta.dtype)):
            self._evaluate(accepted)  # the line search looked further than it went
        if self._replayed > 0:
            self._replayed -= 1
            if self.spec.diagnose:
                self._observe(logged=False)
            return
        self._close_epoch()
        self._wanted -= 1
        if self._control[c.STATUS] != c.RUNNING:
            raise StopIteration
        if self._wanted == 0:
            self._paused.release()
            self._go.acquire()
            if self._abandoned:
                raise StopIteration

    def _end(self, found: NDArray[np.float64]) -> None:
        """Close a search that has ended by itself: its last iteration is logged in any case."""
        if not np.isfinite(self._loss):
            self._control[c.STATUS] = c.DIVERGED
            self._numbers[c.LOSS_SUM] = self._loss
        if self._control[c.STATUS] != c.RUNNING:
            return
        if self.epoch % self.spec.log_every:
            self._evaluate(found)
            self._control[c.EPOCH] -= 1
            self._control[c.UPDATE] -= 1
            self._close_epoch(last=True)
        self._control[c.STATUS] = c.COMPLETED

    def _close_epoch(self, *, last: bool = False) -> None:
        """Write the curve's row for the parameters that an iteration has come to."""
        rows, epoch = len(self._train), self.epoch
        logged = last or (epoch + 1) % self.spec.log_every == 0 or epoch + 1 == self.spec.epochs
        metric = val_loss = val_metric = np.nan
        if logged:
            metric = self._sums_of(self._train)[1]
            if len(self._validation):
                val_loss, val_metric = self._sums_of(self._validation)
        self._numbers[c.LOSS_SUM], self._numbers[c.METRIC_SUM] = self._loss * rows, metric
        self._numbers[c.GRADIENT_NORM] = float(np.linalg.norm(self._gradient))
        self._sums[:] = 0
        self._sums[0, c.SUM_LOSS], self._sums[0, c.SUM_METRIC] = val_loss, val_metric
        self._control[c.UPDATE] += 1
        if not np.isfinite(self._loss):
            self._control[c.STATUS] = c.DIVERGED
            return
        if self.spec.diagnose:
            self._observe(logged)
        native(end_epoch)(
            *(logged, 1, self.theta, self.best_theta, rows, len(self._validation)),
            *(self._hyper, self._control, self._numbers, self._sums, self._curve),
        )

    def _observe(self, logged: bool) -> None:
        """Note what layers look like at the parameters that an iteration has come to.

        The iteration is the update, its gradient the one behind it, and all rows the mini-batch.
        """
        observe, row = native(diagnosis.observe), int(self._control[c.CURVE_ROWS])
        phases = (diagnosis.ACTIVATIONS, diagnosis.UPDATES, diagnosis.GRADIENTS, diagnosis.RESULTS)
        for phase in phases if logged else (diagnosis.GRADIENTS,):
            observe(
                *(phase, 0, 1, self._network, self._d_theta, self._buffers),
                *(self._own_buffers[0].panel, self._diagnosis, len(self._train)),
                row if phase == diagnosis.RESULTS else 1,
            )

    def _sums_of(self, index: NDArray[np.int64]) -> tuple[float, float]:
        """Return the summed loss and metric of stored rows at the parameters as they are."""
        loss, metric = self.assembly.evaluate(
            *(self._network, self._rows, self._own_buffers[0], self.assembly.functions),
            *(bool(self._control[c.FUSED]), index, 0, len(index)),
            *(self._metric_weights, self._counter),
        )
        return loss, metric
