"""The check of one network: its back-propagated gradient against numeric derivatives.

Every entry of every array against a central difference, or, for large networks, some entries and
random directions; and one random direction against a complex step, ``Im L(t + i h v) / h``, which
has no cancellation and so is exact to rounding (Squire & Trapp 1998). The complex step runs the
kernels' Python form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.gradcheck.differences import TOLERANCE, derivative, relative_error
from nncli.gradcheck.probe import Probe

Array = NDArray[Any]

#: Complex steps are so small that their square vanishes beside 1.
COMPLEX_STEP = 1e-30

#: Largest relative error of a complex step that passes: rounding of sums, a thousand times over.
COMPLEX_TOLERANCE = 1e-9

#: A larger error than this is looked at again, by differences of higher order.
FINER = TOLERANCE / 20

#: Random directions of ``--fast``.
DIRECTIONS = 4


@dataclass(frozen=True)
class Worst:
    """The entry with the largest relative error."""

    parameter: str
    analytic: float
    numeric: float

    def __str__(self) -> str:
        return f"{self.parameter}: analytic {self.analytic:.6g}, numeric {self.numeric:.6g}"


@dataclass(frozen=True)
class Check:
    """What came of one check. ``groups`` maps W, b, gamma, ... to their largest relative error.

    ``family`` is what it is shown with: the activation of a network, or the kind of kernel.
    """

    name: str
    passed: bool
    max_relative_error: float
    worst: Worst | None
    groups: dict[str, float] = field(default_factory=dict)
    entries: int = 0  #: derivatives that were compared
    kinks: int = 0  #: derivatives that stand at a kink on both sides, and so do not exist
    family: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what ``nncli gradcheck --json`` prints of a check."""
        worst = self.worst
        return {
            "name": self.name,
            "passed": self.passed,
            "max_relative_error": _number(self.max_relative_error),
            "worst": None
            if worst is None
            else {
                "parameter": worst.parameter,
                "analytic": _number(worst.analytic),
                "numeric": _number(worst.numeric),
            },
        }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


@dataclass(frozen=True)
class Place:
    """Where a derivative is taken: of ``value`` at ``point`` along ``direction``, (size,) both.

    ``piece`` tells on which smooth piece the last point lay; ``scale`` is that of what moves.
    """

    value: Callable[[Array], float]
    piece: Callable[[], bytes]
    point: Array
    direction: Array
    scale: float

    @classmethod
    def of_entry(
        cls, value: Callable[[Array], float], piece: Callable[[], bytes], point: Array, index: int
    ) -> Place:
        """Return the place that moves ``point[index]`` alone."""
        direction = np.zeros_like(point)
        direction[index] = 1.0
        return cls(value, piece, point, direction, abs(float(point[index])))


class Tally:
    """Collects derivatives that were compared, and keeps the worst."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._groups: dict[str, float] = {}
        self._largest = -1.0
        self._worst: Worst | None = None
        self._passed, self._entries, self._kinks = True, 0, 0

    def add(
        self, group: str, parameter: str, analytic: float, numeric: float, error: float,
        tolerance: float = TOLERANCE,
    ) -> None:  # fmt: skip
        """Enter one comparison."""
        self._entries += 1
        self._groups[group] = max(self._groups.get(group, 0.0), error)
        self._passed = self._passed and error <= tolerance
        if error > self._largest:
            self._largest = error
            self._worst = Worst(parameter, float(analytic), float(numeric))

    def compare(self, group: str, parameter: str, analytic: float, size: float, at: Place) -> None:
        """Hold a derivative against differences; ``size`` is the largest of the same array.

        Where it does not exist, that is counted and no more.
        """
        numeric = derivative(at.value, at.piece, at.point, at.direction, at.scale)
        if numeric.kind == "kink":
            self._kinks += 1
            return
        error = relative_error(analytic, numeric, size)
        if error > FINER:
            numeric = derivative(at.value, at.piece, at.point, at.direction, at.scale, finer=True)
            error = min(error, relative_error(analytic, numeric, size))
        self.add(group, parameter, analytic, numeric.value, error)

    def compare_complex(
        self, value: Callable[[Array], Any], point: Array, direction: Array, gradient: Array
    ) -> None:
        """Hold ``gradient`` along ``direction``, of its size at least, against a complex step."""
        along = float(gradient @ direction[: gradient.size])
        with np.errstate(all="ignore"):
            numeric = value(point + 1j * COMPLEX_STEP * direction).imag / COMPLEX_STEP
        size = 1e-3 * float(np.linalg.norm(gradient))
        error = float(abs(along - numeric) / max(abs(along), abs(numeric), size, 1e-12))
        name = "complex step along a random direction"
        self.add("complex", name, along, numeric, error, COMPLEX_TOLERANCE)

    def check(self) -> Check:
        """Return what came of it; nothing compared is nothing proved, and fails."""
        return Check(
            name=self.name,
            passed=self._passed and self._entries > 0,
            max_relative_error=max(self._largest, 0.0),
            worst=self._worst,
            groups=self._groups,
            entries=self._entries,
            kinks=self._kinks,
        )


def check_network(
    name: str,
    probe: Probe,
    theta: Array,
    *,
    fast: bool = False,
    most_entries: int | None = None,
    complex_probe: Probe | None = None,
    seed: int = 0,
) -> Check:
    """Check the gradient of ``probe`` at ``theta`` (size,).

    With ``fast`` only along random directions; with ``most_entries`` at so many entries of each
    array, chosen at random, and along random directions.
    """
    model, tally = probe.model, Tally(name)
    gradient = probe.gradient(theta)
    rng = np.random.default_rng(seed)
    sampled = fast
    if not fast:
        for parameter in model.layout:
            if not parameter.trained:
                continue
            own = gradient[parameter.start : parameter.start + parameter.size]
            size = float(np.abs(own).max())
            places: Iterable[int] = range(parameter.size)
            if most_entries is not None and parameter.size > most_entries:
                places = np.sort(rng.choice(parameter.size, most_entries, replace=False)).tolist()
                sampled = True
            for place in places:
                index = parameter.start + place
                at = Place.of_entry(probe.loss, probe.piece, theta, index)
                group = parameter.name.rpartition(" ")[2]
                tally.compare(group, parameter.element(index), float(gradient[index]), size, at)
    if sampled:
        for number in range(DIRECTIONS):
            direction = _direction(rng, model.parameters, theta.size)
            along = float(gradient @ direction[: gradient.size])
            size = float(np.linalg.norm(gradient))
            at = Place(probe.loss, probe.piece, theta, direction, scale=1.0)
            tally.compare("direction", f"random direction {number + 1}", along, size, at)
    if complex_probe is not None:
        direction = _direction(rng, model.parameters, theta.size)
        tally.compare_complex(complex_probe.loss, theta, direction, gradient)
    return tally.check()


def _direction(rng: np.random.Generator, trained: int, size: int) -> Array:
    """Return a random direction of length 1 that moves trained parameters only."""
    direction = np.zeros(size)
    direction[:trained] = rng.standard_normal(trained)
    return direction / np.linalg.norm(direction)
