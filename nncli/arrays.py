"""The arrays that the native kernels work on, as NumPy allocates them: data, buffers, settings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.data import Dataset, class_counts
from nncli.errors import UsageError, did_you_mean
from nncli.kernels import control as c
from nncli.kernels import hyper as h
from nncli.kernels import settings
from nncli.kernels.calling import address
from nncli.kernels.network import Buffers, Diagnosis, Rows
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.tiles import panel_size
from nncli.model import Model
from nncli.options import positive
from nncli.reading import schedule_numbers
from nncli.spec import Spec

#: The largest weight of a class: beyond, float32 has nothing left for the others.
HEAVIEST = 1e6


#: Bytes of a cache line: vectors that begin on one are read and written in one piece.
LINE = 64


def aligned(shape: int | tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return an array of zeros that begins on a cache line, which NumPy's own need not."""
    length = shape if isinstance(shape, int) else math.prod(shape)
    kind = np.dtype(dtype)
    memory = np.zeros(length * kind.itemsize + LINE, np.uint8)
    return np.ndarray(shape, kind, memory, -address(memory) % LINE)


def make_buffers(
    model: Model, rows: int, dtype: str, *, trains: bool, dropout: bool = False
) -> Buffers:
    """Allocate the scratch for mini-batches of up to ``rows`` rows.

    What only the backward pass reads is left out unless the network ``trains``.
    """

    def flat() -> NDArray[Any]:
        return aligned(rows * model.units, dtype)

    after = any(layer.norm == "after" for layer in model.layers)
    a, d = flat(), flat()
    return Buffers(
        x=aligned((rows, model.inputs), dtype),
        y=aligned((rows, model.outputs), dtype),
        p=aligned((rows, model.outputs), dtype),
        z=flat(),
        a=a,
        h=flat() if dropout or after or model.input_norm else a,
        d=d,
        normed=flat() if model.normalizes and trains else d,
        mean=aligned(model.units, dtype),
        inverse=aligned(model.units, dtype),
        d_alpha=aligned(model.units, dtype),
        panel=aligned(panel_size(dtype), dtype),
    )


def read_only_bytes(rows: NDArray[Any]) -> NDArray[np.uint8]:
    """Return stored rows (n, width) as the bytes (n, row_bytes) that the gather kernels read."""
    view = np.ascontiguousarray(rows).view(np.uint8).view()
    view.flags.writeable = False
    return view


def stored_rows(dataset: Dataset, dtype: str) -> Rows:
    """Return the data set as the kernels take it."""
    targets = np.ascontiguousarray(dataset.targets, dtype).view()
    targets.flags.writeable = False
    return Rows(
        stored=read_only_bytes(dataset.rows),
        targets=targets,
        shift=np.ascontiguousarray(dataset.shift, dtype),
        scale=np.ascontiguousarray(dataset.scale, dtype),
    )


def scaled_rows(
    dataset: Dataset, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return inputs (n, width) and targets (n, outputs) of stored rows as the network gets them.

    In float64, and classes as one-hot rows; the kernels do the same for every mini-batch.
    """
    x = (np.asarray(dataset.rows[rows], np.float64) - dataset.shift) * dataset.scale
    y = np.asarray(dataset.targets[rows], np.float64)
    if dataset.outputs != y.shape[1]:
        y = np.eye(dataset.outputs)[y[:, 0].astype(int)]
    return x, y


def some_rows(dataset: Dataset, most: int) -> NDArray[np.int64]:
    """Return up to ``most`` rows of the training split, evenly chosen: files may be sorted."""
    step = max(1, len(dataset.train) // most)
    return dataset.train[::step][:most]


def frozen_index(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return an index array as the kernels take it: int64 and read-only."""
    view = np.ascontiguousarray(index, np.int64).view()
    view.flags.writeable = False
    return view


def metric_weights(dataset: Dataset, spec: Spec) -> NDArray[Any]:
    """Return what the metric kernel weighs outputs by: see :mod:`nncli.kernels.metrics`."""
    assert spec.loss is not None
    if spec.task == "regression":
        scale = np.broadcast_to(dataset.preprocessing.target_scale, (dataset.outputs,))
        return np.array(scale, spec.dtype)
    return np.full(dataset.outputs, choices.loss(spec.loss).part.threshold, spec.dtype)


def no_settings(outputs: int, dtype: str) -> NDArray[Any]:
    """Return a loss's settings where no loss is computed, (2 + classes,)."""
    return np.ones(settings.WEIGHTS + max(2, outputs), dtype)


def loss_settings(spec: Spec, dataset: Dataset) -> NDArray[Any]:
    """Return the settings of a resolved spec's loss: see :mod:`nncli.kernels.settings`.

    Raises UsageError for class weights that do not fit the classes.
    """
    assert spec.loss is not None
    found = no_settings(dataset.outputs, spec.dtype)
    found[settings.VALUE] = choices.loss(spec.loss).value or 0.0
    found[settings.SMOOTHING] = spec.label_smoothing or 0.0
    if spec.class_weight is not None:
        weights = class_weights(spec.class_weight, dataset)
        found[settings.WEIGHTS : settings.WEIGHTS + len(weights)] = weights
    return found


def class_weights(text: str, dataset: Dataset) -> NDArray[np.float64]:
    """Read ``balanced``, ``1,2,1`` in the order of the classes, or ``yes=3``, others being 1.

    Balanced weights are ``rows / (classes * rows of the class)`` of the training split, so that
    the classes weigh the same and the rows 1 on average. Raises UsageError for what does not fit.
    """
    classes = [str(each) for each in dataset.preprocessing.classes]
    if len(classes) < 2:
        raise UsageError(f"--class-weight means nothing to a {dataset.task} task: leave it out")
    if text == "balanced":
        counts = np.maximum(list(class_counts(dataset).values()), 1)
        return np.asarray(counts.sum() / (len(classes) * counts), np.float64)
    expected = f"expected balanced, {len(classes)} numbers, or NAME=NUMBER for some of the classes"
    parts = [part.strip() for part in text.split(",")]
    named = [part.rpartition("=") for part in parts]
    weights = np.ones(len(classes))
    try:
        if all(equals for _, equals, _ in named):
            if len({name for name, _, _ in named}) < len(named):
                raise ValueError("a class is named twice")
            for name, _, value in named:
                if name not in classes:
                    near = did_you_mean(name, classes)
                    raise UsageError(
                        f"--class-weight names the class '{name}': expected one of "
                        f"{', '.join(classes[:20])}{near}"
                    )
                weights[classes.index(name)] = _weight(value)
        elif len(parts) == len(classes):
            weights[:] = [_weight(part) for part in parts]
        else:
            raise ValueError(f"{len(parts)} numbers")
    except ValueError as error:
        raise UsageError(f"--class-weight is '{text}' ({error}): {expected}") from None
    return weights


def _weight(text: str) -> float:
    weight = positive(text)
    if weight > HEAVIEST:
        raise ValueError(f"{text} is more than {HEAVIEST:g}")
    return weight


def no_diagnosis(dtype: str) -> Diagnosis:
    """Return what the loop is handed where nothing is diagnosed."""
    one = np.zeros(1, dtype)
    return Diagnosis(
        limits=np.zeros((1, 1)),
        highest=one,
        before=one,
        scratch=np.zeros((1, 1), dtype),
        sums=np.zeros((1, 1, 1)),
        rows=np.zeros((1, 1, 1, 1)),
        multiply=0,
    )


def initial_control(
    spec: Spec, batch: int, key: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ``control`` and ``numbers`` of a run's start: see :mod:`nncli.kernels.control`."""
    assert spec.loss is not None
    control = np.zeros(c.CONTROL_SIZE, np.int64)
    control[c.EPOCHS] = spec.epochs
    control[c.BATCH] = batch
    control[c.PATIENCE] = spec.early_stop or 0
    control[c.LOG_EVERY] = spec.log_every
    control[c.FUSED] = choices.loss(spec.loss).part.fused
    control[c.CLASSIFIES] = spec.task != "regression"
    control[c.KEY] = key
    control[c.DIAGNOSE] = spec.diagnose
    numbers = np.zeros(c.NUMBERS_SIZE)
    numbers[c.RATE] = spec.lr or 0.0
    numbers[c.DROPOUT] = spec.dropout
    numbers[c.WARMUP] = spec.warmup
    numbers[c.SCHEDULE : c.SCHEDULE + 3] = schedule_numbers(spec.schedule)
    numbers[c.BEST_LOSS] = numbers[c.PLATEAU_BEST] = np.inf
    numbers[c.PLATEAU_FACTOR] = numbers[c.MOMENTUM_PRODUCT] = 1.0
    return control, numbers


def hyper_parameters(spec: Spec) -> NDArray[np.float64]:
    """Return what optimizers are told: see :mod:`nncli.kernels.hyper`."""
    hyper = np.zeros(h.SIZE)
    for place, value in (
        (h.MOMENTUM, spec.momentum),
        (h.RHO, spec.rho),
        (h.BETA1, spec.beta1),
        (h.BETA2, spec.beta2),
        (h.EPS, spec.eps),
        (h.EPS_INSIDE, spec.eps_inside),
        (h.BIAS_CORRECTION, h.BIAS_CORRECTIONS[spec.bias_correction]),
        (h.MOMENTUM_DECAY, -1.0 if spec.momentum_decay is None else spec.momentum_decay),
        (h.WEIGHT_DECAY, spec.weight_decay),
        (h.DECOUPLED, OPTIMIZERS[spec.opt].decoupled),
        (h.L1, spec.l1),
        (h.CLIP_NORM, spec.clip_norm),
    ):
        hyper[place] = value or 0.0
    return hyper


def normal_settings(spec: Spec) -> NDArray[Any]:
    """Return momentum and eps of Batch Normalization."""
    return np.array([spec.bn_momentum or 0.0, spec.bn_eps or 0.0], spec.dtype)
