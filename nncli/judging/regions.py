"""Linear regions of stored networks: into how many pieces they cut the plane around their rows.

A network of piecewise linear activations is affine where its activation pattern, which side of its
kinks every hidden unit is on, does not change; a pattern's inputs are one convex region (Montufar
et al. 2014, "On the number of linear regions of deep neural networks"). So the regions of a
rectangle are the patterns met in it. They are counted on a grid of ``SIDE`` by ``SIDE`` points,
which misses those that hold none of its points; the same grid for all networks keeps the
comparison fair. The rectangle is that of the training rows in the network's own inputs, wider by
``MARGIN`` of its sides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nncli.arrays import scaled_rows
from nncli.errors import NncliError
from nncli.layerwise import Layerwise
from nncli.piecewise import PiecewiseLinear
from nncli.planning import Planner
from nncli.spec import Spec
from nncli.stored import StoredModel

if TYPE_CHECKING:
    from nncli.store import Run
    from nncli.store.finding import ReportStore

#: Points of the grid along each side.
SIDE = 256

#: Share of a side of the rectangle that the grid goes beyond it, as decision boundaries are drawn.
MARGIN = 0.08

#: Weights up to which a network is looked at: 65,536 points take each of them once, 0.5 s at most.
MOST_WEIGHTS = 20_000

#: Rows that patterns are taken of at a time.
CHUNK = 8192

Array: TypeAlias = NDArray[np.float64]


def regions_of(
    store: ReportStore, run_ids: Sequence[int], *, of_rows: bool = False
) -> Mapping[int, int | str]:
    """Return the number of regions of each run's network by its id, or what it lacks, in words.

    ``of_rows`` counts those in which its training rows lie.
    """
    kept = store.weights_of(run_ids)
    rows = _TrainingRows()
    found: dict[int, int | str] = {}
    for run_id in run_ids:
        if run_id not in kept:
            found[run_id] = 'keeps no weights: set save = "best", and run it again'
            continue
        try:
            network = StoredModel.of(kept[run_id])
            found[run_id] = _count(network, rows, store.get_run(run_id), of_rows)
        except NncliError as error:
            found[run_id] = f"has no linear regions: {error}"
    return found


def _count(network: StoredModel, rows: _TrainingRows, run: Run, of_rows: bool) -> int | str:
    if not network.is_finite():
        return "keeps weights that are no numbers"
    if network.theta.size > MOST_WEIGHTS:
        return f"has {network.theta.size:,} weights: pieces are counted of up to {MOST_WEIGHTS:,}"
    theta = network.theta.astype(np.float64)
    straight = PiecewiseLinear(Layerwise(network.model, theta, network.norm_eps))
    if not of_rows and network.preprocessing.expansion is not None:
        return "multiplies its inputs, so that its pieces on a plane of them are curved"
    if not of_rows and network.preprocessing.encoded_width != 2:
        width = network.preprocessing.encoded_width
        return f"has {width} inputs, and pieces are counted on a plane of 2: pieces:rows asks less"
    inputs = rows.of(run)
    return count_patterns(straight, inputs if of_rows else grid_around(inputs))


def grid_around(rows: Array, side: int = SIDE) -> Array:
    """Return the points (side * side, 2) of a grid over the rectangle around ``rows`` (n, 2)."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    room = MARGIN * (high - low)
    x, y = (np.linspace(low[k] - room[k], high[k] + room[k], side) for k in (0, 1))
    return np.column_stack([each.ravel() for each in np.meshgrid(x, y)])


def count_patterns(network: PiecewiseLinear, x: Array) -> int:
    """Return how many different activation patterns inputs (n, inputs) have."""
    parts = []
    for start in range(0, len(x), CHUNK):
        sides = network.sides(x[start : start + CHUNK])
        if not sides:
            return 1  # no hidden layer: one affine map
        parts.append(_distinct(np.hstack(sides)))
    return len(_distinct(np.concatenate(parts)))


def _distinct(patterns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the different rows (m, units) of patterns (n, units), compared byte by byte."""
    whole = np.ascontiguousarray(patterns)
    as_one = whole.view(np.dtype((np.void, whole.shape[1]))).ravel()
    return whole[np.unique(as_one, return_index=True)[1]]


class _TrainingRows:
    """The training rows of runs as their networks get them; runs on one split share theirs."""

    def __init__(self) -> None:
        self._planner = Planner()
        self._known: dict[tuple[str, int, str], Array] = {}

    def of(self, run: Run) -> Array:
        """Return the inputs (n, width). Raises DataError if the data are no longer there."""
        spec = Spec.read(json.loads(run.spec))
        folder = Path(str(run.environment.get("folder", "")))
        if not Path(spec.data).exists() and (folder / spec.data).exists():
            spec = replace(spec, data=str(folder / spec.data))
        key = (run.data_hash, run.seed, _split(spec))
        if key not in self._known:
            dataset = self._planner.dataset(spec)
            self._known[key] = scaled_rows(dataset, dataset.train)[0]
        return self._known[key]


def _split(spec: Spec) -> str:
    """Return what makes splits and inputs of one data set differ but for the seed."""
    names = ("target", "columns", "drop", "task", "val", "test", "scale", "features", "dtype")
    return repr([getattr(spec, name) for name in names])
