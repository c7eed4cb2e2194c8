"""What runs might have come to, drawn by a simple law instead of trained.

Every optimizer has a best learning rate; far below it the loss falls slowly, far above it the run
diverges. Validation loss rises again late in a run, so that the best epoch is not the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import stored
from nncli.events import Checkpoint
from nncli.model import Model
from nncli.spec import Spec
from nncli.store import Summary

BEST_RATES = {"sgd": 0.1, "momentum": 0.03, "rmsprop": 0.002, "adam": 0.005, "adamw": 0.006}
FLOORS = {"digits": 0.10, "iris": 0.06, "moons": 0.03, "sine": 0.01, "blobs": 0.005}
BETTER = {"relu": 0.0, "gelu": -0.02, "silu": -0.015, "tanh": 0.01}

UPDATES, SECONDS = 45, 0.004  # of an epoch

#: The rate, in powers of ten above the best one, from which runs diverge.
BREAKS = 1.4

#: Shares of runs that do not end by themselves; the rest of what does not diverge is completed.
ENDINGS = {"early_stopped": 0.05, "pruned": 0.02, "interrupted": 0.005, "failed": 0.004}


@dataclass(frozen=True)
class Drawn:
    """A run's end as the store takes it; a run that failed has no curve."""

    status: str
    curve: dict[str, NDArray[Any]] | None
    summary: Summary | None
    error: str | None = None


def draw_curves(rng: np.random.Generator, specs: Sequence[Spec]) -> list[Drawn]:
    """Draw how runs of these specs went; they have the same number of epochs, or nearly so."""
    most = max(each.epochs for each in specs)
    above = np.array([np.log10(each.lr or 0.01) - np.log10(BEST_RATES[each.opt]) for each in specs])
    floor = np.array([FLOORS[each.data] * (1 + BETTER[each.act[0]]) for each in specs])
    above += 0.05 * rng.standard_normal(len(specs))
    start = rng.uniform(0.9, 1.4, len(specs)) * np.where(floor > 0.02, 2.0, 0.8)
    speed = 0.25 * 10 ** np.clip(0.9 * above, -2, 0.4)
    noise = rng.standard_normal((2, len(specs), most))
    epoch = np.arange(1, most + 1)
    fall = np.exp(-speed[:, None] * epoch)  # (runs, epochs)
    train = (floor[:, None] * (0.4 + np.maximum(above, 0)[:, None]) + start[:, None] * fall) * (
        1 + 0.02 * noise[0]
    )
    rise = 0.004 * floor[:, None] * np.maximum(epoch - 0.5 * most, 0)
    val = np.abs(train * 1.02 + 0.6 * floor[:, None] + rise) * (1 + 0.03 * noise[1])
    norms = 2 * np.sqrt(train) * (1 + 0.1 * noise[1])
    ends = rng.choice(
        ["completed", *ENDINGS], len(specs), p=[1 - sum(ENDINGS.values()), *ENDINGS.values()]
    )
    lengths = rng.integers(max(1, most // 3), most + 1, len(specs))
    breaks = rng.integers(1, max(2, most // 4), len(specs))
    return [
        _drawn(spec, train[i], val[i], norms[i], str(ends[i]), int(lengths[i]), int(breaks[i]))
        if above[i] < BREAKS
        else _diverged(spec, train[i], val[i], norms[i], int(breaks[i]))
        for i, spec in enumerate(specs)
    ]


def _diverged(spec: Spec, train: Any, val: Any, norms: Any, length: int) -> Drawn:
    """A run whose loss grew beyond all bounds: its last row is infinite, or no number."""
    growth = 10.0 ** np.arange(length)
    train, val = train[:length] * growth, val[:length] * growth
    odd = (np.nan, np.inf)[spec.seed % 2]
    train[-1] = val[-1] = odd
    curve = _columns(spec, train, val, norms[:length], spec.lr or 0.0)
    curve["grad_norm"][-1] = np.inf
    message = f"the training loss is {odd} after epoch {length}: try a smaller --lr"
    return Drawn("diverged", curve, _summary(curve), message)


def _drawn(
    spec: Spec, train: Any, val: Any, norms: Any, status: str, length: int, broke: int
) -> Drawn:
    if status == "failed":
        return Drawn(status, None, None, "MemoryError: not enough memory")
    if status == "completed":
        length = spec.epochs
    elif status == "pruned":
        length = min(broke + 1, spec.epochs)
    curve = _columns(spec, train[:length], val[:length], norms[:length], spec.lr or 0.0)
    return Drawn(status, curve, _summary(curve))


def _columns(spec: Spec, train: Any, val: Any, norms: Any, rate: float) -> dict[str, Any]:
    epoch = np.arange(1, len(train) + 1)
    columns = {
        "epoch": epoch,
        "updates": UPDATES * epoch,
        "seconds": SECONDS * epoch,
        "train_loss": train,
        "val_loss": val,
        "lr": np.full(len(epoch), rate),
        "grad_norm": norms.copy(),
    }
    for split, losses in (("train", train), ("val", val)):
        if spec.task == "regression":
            columns[f"{split}_rmse"] = np.sqrt(losses)
        else:
            columns[f"{split}_accuracy"] = np.clip(np.nan_to_num(1 - 0.35 * losses), 0.1, 1)
    return columns


def _summary(curve: dict[str, Any]) -> Summary:
    """What a run comes to, the best epoch being that of the smallest validation loss."""
    finite = np.flatnonzero(np.isfinite(curve["val_loss"]))
    seconds = float(curve["seconds"][-1])
    times: dict[str, Any] = {"seconds_data": 0.002, "seconds_compile": 0.0}
    times |= {"seconds_train": seconds, "seconds_total": seconds + 0.01}
    if not len(finite):
        return Summary(samples_per_second=3.6e5, **times)
    place = finite[curve["val_loss"][finite].argmin()]
    names = [name for name in curve if name.startswith(("train_", "val_"))]
    best = {f"best_{name}": float(curve[name][place]) for name in names}
    return Summary(best_epoch=int(curve["epoch"][place]), samples_per_second=3.6e5, **best, **times)


def draw_layers(rng: np.random.Generator, drawn: Drawn, layers: int) -> dict[str, Any]:
    """Draw statistics of a run's layers in every epoch; a few layers die, which have no spread."""
    assert drawn.curve is not None
    epochs = len(drawn.curve["epoch"])
    count = epochs * layers
    dead = np.repeat(rng.beta(0.5, 6, layers)[None], epochs, axis=0).ravel()
    return {
        "epoch": np.repeat(drawn.curve["epoch"], layers),
        "layer": np.tile(np.arange(1, layers + 1), epochs),
        "grad_norm": np.repeat(drawn.curve["grad_norm"], layers) * rng.uniform(0.3, 0.9, count),
        "update_ratio": 0.002 * rng.lognormal(0, 0.5, count),
        "act_mean": 0.3 * rng.standard_normal(count),
        "act_std": rng.lognormal(0, 0.3, count),
        "saturated_frac": rng.beta(1, 9, count),
        "dead_frac": dead,
        "similarity": rng.uniform(0.4, 0.95, count),
    }


def model_of(rng: np.random.Generator, model: Model, drawn: Drawn, info: str) -> tuple[Any, Any]:
    """Draw the weights of a run, and return its models, last and best, as they are stored."""
    assert drawn.curve is not None
    last = int(drawn.curve["epoch"][-1])
    best = drawn.summary.best_epoch if drawn.summary else None
    arrays = {
        "theta": rng.standard_normal(model.size).astype(np.float32),
        "best_theta": rng.standard_normal(model.size).astype(np.float32),
        "state": np.zeros((2, model.size), np.float32),
    }
    return stored.to_store(model, Checkpoint(last, best or 0, arrays, {}), info)
