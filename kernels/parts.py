"""What a part of a network declares about itself: the entries of the tables of parts.

Each table (activations, losses, optimizers, initializers) is filled where its functions
stand, and everything else reads it: the command line's choices and help, validation, the
training loop's slots, gradient checks and tests. To add a part is to edit one file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Kernel = Callable[..., Any]


@dataclass(frozen=True)
class Part:
    """A named part: ``name`` on the command line, its formula, and where the formula is from."""

    name: str
    equation: str
    source: str


@dataclass(frozen=True)
class Activation(Part):
    """An activation: ``forward(z, a, parameters, width)`` and its mirror ``backward``.

    Vectors are flat: rows of ``width`` units, one after the other. ``backward(z, a, d, ...)``
    turns ``d`` from dL/da into dL/dz in place. Unless it ``needs_input``, backward does not
    read ``z`` and the two may share one buffer.
    """

    forward: Kernel
    backward: Kernel
    initializer: str  #: what ``--init auto`` picks for a layer in front of it
    hidden: bool = True  #: usable in hidden layers
    needs_input: bool = False


@dataclass(frozen=True)
class Loss(Part):
    """A loss of predictions ``p`` (rows, outputs) against targets ``y`` of the same shape.

    ``kernel(z, p, y, d, scale)`` returns the sum of the rows' losses and writes ``scale`` times
    their gradient into ``d``: dL/dp, or for a ``fused`` loss dL/dz, having computed ``p`` too.
    ``outputs`` lists per task the output activations that it may follow, the default one first.
    """

    kernel: Kernel
    fused: bool
    outputs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Optimizer(Part):
    """An optimizer: one pass over a range of the flat parameter vector.

    ``update(theta, d_theta, state, start, stop, hyper)`` steps ``theta[start:stop]`` in place.
    ``state`` is (slots, parameters), zero at the start; ``hyper`` is indexed by the constants of
    :mod:`nncli.kernels.hyper`. ``uses`` maps each hyper-parameter that it reads to its default.
    """

    update: Kernel
    slots: int
    uses: dict[str, float]


@dataclass(frozen=True)
class Initializer(Part):
    """An initializer: ``draw(rng, fan_in, fan_out, value)`` returns weights (fan_in, fan_out)."""

    draw: Kernel
    value: float | None = None  #: default of its one parameter, if it has one


P = TypeVar("P", bound=Part)


@dataclass
class Table(Generic[P]):
    """The parts of one kind by name, in the order of their declaration."""

    kind: str
    parts: dict[str, P] = field(default_factory=dict)

    def add(self, part: P) -> P:
        """Enter a part; two parts of one name are a mistake of the programmer."""
        if part.name in self.parts:
            raise ValueError(f"there is already an {self.kind} named {part.name}")
        self.parts[part.name] = part
        return part

    def __getitem__(self, name: str) -> P:
        return self.parts[name]

    def names(self) -> list[str]:
        """Return the names in the order of their declaration."""
        return list(self.parts)
