"""A network layer by layer in NumPy, with every sum and activation kept: for looking inside.

Training and predictions run natively and keep what they need. Here the same activation kernels run
as the plain Python that they are, between NumPy's products, at inference: no unit is dropped, and
Batch Normalization uses the running statistics. Made for a few rows at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.kernels.parts import Activation
from nncli.model import Layer, Model

Array = NDArray[Any]


@dataclass(frozen=True)
class Step:
    """What one layer computes of (n, fan_in): its inputs, sums ``z``, ``a = f(z)`` and output."""

    inputs: Array
    z: Array
    a: Array
    fed: Array


class Layerwise:
    """A model with its numbers ``theta`` (size,), in the type of ``theta``."""

    def __init__(self, model: Model, theta: Array, norm_eps: float) -> None:
        self.model, self.eps = model, norm_eps
        self.views = model.views(theta)

    def forward(self, x: Array) -> list[Step]:
        """Return every layer's step for scaled inputs ``x`` (n, inputs)."""
        steps, inputs = [], self.first_inputs(x)
        for number in range(1, len(self.model.layers) + 1):
            steps.append(self.step(number, inputs))
            inputs = steps[-1].fed
        return steps

    def first_inputs(self, x: Array) -> Array:
        """Return what the first layer is fed for scaled inputs ``x`` (n, inputs)."""
        scale, shift = self.normal("input") if self.model.input_norm else (1.0, 0.0)
        return x * scale + shift

    def step(self, number: int, inputs: Array) -> Step:
        """Return what layer ``number`` (from 1) computes of its inputs (n, fan_in)."""
        norm = self.model.layers[number - 1].norm
        z = inputs @ self.views[f"layer {number} W"]
        if norm != "before":
            z = z + self.views[f"layer {number} b"]
        else:
            scale, shift = self.normal(f"layer {number}")
            z = z * scale + shift
        a = fed = self.activate(number, z)
        if norm == "after":
            scale, shift = self.normal(f"layer {number}")
            fed = a * scale + shift
        return Step(inputs, z, a, fed)

    def activate(self, number: int, z: Array) -> Array:
        """Return ``f(z)`` of layer ``number`` (from 1)."""
        a = np.empty_like(z)
        part, parameters = self._activation(number)
        with np.errstate(all="ignore"):
            part.forward(z.ravel(), a.reshape(-1), parameters, z.shape[1])
        return a

    def pull_back(self, number: int, step: Step, d_a: Array) -> Array:
        """Return dL/dz of layer ``number`` from dL/da, both (n, fan_out)."""
        part, parameters = self._activation(number)
        d = np.array(d_a, step.z.dtype)
        unused = np.zeros(step.z.shape[1], step.z.dtype)
        with np.errstate(all="ignore"):
            part.backward(
                step.z.ravel(), step.a.ravel(), d.reshape(-1), parameters, unused, step.z.shape[1]
            )
        return d

    def jacobian(self, x: Array) -> Array:
        """Return dp/dx at one row of scaled inputs (inputs,), as (outputs, inputs).

        Row k is the backward pass of the k-th unit vector at the output.
        """
        outputs = self.model.outputs
        steps = self.forward(np.repeat(x[None], outputs, axis=0))
        d = np.eye(outputs, dtype=x.dtype)
        for number in range(len(steps), 0, -1):
            layer = self.model.layers[number - 1]
            if layer.norm == "after":
                d = d * self.normal(f"layer {number}")[0]
            d = self.pull_back(number, steps[number - 1], d)
            if layer.norm == "before":
                d = d * self.normal(f"layer {number}")[0]
            d = d @ self.views[f"layer {number} W"].T
        return d * self.normal("input")[0] if self.model.input_norm else d

    def _activation(self, number: int) -> tuple[Activation, Array]:
        layer: Layer = self.model.layers[number - 1]
        name = f"layer {number} alpha"
        dtype = self.views["layer 1 W"].dtype
        return layer.choice.part, self.views.get(name, np.zeros(1, dtype))

    def normal(self, owner: str) -> tuple[Array, Array]:
        """Return factor and shift of a Batch Normalization at inference."""
        factor = self.views[f"{owner} gamma"] / np.sqrt(
            self.views[f"{owner} running_var"] + self.eps
        )
        shift = self.views[f"{owner} beta"] - self.views[f"{owner} running_mean"] * factor
        return factor, shift


__all__ = ["Layerwise", "Step"]
