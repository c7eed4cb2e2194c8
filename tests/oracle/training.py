"""A whole run: the same draws, orders, masks, curve and parameters as nncli's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.activations import Array
from oracle.initializers import draw
from oracle.losses import Settings
from oracle.network import Arrays, Loss, Network, backward, flat, forward, unflat
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
    elif name == "inverse_root":
        rate *= (epoch + 1) ** -0.5
    elif name == "plateau":
        rate *= plateau
    rising = spec.warmup * batches
    return rate * min(1.0, (update + 1) / rising) if rising else rate


def penalized(arrays: Arrays, gradients: Arrays, spec: Any) -> Arrays:
    """Clip the norm of the loss's gradient, then add the penalties' gradient for the weights.

    Decoupled weight decay is no part of the gradient: see :func:`decayed`.
    """
    norm = math.sqrt(sum((each**2).sum() for each in gradients.values()))
    shrink = min(1.0, spec.clip_norm / norm) if spec.clip_norm and norm > 0 else 1.0
    decay = 0.0 if spec.opt in DECOUPLED else spec.weight_decay
    found = {name: shrink * each for name, each in gradients.items()}
    for name, w in arrays.items():
        if name.endswith(" W"):
            found[name] = found[name] + decay * w + spec.l1 * np.sign(w)
    return found


#: Optimizers beside whose steps weights shrink, Loshchilov & Hutter 2019; Chen et al. 2023.
DECOUPLED = ("adamw", "lion")


def decayed(arrays: Arrays, spec: Any, rate: float) -> Arrays:
    """``W -= lr weight_decay W``, before the step of an optimizer that is decoupled from it."""
    if spec.opt not in DECOUPLED:
        return arrays
    return {
        name: each * (1 - rate * spec.weight_decay) if name.endswith(" W") else each
        for name, each in arrays.items()
    }


def metric(
    task: str,
    p: Array,
    y: Array,
    target_scale: Array | tuple[float, ...],
    threshold: float = 0.5,
) -> float:
    """Root mean squared error in the targets' units, or the share of right decisions."""
    if task == "regression":
        return float(np.sqrt((((p - y) * np.asarray(target_scale)) ** 2).mean()))
    if task == "multiclass":
        return float((p.argmax(axis=1) == y.argmax(axis=1)).mean())
    return float(((p > threshold) == (y > 0.5)).mean())


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


def class_weights(text: str | None, dataset: Any) -> tuple[float, ...] | None:
    """``balanced``: rows / (classes * rows of the class); ``1,2,1``; ``yes=3``, others being 1."""
    if text is None:
        return None
    classes = [str(each) for each in dataset.preprocessing.classes]
    if text == "balanced":
        codes = [int(each) for each in dataset.targets[dataset.train, 0]]
        counts = [codes.count(code) for code in range(len(classes))]
        return tuple(len(codes) / (len(classes) * max(1, count)) for count in counts)
    if "=" not in text:
        return tuple(float(each) for each in text.split(","))
    named = dict(each.split("=") for each in text.split(","))
    return tuple(float(named.get(each, 1)) for each in classes)


def loss_of(spec: Any, dataset: Any) -> Loss:
    """The loss of a resolved spec, with its number, smoothing and weights."""
    name, _, value = spec.loss.partition(":")
    weights = class_weights(spec.class_weight, dataset)
    return Loss(name, Settings(float(value or 1), spec.label_smoothing or 0.0, weights))


def network_of(spec: Any, dataset: Any) -> Network:
    depth = len(spec.hidden)
    acts, norms = list(spec.act), list(spec.bn or ("none",))
    return Network(
        widths=(dataset.width, *spec.hidden, dataset.outputs),
        activations=(*(acts * depth if len(acts) == 1 else acts), spec.out_act),
        norms=(*(norms * depth if len(norms) == 1 else norms), "none"),
        input_norm=spec.bn_input,
        momentum=spec.bn_momentum or 0.0,
        eps=spec.bn_eps or 0.0,
    )


def start_of(spec: Any, dataset: Any) -> tuple[int, Network, Arrays]:
    """The run's key, its network and the first numbers of that."""
    network = network_of(spec, dataset)
    rng = np.random.default_rng(spec.seed)
    key = int(rng.integers(0, 2**63))
    arrays: Arrays = {}
    for name, shape in (network.trained() | network.kept()).items():
        ones = name.endswith(("gamma", "running_var"))
        arrays[name] = np.ones(shape) if ones else np.zeros(shape)
    for layer in network.layers:
        name = f"layer {layer} W"
        arrays[name] = draw(rng, spec.init, network.activation(layer), *arrays[name].shape)
        if f"layer {layer} alpha" in arrays:
            arrays[f"layer {layer} alpha"][:] = network.number(layer)[0]
    for layer in network.layers:
        w, b = f"layer {layer} W", f"layer {layer} b"
        if spec.bias_init is not None and b in arrays:
            arrays[b] = draw(rng, spec.bias_init, "identity", *arrays[w].shape, rows=1)[0]
    if spec.init == "lsuv":
        rows = dataset.train[:: max(1, len(dataset.train) // LSUV_ROWS)][:LSUV_ROWS]
        scale_to_unit_variance(network, arrays, gathered(dataset, rows)[0])
    return key, network, arrays


#: Rows of the training split, evenly chosen, by which lsuv scales.
LSUV_ROWS = 256


def scale_to_unit_variance(network: Network, arrays: Arrays, x: Array) -> None:
    """Mishkin & Matas 2015, Alg. 1: layer by layer ``W /= std(h W)`` until that is 1."""
    for layer in network.layers:
        w = f"layer {layer} W"
        for _ in range(10):
            variance = float((forward(network, arrays, x).h[layer - 1] @ arrays[w]).var())
            if abs(variance - 1) < 1e-14:
                break
            arrays[w] = arrays[w] / math.sqrt(variance)


def masks_of(
    key: int, epoch: int, position: int, network: Network, rows: int, rate: float
) -> list[Array]:
    """Each hidden layer's mask of one mini-batch, over the probability of keeping."""
    if rate == 0:
        return []
    batch_key = derive(derive(key, epoch), position)
    return [
        dropout_mask(derive(batch_key, layer), rows, units, rate) / (1 - rate)
        for layer, units in enumerate(network.widths[1:-1])
    ]


def train(spec: Any, dataset: Any, theta: Array | None = None) -> Run:
    """Train as a resolved spec says; ``theta`` replaces the first numbers."""
    key, network, arrays = start_of(spec, dataset)
    if theta is not None:
        arrays = unflat(np.array(theta, np.float64), arrays)
    loss, optimizer = loss_of(spec, dataset), Optimizer(spec)
    threshold = 0.0 if loss.name == "hinge" else 0.5
    rows = [int(each) for each in dataset.train]
    size = len(rows) if spec.batch_size == "full" else min(spec.batch_size, len(rows))
    batches = math.ceil(len(rows) / size)
    target_scale = np.array(dataset.preprocessing.target_scale)
    curve: list[tuple[float, ...]] = []
    best_loss, best_epoch, best = math.inf, 0, flat(arrays)
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
            masks = masks_of(key, epoch - 1, position, network, len(x), spec.dropout)
            done = forward(network, arrays, x, masks, training=True)
            arrays = arrays | done.running
            row_losses = loss.of_rows(done, y)
            if not np.isfinite(row_losses.sum()):
                return Run("diverged", np.array(curve), flat(arrays), best, best_epoch)
            losses.extend(row_losses)
            found = metric(spec.task, done.p, y, target_scale, threshold)
            metrics.extend([found**2 if spec.task == "regression" else found] * len(y))
            gradients = backward(network, arrays, done, loss, y)
            norm = math.sqrt(float((flat(gradients) ** 2).sum()))
            rate = scheduled(spec, epoch - 1, update, batches, plateau)
            gradients = penalized(arrays, gradients, spec)
            arrays = decayed(arrays, spec, rate)
            trained = {name: arrays[name] for name in gradients}
            stepped = optimizer.step(flat(trained), flat(gradients), rate)
            arrays = arrays | unflat(stepped, trained)
            update += 1
        if epoch % spec.log_every == 0 or epoch == spec.epochs:
            train_loss, train_metric = float(np.mean(losses)), float(np.mean(metrics))
            val_loss = val_metric = math.nan
            if len(dataset.val):
                x, y = gathered(dataset, dataset.val)
                done = forward(network, arrays, x)
                val_loss = float(loss.of_rows(done, y).mean())
                val_metric = metric(spec.task, done.p, y, target_scale, threshold)
            if spec.task == "regression":
                train_metric = math.sqrt(train_metric)
            curve.append(
                (epoch, train_loss, train_metric, val_loss, val_metric, rate, norm, update)
            )
            watched = val_loss if len(dataset.val) else train_loss
            if watched < best_loss:
                best_loss, best_epoch, best = watched, epoch, flat(arrays)
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
    return Run(status, np.array(curve), flat(arrays), best, best_epoch)
