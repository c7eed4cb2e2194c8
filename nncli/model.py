"""The network as NumPy sees it: named layers over one flat vector of parameters.

``theta`` holds every trainable number: of each layer W (fan_in, fan_out), row-major, and behind it
b (fan_out,). The layout is the only truth on where each parameter stands; kernels get it as a
table of integers and people as names such as ``layer 2 W[3,1]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.spec import Spec

Vector = NDArray[Any]


@dataclass(frozen=True)
class Parameter:
    """One array inside ``theta``: ``theta[start : start + size]`` seen as ``shape``."""

    name: str  #: such as ``layer 1 W``
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Return the number of elements."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Layer:
    """A dense layer ``a = f(h W + b)`` with W (fan_in, fan_out)."""

    fan_in: int
    fan_out: int
    activation: str

    @property
    def parameters(self) -> int:
        """Return the number of trainable numbers."""
        return (self.fan_in + 1) * self.fan_out


@dataclass(frozen=True)
class Model:
    """The shape of a network: its layers from the input to the output."""

    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, spec: Spec, inputs: int, outputs: int) -> Model:
        """Build the model of a resolved spec for ``inputs`` features and ``outputs`` outputs."""
        assert spec.out_act is not None
        widths = (inputs, *spec.hidden, outputs)
        activations = (*spec.layer_activations(), spec.out_act)
        return cls(
            tuple(Layer(*each) for each in zip(widths, widths[1:], activations, strict=False))
        )

    @property
    def parameters(self) -> int:
        """Return the number of trainable numbers of the network."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def units(self) -> int:
        """Return the number of units of all layers, the output's included."""
        return sum(layer.fan_out for layer in self.layers)

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """Return the different activations of the hidden layers, in order of appearance."""
        return tuple(dict.fromkeys(layer.activation for layer in self.layers[:-1]))

    def update_flops(self, rows: int) -> int:
        """Return the floating-point operations of the products of one update.

        Forward, weight gradient and input gradient take ``2 rows fan_in fan_out`` each; the
        first layer needs no input gradient.
        """
        products = [2 * rows * layer.fan_in * layer.fan_out for layer in self.layers]
        return 3 * sum(products) - products[0]

    @cached_property
    def layout(self) -> tuple[Parameter, ...]:
        """Return where each parameter stands in ``theta``."""
        found, start = [], 0
        for number, layer in enumerate(self.layers, 1):
            for kind, shape in (("W", (layer.fan_in, layer.fan_out)), ("b", (layer.fan_out,))):
                found.append(Parameter(f"layer {number} {kind}", start, shape))
                start += found[-1].size
        return tuple(found)

    def views(self, theta: Vector) -> dict[str, Vector]:
        """Return named views into ``theta`` (parameters,), in their own shapes."""
        return {
            each.name: theta[each.start : each.start + each.size].reshape(each.shape)
            for each in self.layout
        }

    def table(self) -> NDArray[np.int64]:
        """Return the layer table of the kernels, (layers, LAYER_COLUMNS)."""
        slots = self.hidden_activations
        table, start, units = [], 0, 0
        for number, layer in enumerate(self.layers):
            last = number == len(self.layers) - 1
            slot = 0 if last else slots.index(layer.activation)
            bias = start + layer.fan_in * layer.fan_out
            table.append((layer.fan_in, layer.fan_out, start, bias, slot, units))
            start += layer.parameters
            units += layer.fan_out
        return np.array(table, np.int64)

    def initialize(self, rng: np.random.Generator, init: str, dtype: str) -> Vector:
        """Draw the first parameters, (parameters,): weights by ``init``, biases zero.

        ``auto`` takes for each layer the initializer that its activation declares.
        """
        theta = np.zeros(self.parameters, dtype)
        views = self.views(theta)
        for number, layer in enumerate(self.layers, 1):
            name, _, value = init.partition(":")
            if name == "auto":
                name = ACTIVATIONS[layer.activation].initializer
            chosen = INITIALIZERS[name]
            parameter = float(value) if value else chosen.value
            drawn = chosen.draw(rng, layer.fan_in, layer.fan_out, parameter)
            views[f"layer {number} W"][:] = drawn
        return theta
