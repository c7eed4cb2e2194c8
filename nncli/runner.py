"""From a spec to a result: trains, and yields what happens as events.

The runner decides how long the native loop runs before Python looks up again: about 50 ms, in whole
epochs where they are short. Between two calls it reports progress, asks whether to stop, and
now and then yields a checkpoint. How it slices the run changes no bit of the result. It neither
prints nor stores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from nncli.data import Dataset
from nncli.environment import short_of_memory
from nncli.errors import NncliError, UsageError
from nncli.events import (
    Checkpoint,
    Compiling,
    CurveRow,
    Event,
    Finished,
    Progress,
    Saved,
    Started,
)
from nncli.kernels import control as c
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.model import Model
from nncli.spec import Spec
from nncli.trainer import (
    Trainer,
    batch_rows,
    memory_needed,
    parts_of,
    threads_for,
)

#: The losses and metrics of a curve row.
METRICS = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_rmse", "val_rmse")

#: What is measured at the end, on the test split.
TEST_METRICS = ("test_loss", "test_accuracy", "test_rmse")

#: Seconds between two looks up from the native loop.
GLANCE = 0.05

#: Seconds between two checkpoints, unless storing them took more than this share of the time.
SAVE_INTERVAL = 5.0
SAVE_SHARE = 0.05


def check_memory(spec: Spec, model: Model, dataset: Dataset, threads: int | None = None) -> None:
    """Raise UsageError, before anything is allocated, if the training would not fit into memory."""
    threads = threads or threads_for(spec, model, dataset)
    need = memory_needed(spec, model, dataset, threads)
    free = short_of_memory(need)
    if free is not None:
        raise UsageError(
            f"training this network needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB "
            "are free: choose smaller --hidden layers or a smaller --batch-size"
        )


def run(
    spec: Spec,
    dataset: Dataset,
    *,
    checkpoint: Checkpoint | None = None,
    seconds_before: float = 0.0,
    stop: Callable[[], bool] = lambda: False,
    threads: int | None = None,
    look_every: int | None = None,
) -> Iterator[Event]:
    """Train a resolved ``spec`` on ``dataset``, from ``checkpoint`` if there is one.

    ``stop`` is asked about every 50 ms, and at the end of every epoch that is a multiple of
    ``look_every``; once it is true the run ends as ``interrupted``. ``seconds_before`` is the
    training time that a resumed run has behind it, ``threads`` the number of threads where the spec
    leaves that open.
    """
    from nncli.kernels.assemble import assemble, is_compiled
    from nncli.kernels.jit import cache_folder

    model = Model.of(spec, dataset.width, dataset.outputs)
    threads = spec.threads or threads or threads_for(spec, model, dataset)
    check_memory(spec, model, dataset, threads)
    parts = parts_of(spec, model, dataset)
    if not is_compiled(parts):
        yield Compiling()
    began = time.perf_counter()
    try:
        assembly = assemble(parts)
    except OSError as error:
        raise NncliError(
            f"machine code cannot be kept in {cache_folder()} ({error.strerror}): free some space "
            "there, or set NNCLI_CACHE to another folder"
        ) from None
    trainer = _trainer_of(spec)(spec, model, dataset, assembly, threads, checkpoint)
    yield Started(model.parameters, threads, time.perf_counter() - began)
    try:
        yield from _train(trainer, seconds_before, stop, look_every)
    finally:
        trainer.close()


def _trainer_of(spec: Spec) -> type[Trainer]:
    """Return the trainer of an optimizer: the native loop, or SciPy around the native gradient."""
    if OPTIMIZERS[spec.opt].update is not None:
        return Trainer
    from nncli.lbfgs import LbfgsTrainer

    return LbfgsTrainer


def _train(
    trainer: Trainer, seconds_before: float, stop: Callable[[], bool], look_every: int | None
) -> Iterator[Event]:
    spec = trainer.spec
    first_update = trainer.updates
    batch_seconds = _first_guess(spec, trainer.model, trainer.dataset)
    train_seconds = 0.0
    last_row: CurveRow | None = None
    best_row: CurveRow | None = None
    saved = time.perf_counter()
    interval = SAVE_INTERVAL
    status = trainer.status
    while status == "running":
        budget = _budget(trainer, batch_seconds, look_every)
        updates_before = trainer.updates
        began = time.perf_counter()
        raw = trainer.advance(budget)
        elapsed = time.perf_counter() - began
        done = max(1, trainer.updates - updates_before)
        share = (raw[:, c.CURVE_UPDATES] - updates_before) / done
        rows = trainer.block(raw, seconds_before + train_seconds + share * elapsed)
        train_seconds += elapsed
        batch_seconds = 0.5 * batch_seconds + 0.5 * elapsed / done
        if len(rows):
            last_row = rows[-1]
            places = (rows.columns["epoch"] == trainer.best_epoch).nonzero()[0]
            best_row = rows[int(places[0])] if len(places) else best_row
        speed = _samples(trainer, first_update) / train_seconds
        fraction = trainer.updates / (trainer.batches * spec.epochs)
        remaining = trainer.batches * spec.epochs - trainer.updates
        left, layers = remaining * batch_seconds, trainer.layer_block(raw)
        yield Progress(trainer.epoch, spec.epochs, fraction, rows, speed, left, layers)
        status = trainer.status
        if trainer.broke_off:
            rows = trainer.broken_row(seconds_before + train_seconds)
            last_row = rows[-1]
            yield Progress(trainer.epoch, spec.epochs, fraction, rows, speed, 0.0)
        if status == "running" and stop():
            status = "interrupted"
        now = time.perf_counter()
        if status == "running" and now - saved >= interval:
            yield Saved(trainer.checkpoint())
            saved = time.perf_counter()
            interval = max(SAVE_INTERVAL, (saved - now) / SAVE_SHARE)
    yield _finished(trainer, status, last_row, best_row, train_seconds, first_update)


def expected_seconds(spec: Spec, model: Model, dataset: Dataset) -> float:
    """Return about how long a resolved spec trains on one thread, by its number of operations."""
    updates = spec.epochs * -(-len(dataset.train) // batch_rows(spec, dataset))
    return updates * _first_guess(spec, model, dataset)


def _first_guess(spec: Spec, model: Model, dataset: Dataset) -> float:
    """Return about how many seconds a mini-batch takes."""
    return model.update_flops(batch_rows(spec, dataset)) / 2e10 + 5e-6


def _budget(trainer: Trainer, batch_seconds: float, look_every: int | None) -> int:
    """Return the mini-batches until the next look up: whole epochs, or a part of one."""
    wanted = max(1, int(GLANCE / batch_seconds))
    left = trainer.batches - trainer.position
    if wanted < trainer.batches or trainer.position:
        return min(wanted, left)
    epochs = wanted // trainer.batches
    if look_every is not None:
        epochs = min(epochs, look_every - trainer.epoch % look_every)
    return epochs * trainer.batches


def _samples(trainer: Trainer, first_update: int) -> float:
    """Return the training rows seen since ``first_update``."""
    return (trainer.updates - first_update) * len(trainer.dataset.train) / trainer.batches


def _metrics(row: CurveRow | None) -> dict[str, float]:
    if row is None:
        return {}
    values = {name: getattr(row, name) for name in METRICS}
    return {name: value for name, value in values.items() if value is not None}


def _finished(
    trainer: Trainer,
    status: str,
    last_row: CurveRow | None,
    best_row: CurveRow | None,
    train_seconds: float,
    first_update: int,
) -> Finished:
    dataset, spec = trainer.dataset, trainer.spec
    test: dict[str, float] = {}
    if len(dataset.test) and status in ("completed", "early_stopped"):
        theta = trainer.theta if spec.save == "last" else trainer.best_theta
        found = trainer.evaluate(dataset.test, theta)
        metric = "test_rmse" if spec.task == "regression" else "test_accuracy"
        test = {"test_loss": found.loss, metric: found.metric}
    best: dict[str, float] = {}
    if best_row is not None:
        best = {"epoch": best_row.epoch, **_metrics(best_row)}
    message = None
    if status == "diverged":
        message = (
            f"the loss is no longer a number in epoch {trainer.epoch + 1}: try a smaller --lr "
            f"(it was {spec.lr:g}), --clip-norm 1, or another --init"
        )
    return Finished(
        status=status,
        checkpoint=trainer.checkpoint(),
        last=_metrics(last_row),
        best=best,
        test=test,
        train_seconds=train_seconds,
        samples_per_second=_samples(trainer, first_update) / max(train_seconds, 1e-9),
        message=message,
    )
