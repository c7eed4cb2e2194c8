"""The network as NumPy sees it: named layers over one flat vector of numbers.

``theta`` holds every trainable number of the network, layer after layer, and behind them those that
are kept but not trained: running statistics and fixed slopes. The layout is the only truth on
where each stands; kernels get it as a table of integers and people as names such as
``layer 2 W[3,1]``.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.kernels import network as n
from nncli.spec import Spec

Vector = NDArray[Any]


@dataclass(frozen=True)
class Parameter:
    """One array inside ``theta``: ``theta[start : start + size]`` seen as ``shape``."""

    name: str  #: such as ``layer 1 W``
    start: int
    shape: tuple[int, ...]
    trained: bool = True

    @property
    def size(self) -> int:
        """Return the number of elements."""
        return math.prod(self.shape)

    def element(self, place: int) -> str:
        """Return the name of ``theta[place]``, such as ``layer 2 W[3,1]``."""
        index = np.unravel_index(place - self.start, self.shape)
        return f"{self.name}[{','.join(str(each) for each in index)}]"


@dataclass(frozen=True)
class Layer:
    """A dense layer ``a = f(h W + b)`` with W (fan_in, fan_out).

    ``norm`` is ``before`` or ``after`` where Batch Normalization stands before or after f, or
    ``none``. What it subtracts before f makes b useless: such a layer has none.
    """

    fan_in: int
    fan_out: int
    activation: str
    norm: str = "none"

    @property
    def choice(self) -> choices.ActivationChoice:
        """Return the activation with its number."""
        return choices.activation(self.activation)

    @property
    def arrays(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return name and shape of the layer's trained arrays, in their order in ``theta``."""
        units = (self.fan_out,)
        found: list[tuple[str, tuple[int, ...]]] = [("W", (self.fan_in, self.fan_out))]
        if self.norm != "before":
            found.append(("b", units))
        if self.norm != "none":
            found += [("gamma", units), ("beta", units)]
        if self.choice.learned:
            found.append(("alpha", (self.choice.numbers(self.fan_out),)))
        return found

    @property
    def kept(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return name and shape of the layer's arrays that are not trained."""
        units = (self.fan_out,)
        found: list[tuple[str, tuple[int, ...]]] = []
        if self.norm != "none":
            found += [("running_mean", units), ("running_var", units)]
        if self.choice.value is not None and not self.choice.learned:
            found.append(("alpha", (1,)))
        return found

    @cached_property
    def parameters(self) -> int:
        """Return the number of trainable numbers."""
        return sum(int(np.prod(shape)) for _, shape in self.arrays)


@dataclass(frozen=True)
class Model:
    """The shape of a network: its layers from the input to the output.

    With ``input_norm`` Batch Normalization stands before the first layer.
    """

    layers: tuple[Layer, ...]
    input_norm: bool = False

    @classmethod
    def of(cls, spec: Spec, inputs: int, outputs: int) -> Model:
        """Build the model of a resolved spec for ``inputs`` features and ``outputs`` outputs."""
        assert spec.out_act is not None
        widths = (inputs, *spec.hidden, outputs)
        activations = (*spec.layer_activations(), spec.out_act)
        norms = (*spec.layer_norms(), "none")
        layers = zip(widths, widths[1:], activations, norms, strict=False)
        return _shared(tuple(Layer(*each) for each in layers), spec.bn_input)

    @property
    def inputs(self) -> int:
        """Return the number of inputs."""
        return self.layers[0].fan_in

    @property
    def outputs(self) -> int:
        """Return the number of outputs."""
        return self.layers[-1].fan_out

    @cached_property
    def parameters(self) -> int:
        """Return the number of trainable numbers of the network."""
        return sum(each.size for each in self.layout if each.trained)

    @cached_property
    def size(self) -> int:
        """Return the number of elements of ``theta``, those that are not trained included."""
        return sum(each.size for each in self.layout)

    @property
    def units(self) -> int:
        """Return the columns of all layers' buffers: their units, and a normalized input."""
        return sum(layer.fan_out for layer in self.layers) + self.inputs * self.input_norm

    @property
    def normalizes(self) -> bool:
        """Return whether there is Batch Normalization anywhere."""
        return self.input_norm or any(layer.norm != "none" for layer in self.layers)

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """Return the different activations of the hidden layers, in order of appearance.

        Those that differ in their number alone are one.
        """
        return tuple(dict.fromkeys(layer.choice.part.name for layer in self.layers[:-1]))

    def update_flops(self, rows: int) -> int:
        """Return the floating-point operations of the products of one update.

        Forward, weight gradient and input gradient take ``2 rows fan_in fan_out`` each; the
        first layer needs no input gradient.
        """
        products = [2 * rows * layer.fan_in * layer.fan_out for layer in self.layers]
        return 3 * sum(products) - products[0]

    @cached_property
    def layout(self) -> tuple[Parameter, ...]:
        """Return where each array stands in ``theta``: the trained ones first."""
        trained: list[tuple[str, tuple[int, ...]]] = []
        kept: list[tuple[str, tuple[int, ...]]] = []
        if self.input_norm:
            width = (self.inputs,)
            trained += [("input gamma", width), ("input beta", width)]
            kept += [("input running_mean", width), ("input running_var", width)]
        for number, layer in enumerate(self.layers, 1):
            trained += [(f"layer {number} {name}", shape) for name, shape in layer.arrays]
            kept += [(f"layer {number} {name}", shape) for name, shape in layer.kept]
        found: list[Parameter] = []
        start = 0
        for name, shape in (*trained, *kept):
            found.append(Parameter(name, start, shape, trained=len(found) < len(trained)))
            start += found[-1].size
        return tuple(found)

    def views(self, theta: Vector) -> dict[str, Vector]:
        """Return named views into ``theta`` (size,), in their own shapes."""
        return {
            each.name: theta[each.start : each.start + each.size].reshape(each.shape)
            for each in self.layout
        }

    def table(self) -> NDArray[np.int64]:
        """Return the layer table of the kernels, (layers, LAYER_COLUMNS)."""
        starts = {each.name: each.start for each in self.layout}
        slots = self.hidden_activations
        table = np.zeros((len(self.layers), n.LAYER_COLUMNS), np.int64)
        units = self.inputs * self.input_norm
        begin = 0
        for place, layer in enumerate(self.layers):
            row, own = table[place], f"layer {place + 1}"
            hidden = place < len(self.layers) - 1
            row[n.FAN_IN], row[n.FAN_OUT] = layer.fan_in, layer.fan_out
            row[n.START], row[n.WEIGHTS] = begin, starts[f"{own} W"]
            row[n.END] = begin = row[n.WEIGHTS] + layer.parameters
            row[n.BIAS] = starts.get(f"{own} b", n.NONE)
            row[n.ACTIVATION] = slots.index(layer.choice.part.name) if hidden else 0
            row[n.ALPHA] = starts.get(f"{own} alpha", 0)
            row[n.ALPHAS] = layer.choice.numbers(layer.fan_out)
            row[n.LEARNED] = layer.choice.learned
            row[n.UNITS_BEFORE] = units
            row[n.NORM] = n.NORMS[layer.norm]
            row[n.GAMMA] = starts.get(f"{own} gamma", n.NONE)
            row[n.RUNNING] = starts.get(f"{own} running_mean", n.NONE)
            row[n.INPUT_GAMMA] = starts.get("input gamma", n.NONE)
            row[n.INPUT_RUNNING] = starts.get("input running_mean", n.NONE)
            units += layer.fan_out
        return table

    def initialize(self, rng: np.random.Generator, init: str, dtype: str) -> Vector:
        """Draw the first ``theta``, (size,): weights by ``init``, biases zero.

        ``auto`` takes for each layer the initializer that its activation declares.
        """
        theta = np.zeros(self.size, dtype)
        views = self.views(theta)
        for name, view in views.items():
            if name.endswith(("gamma", "running_var")):
                view[:] = 1
        for number, layer in enumerate(self.layers, 1):
            chosen = choices.initializer(layer.choice.part.initializer if init == "auto" else init)
            draw = chosen.part.draw
            views[f"layer {number} W"][:] = draw(rng, layer.fan_in, layer.fan_out, chosen.value)
            if layer.choice.value is not None:
                views[f"layer {number} alpha"][:] = layer.choice.value
        return theta


@functools.lru_cache(maxsize=32)
def _shared(layers: tuple[Layer, ...], input_norm: bool) -> Model:
    """Return one model for all runs of a network: its layout is computed once."""
    return Model(layers, input_norm)
