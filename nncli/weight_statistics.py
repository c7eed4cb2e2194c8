"""What the arrays of a network hold, layer by layer, in a few figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.model import Model


@dataclass(frozen=True)
class ArrayStatistics:
    """What an array holds. All figures but the counts are of its finite elements.

    ``norm`` is the Euclidean one, ``zeros`` the share of elements that are exactly 0.
    """

    name: str
    shape: tuple[int, ...]
    trained: bool
    mean: float
    deviation: float
    min: float
    max: float
    norm: float
    zeros: float
    nan: int
    infinite: int

    @classmethod
    def of(cls, name: str, values: NDArray[Any], trained: bool) -> ArrayStatistics:
        """Measure an array."""
        wide = values.astype(np.float64)
        found = wide[np.isfinite(wide)]
        some = found if found.size else np.array([np.nan])
        return cls(
            name=name,
            shape=values.shape,
            trained=trained,
            mean=float(some.mean()),
            deviation=float(some.std()),
            min=float(some.min()),
            max=float(some.max()),
            norm=float(np.linalg.norm(some)),
            zeros=float((wide == 0).mean()),
            nan=int(np.isnan(wide).sum()),
            infinite=int(np.isinf(wide).sum()),
        )


@dataclass(frozen=True)
class LayerSummary:
    """One layer; a normalized input comes first, as a layer without weights called ``input``."""

    name: str
    shape: tuple[int, ...]
    activation: str
    norm: str
    trained: int
    kept: int
    arrays: tuple[ArrayStatistics, ...]


def summaries(model: Model, theta: NDArray[Any]) -> list[LayerSummary]:
    """Return every layer with the statistics of its arrays in ``theta`` (size,)."""
    views = model.views(theta)
    owned: dict[str, list[ArrayStatistics]] = {}
    for each in model.layout:
        owner, _, name = each.name.rpartition(" ")
        values = views[each.name]
        owned.setdefault(owner, []).append(ArrayStatistics.of(name, values, each.trained))
    described: dict[str, tuple[tuple[int, ...], str, str]] = {}
    if model.input_norm:
        described["input"] = ((model.inputs,), "identity", "before")
    for number, layer in enumerate(model.layers, 1):
        shape = (layer.fan_in, layer.fan_out)
        described[f"layer {number}"] = (shape, layer.activation, layer.norm)
    return [
        LayerSummary(
            owner,
            *what,
            trained=_elements(owned[owner], trained=True),
            kept=_elements(owned[owner], trained=False),
            arrays=tuple(owned[owner]),
        )
        for owner, what in described.items()
    ]


def _elements(arrays: list[ArrayStatistics], *, trained: bool) -> int:
    return sum(int(np.prod(each.shape)) for each in arrays if each.trained == trained)
