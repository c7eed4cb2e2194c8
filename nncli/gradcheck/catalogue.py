"""Every part of the catalogue in small networks, and every kernel alone: the default check.

Networks have few units, so that every entry of every array can be compared: each hidden activation
with each loss, without and with Batch Normalization before and after the activation, at one to
three hidden layers. Weights are drawn so that no unit is saturated, which would hide its gradient.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.arrays import no_settings
from nncli.gradcheck.alone import kernels_alone
from nncli.gradcheck.check import Check, check_network
from nncli.gradcheck.jacobian import check_jacobian
from nncli.gradcheck.probe import Batch, Probe, Setting
from nncli.kernels import settings
from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.losses import LOSSES
from nncli.kernels.parts import Loss
from nncli.model import Layer, Model

ROWS, INPUTS = 5, 3
OUTPUTS = {"regression": 2, "binary": 1, "multiclass": 3, "multilabel": 2}

#: Widths of the hidden layers, by depth.
DEPTHS = {1: (4,), 2: (4, 3), 3: (3, 4, 3)}
NORMS = ("none", "before", "after")

#: Factor on Xavier's weights: sums reach all pieces of the hard activations, yet saturate nothing.
WEIGHTS = 1.7

#: Forms of learnable activations that are checked beside the plain name.
FORMS = ("unit", "fixed")

#: The network that also takes a complex step, and the one that also drops units.
COMPLEX_DEPTH, DROPOUT_DEPTH = 2, 3


@dataclass(frozen=True)
class Case:
    """One network to be checked: names of its parts and its shape."""

    activation: str
    loss: str
    task: str
    output: str
    hidden: tuple[int, ...]
    norm: str = "none"
    input_norm: bool = False
    dropout: float = 0.0
    smoothing: float = 0.0
    weighted: bool = False

    @property
    def name(self) -> str:
        """Return the case in words, such as ``relu, mse, bn before, 2 hidden``."""
        words = [self.activation, f"{self.loss} ({self.task}, {self.output})"]
        words.append(f"{len(self.hidden)} hidden")
        words += [f"bn {self.norm}"] if self.norm != "none" else []
        words += ["bn input"] if self.input_norm else []
        words += [f"dropout {self.dropout:g}"] if self.dropout else []
        words += [f"smoothing {self.smoothing:g}"] if self.smoothing else []
        words += ["class weights"] if self.weighted else []
        return ", ".join(words)

    def model(self) -> Model:
        """Return the network."""
        widths = (INPUTS, *self.hidden, OUTPUTS[self.task])
        hidden = [
            Layer(fan_in, fan_out, self.activation, self.norm)
            for fan_in, fan_out in itertools.pairwise(widths[:-1])
        ]
        output = Layer(widths[-2], widths[-1], choices.activation(self.output).text)
        return Model((*hidden, output), self.input_norm)


def hidden_activations() -> list[str]:
    """Return the hidden activations with every form that they have."""
    found = []
    for name, part in ACTIVATIONS.parts.items():
        if part.hidden:
            found.append(choices.activation(name).text)
            if part.learnable:
                found += [f"{name}:{part.value:g}:{form}" for form in FORMS]
    return found


def cases() -> Iterator[Case]:
    """Yield every network of the catalogue."""
    losses = list(LOSSES.parts.values())
    for activation in hidden_activations():
        for loss in losses:
            for task, outputs in loss.outputs.items():
                if task != _task_of(loss):
                    continue
                for norm in NORMS:
                    for depth, hidden in DEPTHS.items():
                        dropout = 0.3 if depth == DROPOUT_DEPTH else 0.0
                        both = depth == COMPLEX_DEPTH and norm != "none"
                        yield Case(
                            activation, loss.name, task, outputs[0], hidden, norm, both, dropout
                        )
    for loss in losses:  # every output activation in front of every loss, in every task
        for task, outputs in loss.outputs.items():
            for output in outputs:
                yield Case("tanh", loss.name, task, output, DEPTHS[1])
            if loss.smooths:
                yield Case("tanh", loss.name, task, outputs[0], DEPTHS[1], smoothing=0.2)
            if task in loss.weighs:
                yield Case("tanh", loss.name, task, outputs[0], DEPTHS[1], weighted=True)
    mse = LOSSES["mse"]
    for name, part in ACTIVATIONS.parts.items():
        if part.output and name not in mse.outputs["regression"] and name != "step":
            yield Case("tanh", "mse", "regression", name, DEPTHS[1])


def _task_of(loss: Loss) -> str:
    return next(iter(loss.outputs))


def check_catalogue() -> Iterator[Check]:
    """Yield the checks of the whole catalogue, kernels alone first."""
    for check in kernels_alone():
        yield replace(check, family="kernels alone")
    for case in cases():
        yield replace(check_case(case), family=case.activation)
    for activation in hidden_activations():
        for norm in NORMS:
            yield replace(_check_jacobian(activation, norm), family=activation)


def _check_jacobian(activation: str, norm: str) -> Check:
    case = Case(activation, "mse", "regression", "identity", DEPTHS[2], norm, norm != "none")
    model, theta, batch, setting = prepared(case)
    name = f"jacobian, {case.name}"
    return check_jacobian(name, model, theta, batch.x[0], eps=setting.eps)


def check_case(case: Case, *, native: bool = True) -> Check:
    """Check one network at every entry, and some along a complex step too."""
    model, theta, batch, setting = prepared(case)
    probe = Probe(model, setting, batch, native=native, task=case.task)
    second = None
    if len(case.hidden) == COMPLEX_DEPTH:
        second = Probe(model, setting, batch, native=False, dtype="complex128")
    return check_network(case.name, probe, theta, complex_probe=second)


def prepared(case: Case) -> tuple[Model, NDArray[np.float64], Batch, Setting]:
    """Return model, theta, batch and setting of a case; drawn from a seed that its name gives."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    model = case.model()
    theta = model.initialize(rng, "xavier", "float64")
    for name, view in model.views(theta).items():
        if name.endswith("running_var"):
            view[:] = rng.uniform(0.5, 2.0, view.shape)
        elif name.endswith("W"):
            view *= WEIGHTS
        elif not name.endswith("alpha"):
            view += 0.3 * rng.standard_normal(view.shape)
    x = rng.standard_normal((ROWS, INPUTS))
    loss = choices.loss(case.loss)
    values = no_settings(model.outputs, "float64")
    values[settings.VALUE] = loss.value or 0.0
    values[settings.SMOOTHING] = case.smoothing
    if case.weighted:
        values[settings.WEIGHTS :] = rng.uniform(0.5, 2.0, len(values) - settings.WEIGHTS)
    batch = Batch(x, _targets(case.task, model.outputs, rng))
    return model, theta, batch, Setting(loss, values, dropout=case.dropout, key=7)


def _targets(task: str, outputs: int, rng: np.random.Generator) -> NDArray[Any]:
    if task == "regression":
        return rng.standard_normal((ROWS, outputs))
    if task == "multiclass":
        return np.eye(outputs)[rng.integers(0, outputs, ROWS)]
    # alternating, so that some rows are on the wrong side and the perceptron has a gradient
    return (np.add.outer(np.arange(ROWS), np.arange(outputs)) % 2).astype(np.float64)
