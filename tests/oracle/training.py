"""A whole run: the same draws, orders, masks, curve and parameters as nncli's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.activations import Array
from oracle.initializers import draw
from oracle.losses import LOSSES
from oracle.network import Parameters, backward, flat, forward, unflat
from oracle.optimizers import Optimizer
from oracle.randomness import derive, dropout_mask, shuffled


def scheduled(spec: Any, epoch: int, update: int, batches: int, plateau: float) -> float:
    """The rate of update ``update`` (from 0) in ``epoch`` (from 0)."""
    name, *given = spec.schedule.split(":")
    numbers = [float(each) for each in given]
    rate: float = spec.lr
    if name == "step":
        every, factor = (numbers + [10, 0.5][len(numbers) :])[:2]
        rate *= factor ** (epoch // every)
    elif name == "exp":
        rate *= (numbers or [0.95])[0] ** epoch
    elif name == "cosine":
        floor = (numbers or [0.0])[0]
        along = update / (batches * spec.epochs)
        rate *= floor + (1 - floor) * (1 + math.cos(math.pi * along)) / 2
    elif name == "plateau":
        rate *= plateau
    rising = spec.warmup * batches
    return rate * min(1.0, (update + 1) / rising) if rising else rate


def penalized(parameters: Parameters, gradients: Parameters, spec: Any) -> Parameters:
    """Clip the norm of the loss's gradient, then add the penalties' gradient for the weights."""
    norm = math.sqrt(sum((part**2).sum() for layer in gradients for part in layer))
    shrink = min(1.0, spec.clip_norm / norm) if spec.clip_norm and norm > 0 else 1.0
    return [
        (shrink * d_w + spec.weight_decay * w + spec.l1 * np.sign(w), shrink * d_b)
        for (d_w, d_b), (w, _) in zip(gradients, parameters, strict=True)
    ]


def metric(task: str, p: Array, y: Array, target_scale: Array | tuple[float, ...]) -> float:
    """Root mean squared error in the targets' units, or the share of right decisions."""
    if task == "regression":
        return float(np.sqrt((((p - y) * np.asarray(target_scale)) ** 2).mean()))
    if task == "multiclass":
        return float((p.argmax(axis=1) == y.argmax(axis=1)).mean())
    return float(((p > 0.5) == (y > 0.5)).mean())


@dataclass
class Run:
    """What a training comes to. A row of ``curve`` has the columns of :data:`COLUMNS`."""

    status: str
    curve: Array
    theta: Array
    best_theta: Array
    best_epoch: int


COLUMNS = (
    *("epoch", "train_loss", "train_metric", "val_loss", "val_metric"),
    *("lr", "grad_norm", "updates"),
)


def gathered(dataset: Any, index: NDArray[np.int64]) -> tuple[Array, Array]:
    """Scaled inputs and, of class codes, one-hot targets of stored rows."""
    x = (np.asarray(dataset.rows[index], np.float64) - dataset.shift) * dataset.scale
    y = np.asarray(dataset.targets[index], np.float64)
    if dataset.outputs != y.shape[1]:
        y = np.eye(dataset.outputs)[y[:, 0].astype(int)]
    return x, y


def start_of(spec: Any, dataset: Any) -> tuple[int, Parameters, list[str]]:
    """The run's key, its first parameters and its layers' activations."""
    widths = [dataset.width, *spec.hidden, dataset.outputs]
    acts = list(spec.act) * len(spec.hidden) if len(spec.act) == 1 else list(spec.act)
    activations = [*acts, spec.out_act]
    rng = np.random.default_rng(spec.seed)
    key = int(rng.integers(0, 2**63))
    parameters: Parameters = []
    for fan_in, fan_out, name in zip(widths, widths[1:], activations, strict=False):
        parameters.append((draw(rng, spec.init, name, fan_in, fan_out), np.zeros(fan_out)))
    return key, parameters, activations


def masks_of(
    key: int, epoch: int, position: int, parameters: Parameters, rows: int, rate: float
) -> list[Array]:
    """Each hidden layer's mask of one mini-batch, over the probability of keeping."""
    if rate == 0:
        return []
    batch_key = derive(derive(key, epoch), position)
    return [
        dropout_mask(derive(batch_key, layer), rows, w.shape[1], rate) / (1 - rate)
        for layer, (w, _) in enumerate(parameters[:-1])
    ]


def train(spec: Any, dataset: Any, theta: Array | None = None) -> Run:
    """Train as a resolved spec says; ``theta`` replaces the drawn parameters."""
    key, parameters, activations = start_of(spec, dataset)
    if theta is not None:
        parameters = unflat(np.array(theta, np.float64), parameters)
    optimizer = Optimizer(spec)
    rows = [int(each) for each in dataset.train]
    size = len(rows) if spec.batch_size == "full" else min(spec.batch_size, len(rows))
    batches = math.ceil(len(rows) / size)
    target_scale = np.array(dataset.preprocessing.target_scale)
    curve: list[tuple[float, ...]] = []
    best_loss, best_epoch, best = math.inf, 0, flat(parameters)
    plateau, plateau_best, plateau_epoch = 1.0, math.inf, 0
    status, update = "running", 0
    for epoch in range(1, spec.epochs + 1):
        order = shuffled(derive(key, epoch - 1), rows) if batches > 1 else rows
        losses: list[float] = []
        metrics: list[float] = []
        norm = rate = math.nan
        for position in range(batches):
            chosen = np.array(order[position * size : (position + 1) * size])
            x, y = gathered(dataset, chosen)
            masks = masks_of(key, epoch - 1, position, parameters, len(x), spec.dropout)
            done = forward(parameters, activations, x, masks)
            row_losses = LOSSES[spec.loss](done.p, y)
            if not np.isfinite(row_losses.sum()):
                now = flat(parameters)
                return Run("diverged", np.array(curve), now, best, best_epoch)
            losses.extend(row_losses)
            found = metric(spec.task, done.p, y, target_scale)
            metrics.extend([found**2 if spec.task == "regression" else found] * len(y))
            gradients = backward(parameters, activations, done, spec.loss, y)
            norm = math.sqrt(float((flat(gradients) ** 2).sum()))
            rate = scheduled(spec, epoch - 1, update, batches, plateau)
            gradients = penalized(parameters, gradients, spec)
            theta = optimizer.step(flat(parameters), flat(gradients), rate)
            parameters = unflat(theta, parameters)
            update += 1
        if epoch % spec.log_every == 0 or epoch == spec.epochs:
            train_loss, train_metric = float(np.mean(losses)), float(np.mean(metrics))
            val_loss = val_metric = math.nan
            if len(dataset.val):
                x, y = gathered(dataset, dataset.val)
                p = forward(parameters, activations, x).p
                val_loss = float(LOSSES[spec.loss](p, y).mean())
                val_metric = metric(spec.task, p, y, target_scale)
            if spec.task == "regression":
                train_metric = math.sqrt(train_metric)
            curve.append(
                (epoch, train_loss, train_metric, val_loss, val_metric, rate, norm, update)
            )
            watched = val_loss if len(dataset.val) else train_loss
            if watched < best_loss:
                best_loss, best_epoch, best = watched, epoch, flat(parameters)
            if watched < plateau_best:
                plateau_best, plateau_epoch = watched, epoch
            elif spec.schedule.startswith("plateau"):
                numbers = [float(each) for each in spec.schedule.split(":")[1:]]
                patience, factor = (numbers + [5, 0.5][len(numbers) :])[:2]
                if epoch - plateau_epoch >= patience:
                    plateau, plateau_epoch = plateau * factor, epoch
            if not math.isfinite(watched):
                status = "diverged"
            elif spec.early_stop and epoch - best_epoch >= spec.early_stop:
                status = "early_stopped"
        if status == "running" and epoch == spec.epochs:
            status = "completed"
        if status != "running":
            break
    return Run(status, np.array(curve), flat(parameters), best, best_epoch)
