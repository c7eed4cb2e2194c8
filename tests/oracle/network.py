"""Forward and backward pass of a network of dense layers.

The numbers of a network are arrays by name, ``layer 1 W``, in the order in which they stand in
``theta``: those that are trained, and behind them those that are only kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from oracle.activations import ACTIVATIONS, D_VALUE, PULLBACKS, Array
from oracle.losses import (
    LOSS_GRADIENTS,
    LOSSES,
    SUM_LOSS_GRADIENTS,
    SUM_LOSSES,
    Settings,
)
from oracle.normalization import Normalized, by_batch, by_running, pullback

#: Arrays of a network, or their gradients, by name.
Arrays = dict[str, Array]

#: Default numbers of the activations that have one, and whether it is learned.
NUMBERS = {"leaky_relu": (0.01, False), "prelu": (0.25, True), "elu": (1.0, False)}


@dataclass(frozen=True)
class Network:
    """What a network is besides its numbers; activations as written: ``prelu:0.1:unit``."""

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    norms: tuple[str, ...]
    input_norm: bool = False
    momentum: float = 0.1
    eps: float = 1e-5

    @property
    def layers(self) -> range:
        """Numbers of the layers, from 1."""
        return range(1, len(self.widths))

    def activation(self, layer: int) -> str:
        return self.activations[layer - 1].split(":")[0]

    def number(self, layer: int) -> tuple[float | None, str]:
        """The activation's number, and whose it is: ``fixed``, of the ``layer``, of a ``unit``."""
        name, *given = self.activations[layer - 1].split(":")
        if name not in NUMBERS:
            return None, "fixed"
        default, learned = NUMBERS[name]
        sharing = given[1] if len(given) > 1 else "layer"
        return float(given[0]) if given else default, sharing if learned else "fixed"

    def trained(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays that are trained."""
        found: dict[str, tuple[int, ...]] = {}
        if self.input_norm:
            found["input gamma"] = found["input beta"] = (self.widths[0],)
        for layer in self.layers:
            fan_in, units = self.widths[layer - 1 : layer + 1]
            norm, (value, sharing) = self.norms[layer - 1], self.number(layer)
            found[f"layer {layer} W"] = (fan_in, units)
            if norm != "before":
                found[f"layer {layer} b"] = (units,)
            if norm != "none":
                found[f"layer {layer} gamma"] = found[f"layer {layer} beta"] = (units,)
            if value is not None and sharing != "fixed":
                found[f"layer {layer} alpha"] = (units if sharing == "unit" else 1,)
        return found

    def kept(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays that are not trained."""
        found: dict[str, tuple[int, ...]] = {}
        if self.input_norm:
            found["input running_mean"] = found["input running_var"] = (self.widths[0],)
        for layer in self.layers:
            value, sharing = self.number(layer)
            if self.norms[layer - 1] != "none":
                units = (self.widths[layer],)
                found[f"layer {layer} running_mean"] = found[f"layer {layer} running_var"] = units
            if value is not None and sharing == "fixed":
                found[f"layer {layer} alpha"] = (1,)
        return found


@dataclass(frozen=True)
class Loss:
    """A loss with its settings."""

    name: str
    settings: Settings = field(default_factory=Settings)

    def of_rows(self, done: Pass, y: Array) -> Array:
        if self.name in SUM_LOSSES:
            return SUM_LOSSES[self.name](done.z[-1], y, self.settings)
        return LOSSES[self.name](done.p, y, self.settings)


@dataclass
class Pass:
    """What a forward pass has computed: per layer its inputs ``h`` and what f is of, ``z``.

    ``normals`` are the normalizations by their owner, ``running`` the running statistics after it.
    """

    h: list[Array] = field(default_factory=list)
    z: list[Array] = field(default_factory=list)
    masks: list[Array] = field(default_factory=list)
    normals: dict[str, Normalized] = field(default_factory=dict)
    running: Arrays = field(default_factory=dict)
    p: Array = field(default_factory=lambda: np.empty(0))


def forward(
    network: Network,
    arrays: Arrays,
    x: Array,
    masks: list[Array] | None = None,
    training: bool = False,
) -> Pass:
    """``z_l = h_{l-1} W_l + b_l``, ``h_l = f(z_l)``, hidden ones times their mask.

    Normalized before f, after it, and at the input: by the batch in training, else by what runs.
    """
    done = Pass(masks=masks or [])

    def normalize(owner: str, x: Array) -> Array:
        own = {name: arrays[f"{owner} {name}"] for name in ("gamma", "beta")}
        running = tuple(arrays[f"{owner} running_{name}"] for name in ("mean", "var"))
        if not training:
            return by_running(x, **own, running=running, eps=network.eps)
        found, moved = by_batch(x, **own, running=running, eps=network.eps, share=network.momentum)
        done.normals[owner] = found
        done.running[f"{owner} running_mean"], done.running[f"{owner} running_var"] = moved
        return found.y

    h = normalize("input", x) if network.input_norm else x
    for layer in network.layers:
        own, norm = f"layer {layer}", network.norms[layer - 1]
        z = h @ arrays[f"{own} W"]
        z = normalize(own, z) if norm == "before" else z + arrays[f"{own} b"]
        done.h.append(h)
        done.z.append(z)
        number = [arrays[f"{own} alpha"]] if f"{own} alpha" in arrays else []
        h = ACTIVATIONS[network.activation(layer)](z, *number)
        if norm == "after":
            h = normalize(own, h)
        if masks and layer < len(network.layers):
            h = h * masks[layer - 1]
    done.p = h
    return done


def backward(network: Network, arrays: Arrays, done: Pass, loss: Loss, y: Array) -> Arrays:
    """The gradient of the mean loss: ``dz = dh f'(z)``, ``dW = h^T dz``, ``dh_below = dz W^T``."""
    found: Arrays = {}

    def normalize(owner: str, d: Array) -> Array:
        d, found[f"{owner} gamma"], found[f"{owner} beta"] = pullback(done.normals[owner], d)
        return d

    fused = loss.name in SUM_LOSSES
    of_outputs = SUM_LOSS_GRADIENTS if fused else LOSS_GRADIENTS
    d = of_outputs[loss.name](done.z[-1] if fused else done.p, y, loss.settings) / len(y)
    for layer in reversed(network.layers):
        own, norm, last = f"layer {layer}", network.norms[layer - 1], layer == len(network.layers)
        if done.masks and not last:
            d = d * done.masks[layer - 1]
        if norm == "after":
            d = normalize(own, d)
        z, name = done.z[layer - 1], network.activation(layer)
        number = [arrays[f"{own} alpha"]] if f"{own} alpha" in arrays else []
        sharing = network.number(layer)[1]
        if sharing != "fixed":
            units = D_VALUE[name](z, d)
            found[f"{own} alpha"] = units if sharing == "unit" else np.array([units.sum()])
        if not (last and fused):
            d = PULLBACKS[name](z, d, *number)
        if norm == "before":
            d = normalize(own, d)
        else:
            found[f"{own} b"] = d.sum(axis=0)
        found[f"{own} W"] = done.h[layer - 1].T @ d
        d = d @ arrays[f"{own} W"].T
    if network.input_norm:
        normalize("input", d)
    return {name: found[name] for name in network.trained()}


def mean_loss(
    network: Network, arrays: Arrays, loss: Loss, x: Array, y: Array, training: bool = False
) -> float:
    return float(loss.of_rows(forward(network, arrays, x, training=training), y).mean())


def flat(arrays: Arrays) -> Array:
    """One array behind the other, each row by row."""
    return np.concatenate([each.ravel() for each in arrays.values()])


def unflat(vector: Array, like: Arrays) -> Arrays:
    found, start = {}, 0
    for name, each in like.items():
        found[name] = np.array(vector[start : start + each.size]).reshape(each.shape)
        start += each.size
    return found
