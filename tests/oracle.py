"""A naive NumPy implementation of everything that nncli trains with, in float64.

It is written from the equations of the source documents and papers, with no thought of speed or
of extreme arguments, and shares no code with the kernels. :func:`train` reproduces a whole run:
the same draws, orders, masks, curve and parameters. A sample is a row; ``z = h W + b``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Parameters of a network: (W, b) of each layer, from the input to the output.
Parameters = list[tuple[Array, Array]]

# --- activations: f(z), and the product of dL/da with the derivative of f at z ---------------


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array) -> Array:
    """Rows of exp(z_j) / sum_k exp(z_k); the row's maximum cancels."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def softmax_pullback(z: Array, d_a: Array) -> Array:
    """Row by row with the whole Jacobian, J_jk = p_j (1[j = k] - p_k)."""
    rows = []
    for p, d in zip(softmax(z), d_a, strict=True):
        jacobian = np.diag(p) - np.outer(p, p)
        rows.append(jacobian.T @ d)
    return np.array(rows)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "softmax": softmax,
}

PULLBACKS: dict[str, Callable[[Array, Array], Array]] = {
    "identity": lambda z, d: d,
    "sigmoid": lambda z, d: d * sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z, d: d * (1 - np.tanh(z) ** 2),
    "relu": lambda z, d: np.where(z > 0, d, 0.0),
    "softmax": softmax_pullback,
}

# --- losses: of each row, (rows,), and dL/dp, (rows, outputs) ---------------------------------

LOSSES: dict[str, Callable[[Array, Array], Array]] = {
    "squared_error": lambda p, y: ((p - y) ** 2).sum(axis=1),
    "mse": lambda p, y: ((p - y) ** 2).mean(axis=1),
    "binary_cross_entropy": lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1),
    "cross_entropy": lambda p, y: -(y * np.log(p)).sum(axis=1),
}

LOSS_GRADIENTS: dict[str, Callable[[Array, Array], Array]] = {
    "squared_error": lambda p, y: 2 * (p - y),
    "mse": lambda p, y: 2 * (p - y) / p.shape[1],
    "binary_cross_entropy": lambda p, y: (1 - y) / (1 - p) - y / p,
    "cross_entropy": lambda p, y: -y / p,
}

# --- hashed random numbers, in Python's unbounded integers ------------------------------------

TWO_64 = 2**64


def mix(h: int) -> int:
    """SplitMix64's finalizer (Steele, Lea & Flood 2014)."""
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 % TWO_64
    h = (h ^ (h >> 27)) * 0x94D049BB133111EB % TWO_64
    return h ^ (h >> 31)


def derive(key: int, position: int) -> int:
    """The output of SplitMix64 number ``position`` from the state ``key``."""
    return mix((key + 0x9E3779B97F4A7C15 * (position + 1)) % TWO_64)


def shuffled(key: int, values: list[int]) -> list[int]:
    """Fisher-Yates inside out: value i swaps in at a place drawn from 0..i."""
    result: list[int] = []
    for i, value in enumerate(values):
        place = (derive(key, i) >> 32) * (i + 1) >> 32
        result.append(value)
        result[i], result[place] = result[place], result[i]
    return result


def dropout_mask(key: int, rows: int, units: int, rate: float) -> Array:
    """1 where the hash of (key, unit's number in the batch) is above ``rate`` of its range."""
    limit = int(rate * TWO_64)
    hashes = [mix((key + place) % TWO_64) for place in range(rows * units)]
    return np.array([float(each >= limit) for each in hashes]).reshape(rows, units)


# --- the network ------------------------------------------------------------------------------


@dataclass
class Pass:
    """What a forward pass has computed: per layer the inputs ``h`` and sums ``z``; outputs."""

    h: list[Array]
    z: list[Array]
    masks: list[Array]
    p: Array


def forward(
    parameters: Parameters, activations: list[str], x: Array, masks: list[Array] | None = None
) -> Pass:
    """``z_l = h_{l-1} W_l + b_l``, ``h_l = f(z_l)``, hidden ones times their mask."""
    found = Pass([], [], masks or [], np.empty(0))
    h = x
    for layer, ((w, b), name) in enumerate(zip(parameters, activations, strict=True)):
        z = h @ w + b
        found.h.append(h)
        found.z.append(z)
        h = ACTIVATIONS[name](z)
        if masks and layer < len(parameters) - 1:
            h = h * masks[layer]
    found.p = h
    return found


def backward(
    parameters: Parameters, activations: list[str], done: Pass, loss: str, y: Array
) -> Parameters:
    """The gradient of the mean loss: ``dz = dh f'(z)``, ``dW = h^T dz``, ``dh_below = dz W^T``."""
    gradients: Parameters = []
    d_h = LOSS_GRADIENTS[loss](done.p, y) / len(y)
    for layer in reversed(range(len(parameters))):
        if done.masks and layer < len(parameters) - 1:
            d_h = d_h * done.masks[layer]
        d_z = PULLBACKS[activations[layer]](done.z[layer], d_h)
        gradients.insert(0, (done.h[layer].T @ d_z, d_z.sum(axis=0)))
        d_h = d_z @ parameters[layer][0].T
    return gradients


def mean_loss(
    parameters: Parameters, activations: list[str], loss: str, x: Array, y: Array
) -> float:
    return float(LOSSES[loss](forward(parameters, activations, x).p, y).mean())


def flat(parameters: Parameters) -> Array:
    """W row by row, then b, layer after layer."""
    return np.concatenate([part.ravel() for layer in parameters for part in layer])


def unflat(theta: Array, like: Parameters) -> Parameters:
    found, start = [], 0
    for w, b in like:
        middle, stop = start + w.size, start + w.size + b.size
        found.append((theta[start:middle].reshape(w.shape), theta[middle:stop]))
        start = stop
    return found


# --- initializers -----------------------------------------------------------------------------


def standard_deviation(init: str, fan_in: int, fan_out: int) -> float:
    """The documented standard deviation of a layer's weights; ``init`` may hold a value."""
    name, _, value = init.partition(":")
    if name == "normal":
        return float(value or 0.01)
    if name == "uniform":
        return float(value or 0.05) / math.sqrt(3)
    return {
        "constant": 0.0,
        "xavier": math.sqrt(2 / (fan_in + fan_out)),
        "xavier_uniform": math.sqrt(2 / (fan_in + fan_out)),
        "he": math.sqrt(2 / fan_in),
        "he_uniform": math.sqrt(2 / fan_in),
    }[name]


def draw(rng: np.random.Generator, init: str, activation: str, fan_in: int, fan_out: int) -> Array:
    """The weights of a layer: standard normal or uniform numbers, scaled."""
    if init == "auto":
        init = "he" if activation == "relu" else "xavier"
    deviation = standard_deviation(init, fan_in, fan_out)
    name, _, value = init.partition(":")
    if name == "constant":
        rng.uniform(size=(fan_in, fan_out))
        return np.full((fan_in, fan_out), float(value or 0))
    if name.startswith("uniform") or name.endswith("uniform"):
        limit = math.sqrt(3) * deviation
        return rng.uniform(-limit, limit, (fan_in, fan_out))
    return deviation * rng.standard_normal((fan_in, fan_out))


# --- optimizers: one step of theta, with a state that is kept between calls -------------------


@dataclass
class Optimizer:
    """The documents' update rules, one parameter vector at a time (K5-K10)."""

    spec: Any
    steps: int = 0
    memory: dict[str, Array] = field(default_factory=dict)

    def recall(self, name: str, like: Array) -> Array:
        return self.memory.get(name, np.zeros_like(like))

    def divided(self, g: Array, squares: Array) -> Array:
        eps = self.spec.eps
        root = np.sqrt(squares + eps) if self.spec.eps_inside else np.sqrt(squares) + eps
        return np.asarray(g / root)

    def step(self, theta: Array, g: Array, rate: float) -> Array:
        self.steps += 1
        spec, memory, t = self.spec, self.memory, self.steps
        if spec.opt == "sgd":
            return theta - rate * g
        if spec.opt == "momentum":
            memory["v"] = spec.momentum * self.recall("v", g) + rate * g
            return theta - memory["v"]
        if spec.opt == "adagrad":
            memory["G"] = self.recall("G", g) + g**2
            return theta - rate * self.divided(g, memory["G"])
        if spec.opt == "rmsprop":
            memory["G"] = spec.rho * self.recall("G", g) + (1 - spec.rho) * g**2
            return theta - rate * self.divided(g, memory["G"])
        if spec.opt == "adam":
            b1, b2 = spec.beta1, spec.beta2
            memory["v"] = b1 * self.recall("v", g) + (1 - b1) * g
            memory["G"] = b2 * self.recall("G", g) + (1 - b2) * g**2
            v, squares = memory["v"], memory["G"]
            if spec.bias_correction == "standard":
                v, squares = v / (1 - b1**t), squares / (1 - b2**t)
            elif spec.bias_correction == "constant":
                v, squares = v / (1 - b1), squares / (1 - b2)
            return theta - rate * self.divided(v, squares)
        raise AssertionError(spec.opt)


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


# --- metrics ----------------------------------------------------------------------------------


def metric(task: str, p: Array, y: Array, target_scale: Array | tuple[float, ...]) -> float:
    """Root mean squared error in the targets' units, or the share of right decisions."""
    if task == "regression":
        return float(np.sqrt((((p - y) * np.asarray(target_scale)) ** 2).mean()))
    if task == "multiclass":
        return float((p.argmax(axis=1) == y.argmax(axis=1)).mean())
    return float(((p > 0.5) == (y > 0.5)).mean())


# --- a whole run ------------------------------------------------------------------------------


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
