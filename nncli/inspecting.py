"""Looking into the network of a stored run: its arrays, and its behaviour around one row.

Everything is computed in float64 from the stored weights, whatever the network was trained in. Rows
go through the run's own preprocessing; their numbers are places in the data set, from 0, and
negative ones count from its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import experiment
from nncli.arrays import scaled_rows
from nncli.data import Dataset, Preprocessing
from nncli.environment import database_name
from nncli.errors import DataError, NncliError, StoreError, UsageError
from nncli.gradcheck.check import Check
from nncli.gradcheck.jacobian import check_jacobian
from nncli.layerwise import Layerwise
from nncli.piecewise import LinearMap, PiecewiseLinear
from nncli.store import RunStore
from nncli.stored import StoredModel
from nncli.weight_statistics import LayerSummary, summaries

Progress = Callable[[str, float | None], None]

#: Rows whose activation pattern is looked at at a time.
CHUNK = 4096

#: Entries of a Jacobian that are compared with numeric differences, at most.
MOST_COMPARED = 400


@dataclass(frozen=True)
class RowMap:
    """The affine map at a row, and the linear regions that the rows of each split lie in."""

    row: int
    split: str
    map: LinearMap
    regions: dict[str, int]


@dataclass(frozen=True)
class RowJacobian:
    """dp/dx (outputs, inputs) at a row, and its comparison with numeric differences."""

    row: int
    split: str
    values: NDArray[np.float64]
    check: Check


@dataclass(frozen=True)
class Inspection:
    """All that ``nncli inspect`` shows."""

    run: int
    weights: str
    epoch: int
    task: str
    layers: list[LayerSummary]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    linear_map: RowMap | None = None
    jacobian: RowJacobian | None = None

    @property
    def trained(self) -> int:
        """Return the number of trained numbers."""
        return sum(layer.trained for layer in self.layers)

    @property
    def kept(self) -> int:
        """Return the number of numbers that are kept but not trained."""
        return sum(layer.kept for layer in self.layers)

    @property
    def passed(self) -> bool:
        """Return whether map and Jacobian, where asked for, agree with the forward pass."""
        return (self.linear_map is None or self.linear_map.map.is_exact) and (
            self.jacobian is None or self.jacobian.check.passed
        )

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``nncli inspect --json`` prints."""
        found: dict[str, Any] = {
            "run": self.run,
            "weights": self.weights,
            "epoch": self.epoch,
            "parameters": {"trained": self.trained, "kept": self.kept},
            "layers": [asdict(layer) for layer in self.layers],
        }
        if self.linear_map is not None or self.jacobian is not None:
            found |= {"inputs": self.inputs, "outputs": self.outputs}
        if (at := self.linear_map) is not None:
            found["linear_map"] = {
                "row": at.row,
                "split": at.split,
                "W_eff": at.map.weights.tolist(),
                "b_eff": at.map.bias.tolist(),
                "z": at.map.z.tolist(),
                "error": at.map.error,
                "regions": at.regions,
            }
        if (here := self.jacobian) is not None:
            found["jacobian"] = {
                "row": here.row,
                "split": here.split,
                "dp_dx": here.values.tolist(),
                "max_relative_error": here.check.max_relative_error,
                "compared": here.check.entries,
            }
        return found


def inspect_run(
    reference: str,
    *,
    db: str | None = None,
    linear_map: int | None = None,
    jacobian: int | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Look into the network of a stored run: its best weights, or the last ones.

    ``linear_map`` and ``jacobian`` are rows of its data set; without them no data are loaded.
    Raises UsageError for a row that is not there, and for a map of a network with curved
    activations; DataError if the data are no longer those of the run.
    """
    with RunStore(database_name(db)) as runs:
        kept = runs.find_run(reference)
        which = "best" if kept.best_epoch else "last"
        try:
            checkpoint = runs.load_model(kept.id, which)
        except StoreError:
            which, checkpoint = "last", runs.load_model(kept.id, "last")
    network = StoredModel.of(checkpoint)
    at_map = at_jacobian = None
    if linear_map is not None or jacobian is not None:
        if not network.is_finite():
            raise NncliError(
                f"run {kept.id} ({kept.status}) keeps weights that are no numbers: there is no map "
                f"and no Jacobian; see which with nncli inspect {kept.id}"
            )
        theta = network.theta.astype(np.float64)
        layers = Layerwise(network.model, theta, network.norm_eps)
        # what the network refuses is told before data are loaded, which may take long
        straight = None if linear_map is None else PiecewiseLinear(layers)
        spec, _ = experiment.spec_of(reference, db=db)
        dataset = experiment.plan(spec, progress=progress).dataset
        if dataset.hash != kept.data_hash:
            raise DataError(
                f"the data '{kept.data}' have changed since run {kept.id}: its rows are not those "
                f"that it was trained on; train anew with nncli train --from {kept.id}"
            )
        if straight is not None and linear_map is not None:
            row = _place("--linear-map", linear_map, dataset)
            at_map = RowMap(
                row, _split(dataset, row), straight.map_at(_inputs(dataset, row)),
                regions_met(straight, dataset),
            )  # fmt: skip
        if jacobian is not None:
            row = _place("--jacobian", jacobian, dataset)
            at_jacobian = RowJacobian(
                row, _split(dataset, row), *jacobian_at(layers, theta, _inputs(dataset, row))
            )
    return Inspection(
        run=kept.id,
        weights=which,
        epoch=checkpoint.epoch,
        task=network.task,
        layers=summaries(network.model, network.theta),
        inputs=network.preprocessing.features,
        outputs=_output_names(network.preprocessing, network.model.outputs),
        linear_map=at_map,
        jacobian=at_jacobian,
    )


def regions_met(network: PiecewiseLinear, dataset: Dataset) -> dict[str, int]:
    """Return the number of different activation patterns in each split, and in all of them."""
    every: set[bytes] = set()
    found = {}
    for split in ("train", "val", "test"):
        rows: NDArray[np.int64] = getattr(dataset, split)
        own: set[bytes] = set()
        for start in range(0, len(rows), CHUNK):
            own |= network.patterns(scaled_rows(dataset, rows[start : start + CHUNK])[0])
        every |= own
        if len(rows):
            found[split] = len(own)
    return {**found, "all": len(every)}


def jacobian_at(
    network: Layerwise, theta: NDArray[np.float64], x: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Check]:
    """Return dp/dx (outputs, inputs) at ``x`` (inputs,), and its check by numeric differences."""
    check = check_jacobian("jacobian", network.model, theta, x, eps=network.eps, most=MOST_COMPARED)
    return network.jacobian(x), check


def _place(option: str, row: int, dataset: Dataset) -> int:
    """Return the place of a row, from 0."""
    count = len(dataset.rows)
    if not -count <= row < count:
        raise UsageError(
            f"{option} is {row}: the data set has {count} rows, expected 0 to {count - 1}, or -1 "
            "for the last one and so on"
        )
    return row % count


def _split(dataset: Dataset, row: int) -> str:
    """Return the name of the split that a row is in; one without target is in none."""
    for name in ("train", "val", "test"):
        if row in getattr(dataset, name):
            return name
    return "none"


def _inputs(dataset: Dataset, row: int) -> NDArray[np.float64]:
    x, _ = scaled_rows(dataset, np.array([row]))
    return x.ravel()


def _output_names(preprocessing: Preprocessing, outputs: int) -> tuple[str, ...]:
    """Return what people call the outputs: the classes, or the targets."""
    if preprocessing.task == "binary" and len(preprocessing.classes) == 2:
        return preprocessing.classes[1:]
    for names in (preprocessing.classes, preprocessing.targets):
        if len(names) == outputs:
            return names
    return tuple(str(number) for number in range(outputs))
