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

    Vectors are flat: rows of ``width`` units, one after the other, and each has memory of its own:
    natively a loop that overwrote its input would not be vectorised. ``backward(z, a, d,
    parameters, d_parameters, width)`` turns ``d`` from dL/da into dL/dz in place.

    ``parameters`` holds the activation's one number, if it declares a ``value``: (1,), or (width,)
    where every unit has its own. If it is ``learnable``, backward adds each unit's dL/dparameter
    to ``d_parameters`` (width,), also where all units share one number.
    """

    forward: Kernel
    backward: Kernel
    initializer: str  #: what ``--init auto`` picks for a layer in front of it
    hidden: bool = True  #: usable in hidden layers
    output: bool = True  #: usable at the output
    value: float | None = None  #: default of its one number, such as a slope
    limits: tuple[float, float] | None = None  #: the smallest and the largest number it takes
    learnable: bool = False  #: whether that number is learned, unless it is asked to stay fixed
    kinks: tuple[float, ...] = ()  #: values of ``z`` at which the derivative jumps
    saturation: tuple[float, float] | None = None  #: ``a`` beyond which a unit is saturated
    dead_at: float | None = None  #: a unit whose ``a`` is never above this gets no gradient


@dataclass(frozen=True)
class Loss(Part):
    """A loss of predictions ``p`` (rows, outputs) against targets ``y`` of the same shape.

    ``kernel(z, p, y, d, scale, settings)`` returns the sum of the rows' losses and writes ``scale``
    times their gradient into ``d``: dL/dp, or for a ``fused`` loss dL/dz, having computed ``p``
    too. ``settings`` (2 + classes,) is indexed by the constants of :mod:`nncli.kernels.settings`.
    ``outputs`` lists per task the output activations that it may follow, the default one first.
    """

    kernel: Kernel
    fused: bool
    outputs: dict[str, tuple[str, ...]]
    value: float | None = None  #: default of its one number, such as Huber's delta
    smooths: bool = False  #: takes ``--label-smoothing``
    weighs: tuple[str, ...] = ()  #: tasks in which it takes ``--class-weight``
    threshold: float = 0.5  #: a binary output above it says yes
    #: Whether outputs under this loss are probabilities, which they are not after a margin.
    probabilities: bool = True
    #: ``side(p, y, settings)`` tells the smooth pieces of a loss with kinks apart, elementwise.
    side: Kernel | None = None


@dataclass(frozen=True)
class Optimizer(Part):
    """An optimizer: one pass over a range of the flat parameter vector.

    ``update(theta, d_theta, state, start, stop, hyper)`` steps ``theta[start:stop]`` in place.
    ``state`` is (slots, parameters), zero at the start; ``hyper`` is indexed by the constants of
    :mod:`nncli.kernels.hyper`. ``uses`` maps each hyper-parameter that it reads to its default.
    An optimizer without ``update`` needs the loss of all rows at once and is driven from Python.
    """

    update: Kernel | None
    slots: int
    uses: dict[str, float]
    eps_inside: bool = False  #: takes ``--eps-inside``
    bias_correction: bool = False  #: takes ``--bias-correction``
    decoupled: bool = False  #: weight decay shrinks the weights beside the gradient's step


@dataclass(frozen=True)
class Initializer(Part):
    """An initializer: ``draw(rng, fan_in, fan_out, value)`` returns weights (fan_in, fan_out).

    One that can draw ``biases`` too draws each number for itself, and takes the shape that it
    shall return as a fifth argument. If it is ``adaptive``, each layer's weights are then divided
    by the deviation that its weighted sums have on a batch of the training data.
    """

    draw: Kernel
    value: float | None = None  #: default of its one parameter, if it has one
    adaptive: bool = False
    biases: bool = True


P = TypeVar("P", bound=Part)


@dataclass
class Table(Generic[P]):
    """The parts of one kind by name, in the order of their declaration.

    ``made`` holds parts that were made from a formula: they are found by the formula's text, and
    are not listed. ``aliases`` maps names that users gave to formulas, which are listed.
    """

    kind: str
    parts: dict[str, P] = field(default_factory=dict)
    made: dict[str, P] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def add(self, part: P) -> P:
        """Enter a part; two parts of one name are a mistake of the programmer."""
        if part.name in self.parts:
            raise ValueError(f"there is already an {self.kind} named {part.name}")
        self.parts[part.name] = part
        return part

    def __getitem__(self, name: str) -> P:
        return self.parts[name] if name in self.parts else self.made[name]

    def names(self) -> list[str]:
        """Return the names in the order of their declaration."""
        return list(self.parts)
