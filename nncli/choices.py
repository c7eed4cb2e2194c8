"""Parts as people name them: a name of a table, its number behind a colon, or a formula.

``leaky_relu:0.2``, ``prelu:0.25:unit``, ``huber:0.5``, ``normal:0.05``; or ``x*sigmoid(1.702*x)``.
Every function here raises ValueError for what it cannot read.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from nncli.kernels.activations import ACTIVATIONS
from nncli.kernels.initializers import INITIALIZERS
from nncli.kernels.losses import LOSSES
from nncli.kernels.parts import Activation, Initializer, Loss
from nncli.options import Reader, choice, non_negative, number, whole

#: Who shares the number of a learnable activation: the units of a layer, nobody, or it stays fixed.
SHARINGS = ("layer", "unit", "fixed")


@dataclass(frozen=True)
class ActivationChoice:
    """An activation with its number; ``text`` is its full name, such as ``leaky_relu:0.01``."""

    part: Activation
    value: float | None
    sharing: str

    @property
    def text(self) -> str:
        """Return the canonical text."""
        if self.value is None:
            return self.part.name
        text = f"{self.part.name}:{digits(self.value)}"
        return f"{text}:{self.sharing}" if self.part.learnable else text

    @property
    def learned(self) -> bool:
        """Return whether the number is a trained parameter."""
        return self.part.learnable and self.sharing != "fixed"

    def numbers(self, units: int) -> int:
        """Return how many numbers a layer of ``units`` has."""
        return units if self.learned and self.sharing == "unit" else 1


@dataclass(frozen=True)
class LossChoice:
    """A loss with its number."""

    part: Loss
    value: float | None

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return _text(self.part.name, self.value)


@dataclass(frozen=True)
class InitializerChoice:
    """An initializer with its number."""

    part: Initializer
    value: float | None

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return _text(self.part.name, self.value)


@functools.cache
def activation(text: str) -> ActivationChoice:
    """Read an activation."""
    from nncli import formulas

    text = ACTIVATIONS.aliases.get(text.strip(), text.strip())
    if text not in ACTIVATIONS.parts and formulas.is_formula(text):
        name = formulas.canonical(text)
        if name not in ACTIVATIONS.made:
            ACTIVATIONS.made[name] = formulas.activation(text)
        return ActivationChoice(ACTIVATIONS[name], None, "fixed")
    name, *given = text.split(":")
    choice(ACTIVATIONS.names)(name)
    part = ACTIVATIONS[name]
    most = (part.value is not None) + part.learnable
    if len(given) > most:
        form = {0: "no number", 1: f"one number, {name}:{part.value}"}.get(
            most, f"{name}:{part.value}:{'|'.join(SHARINGS)}"
        )
        raise ValueError(f"{name} takes {form}")
    value = number(given[0]) if given else part.value
    sharing = choice(lambda: SHARINGS)(given[1]) if len(given) > 1 else "layer"
    if part.limits is not None and value is not None:
        low, high = part.limits
        if not low <= value <= high:
            raise ValueError(f"{name} takes a number from {low:g} to {high:g}")
    return ActivationChoice(part, value, sharing if part.learnable else "fixed")


@functools.cache
def loss(text: str) -> LossChoice:
    """Read a loss."""
    from nncli import formulas

    text = LOSSES.aliases.get(text.strip(), text.strip())
    if text not in LOSSES.parts and formulas.is_formula(text):
        name = formulas.canonical(text, "loss")
        if name not in LOSSES.made:
            LOSSES.made[name] = formulas.loss(text)
        return LossChoice(LOSSES[name], None)
    name, _, given = text.partition(":")
    choice(LOSSES.names)(name)
    part = LOSSES[name]
    if given and part.value is None:
        raise ValueError(f"{name} takes no number")
    value = number(given) if given else part.value
    if value is not None and value <= 0:
        raise ValueError(f"{name} takes a number above 0")
    return LossChoice(part, value)


@functools.cache
def initializer(text: str) -> InitializerChoice:
    """Read an initializer."""
    name, _, given = text.partition(":")
    choice(INITIALIZERS.names)(name)
    part = INITIALIZERS[name]
    if given and part.value is None:
        raise ValueError(f"{name} takes no value")
    read: Reader = number if name == "constant" else non_negative
    if name == "sparse":
        read = whole(1)
    return InitializerChoice(part, read(given) if given else part.value)


def is_adaptive(init: str) -> bool:
    """Return whether an initializer, or ``auto``, scales weights by a batch of data."""
    return init != "auto" and initializer(init).part.adaptive


def _text(name: str, value: float | None) -> str:
    return name if value is None else f"{name}:{digits(value)}"


def digits(value: float) -> str:
    """Return the shortest text that reads back as the same number: ``0.5``, ``10``."""
    value += 0.0  # -0 is 0
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
