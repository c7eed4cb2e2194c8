"""What the network of a stored run says of its data, as arrays to be drawn.

Decision boundary, confusion matrix, and predicted against true values are computed from the stored
weights, the best ones where they were kept, by the forward pass that validation uses. The data are
read again: they must be those of the run, to the hash. Pictures of these arrays are made by
:mod:`nncli.report.pictures` and :mod:`nncli.report.figures`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices, experiment
from nncli.data import Dataset, Preprocessing
from nncli.environment import database_name
from nncli.errors import DataError, UsageError, unknown_choice
from nncli.inference import Predictor
from nncli.planning import Planner
from nncli.report.pictures.views import Boundary, Codes, Confusion, Floats, Predictions
from nncli.spec import Spec
from nncli.store import Run, RunStore

Progress = Callable[[str, float | None], None]

SPLITS = ("train", "val", "test")

#: Columns and rows of a grid that is fine enough for paper and for a wide terminal.
RESOLUTION = (240, 240)

#: Share of the range of the data that a plane shows beyond them, at each side.
MARGIN = 0.08


@dataclass(frozen=True)
class Network:
    """The network of a stored run, before its data are read."""

    run: Run
    spec: Spec
    predictor: Predictor

    @property
    def preprocessing(self) -> Preprocessing:
        """Return how rows become inputs and outputs predictions."""
        return self.predictor.stored.preprocessing

    @property
    def task(self) -> str:
        """Return what was learned."""
        return self.predictor.stored.task

    @property
    def name(self) -> str:
        """Return what titles call the run."""
        return f"run {self.run.id}" + (f" ({self.run.name})" if self.run.name else "")

    def codes(self, outputs: NDArray[Any]) -> Codes:
        """Return the class (n,) of each row of outputs; of several labels 0 or 1 (n, labels)."""
        if self.task == "multiclass":
            return np.asarray(outputs.argmax(axis=1), np.int64)
        threshold = choices.loss(self.predictor.stored.loss).part.threshold
        said = (outputs > threshold).astype(np.int64)
        return said[:, 0] if self.task == "binary" else said


def boundary(
    reference: str,
    *,
    db: str | None = None,
    resolution: tuple[int, int] = RESOLUTION,
    progress: Progress | None = None,
) -> tuple[Boundary, ...]:
    """Return the decision boundary of a run on two features; of several labels one for each.

    ``resolution`` is the number of columns and rows of the grid. Raises UsageError for a regression
    and for other than two features, DataError for data that changed or vanished, StoreError for an
    unknown run.
    """
    network = _network(reference, db)
    _require_classes(network, "a decision boundary")
    names = _two_features(network)
    dataset = _data(network, progress)
    used = np.concatenate([getattr(dataset, split) for split in SPLITS])
    points = _raw(dataset, used)
    x, y = (_range(points[:, place]) for place in (0, 1))
    columns, rows = (max(2, each) for each in resolution)
    grid = np.column_stack(
        [each.ravel() for each in np.meshgrid(_middles(x, columns), _middles(y, rows))]
    )
    outputs = network.predictor.outputs(_as_stored(grid, network))
    codes = network.codes(outputs).reshape(rows, columns, -1)
    sureness = _sureness(network, outputs)
    truth = dataset.targets[used].astype(np.int64)
    said = network.codes(network.predictor.outputs(dataset.rows[used])).reshape(len(used), -1)
    training = np.isin(used, dataset.train)
    return tuple(
        Boundary(
            title=f"{network.name}{label}",
            classes=classes,
            features=names,
            x=x,
            y=y,
            codes=np.ascontiguousarray(codes[:, :, place]),
            sureness=None if sureness is None else sureness[:, place].reshape(rows, columns),
            points=points,
            truth=truth[:, place],
            said=said[:, place],
            training=training,
        )
        for place, (label, classes) in enumerate(_questions(network))
    )


def confusion(
    reference: str,
    *,
    db: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> tuple[Confusion, ...]:
    """Return the confusion matrix of a run; of several labels one for each.

    ``split`` is train, val or test; None means val, or train where nothing was kept for validation.
    Raises UsageError for a regression and an empty split, and else as :func:`boundary` does.
    """
    network = _network(reference, db)
    _require_classes(network, "a confusion matrix")
    dataset = _data(network, progress)
    name, rows = _rows(network, dataset, split)
    outputs = network.predictor.outputs(dataset.rows[rows])
    said = network.codes(outputs).reshape(len(rows), -1)
    truth = dataset.targets[rows].astype(np.int64)
    found = []
    for place, (label, classes) in enumerate(_questions(network)):
        matrix = np.zeros((len(classes), len(classes)), np.int64)
        np.add.at(matrix, (truth[:, place], said[:, place]), 1)
        found.append(Confusion(f"{network.name}{label}, {name} rows", classes, matrix))
    return tuple(found)


def predictions(
    reference: str,
    *,
    db: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> tuple[Predictions, ...]:
    """Return true and predicted values of a regression, one of each target, in its own units.

    ``split`` is as in :func:`confusion`. Raises UsageError for a classification and an empty split,
    and else as :func:`boundary` does.
    """
    network = _network(reference, db)
    if network.task != "regression":
        raise UsageError(
            f"{network.name} is a {network.task} task: predicted against true values are of a "
            f"regression; look at its confusion matrix: nncli report {network.run.id} --confusion"
        )
    dataset = _data(network, progress)
    name, rows = _rows(network, dataset, split)
    decode = network.preprocessing.decode
    predicted = decode(network.predictor.outputs(dataset.rows[rows]))
    truth = decode(dataset.targets[rows])
    targets = network.preprocessing.targets or ("target",)
    return tuple(
        Predictions(f"{network.name}, {name} rows", target, truth[:, place], predicted[:, place])
        for place, target in enumerate(targets)
    )


def _network(reference: str, db: str | None) -> Network:
    with RunStore(database_name(db)) as runs:
        kept = runs.find_run(reference)
    _, spec, model = experiment.stored_network(str(kept.id), db=db)
    return Network(kept, spec, Predictor(model))


def _data(network: Network, progress: Progress | None) -> Dataset:
    """Read the data of a run again; DataError unless they are what it was trained on."""
    run = network.run
    known = f"'{run.data}' (SHA-256 {run.data_hash[:12]}...)"
    try:
        dataset = Planner(progress).dataset(network.spec)
    except (DataError, UsageError) as error:
        raise DataError(
            f"the data of run {run.id}, {known}, cannot be read as they were: {error}; put them "
            f"back, or train anew with nncli train --from {run.id}"
        ) from error
    if dataset.hash != run.data_hash:
        raise DataError(
            f"the data have changed since run {run.id}: it was trained on {known}, and that now "
            f"has {dataset.hash[:12]}...; put the former data back, or train anew with "
            f"nncli train --from {run.id}"
        )
    return dataset


def _require_classes(network: Network, what: str) -> None:
    if network.task == "regression":
        raise UsageError(
            f"{network.name} is a regression: {what} needs classes; look at its predicted against "
            f"true values: nncli report {network.run.id} --predicted"
        )


def _two_features(network: Network) -> tuple[str, str]:
    """Return the names of the two features; UsageError if there are others."""
    preprocessing = network.preprocessing
    columns = preprocessing.inputs
    if len(columns) == 2 and preprocessing.encoded_width == 2:
        return columns[0].name, columns[1].name
    count = preprocessing.encoded_width
    names = [each.name for each in columns if each.width == 1]
    advice = f"look at its confusion matrix: nncli report {network.run.id} --confusion"
    if len(names) >= 2:
        some = ",".join(names[:2])
        advice = f"train on two with nncli train --from {network.run.id} --columns {some}"
    raise UsageError(
        f"{network.name} has {count} feature{'' if count == 1 else 's'}: a decision boundary is "
        f"drawn on a plane of 2 numbers; {advice}"
    )


def _questions(network: Network) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a network decides: a single question of its classes, or a label each."""
    preprocessing = network.preprocessing
    if network.task != "multilabel":
        return [("", preprocessing.classes)]
    return [(f", {label}", (f"not {label}", label)) for label in preprocessing.targets]


def _rows(network: Network, dataset: Dataset, split: str | None) -> tuple[str, NDArray[np.int64]]:
    """Return a split's name and its rows."""
    if split is not None and split not in SPLITS:
        raise unknown_choice("split", split, SPLITS)
    name = split or ("val" if len(dataset.val) else "train")
    rows: NDArray[np.int64] = getattr(dataset, name)
    if not len(rows):
        there = [f"{each} ({len(getattr(dataset, each))})" for each in SPLITS]
        some = ", ".join(each for each in there if not each.endswith("(0)"))
        raise UsageError(
            f"{network.name} has no {name} rows: expected one of {some}; a run keeps rows apart "
            f"with --{'val' if name == 'val' else 'test'} 0.2"
        )
    return name, rows


def _raw(dataset: Dataset, rows: NDArray[np.int64]) -> Floats:
    """Return the two features of rows (n, 2) as they stand in the data."""
    values = np.asarray(dataset.rows[rows][:, :2], np.float64)
    expansion = dataset.preprocessing.expansion
    if expansion is None:
        return values
    scale = np.asarray(expansion.scale)  # the first columns of a product are the scaled inputs
    return np.asarray(values / np.where(scale == 0, 1, scale) + np.asarray(expansion.shift))


def _range(values: Floats) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 1.0
    return low - room, high + room


def _middles(ends: tuple[float, float], count: int) -> Floats:
    """Return the middles of ``count`` equal parts of a range."""
    return np.asarray(ends[0] + (np.arange(count) + 0.5) / count * (ends[1] - ends[0]))


def _as_stored(grid: Floats, network: Network) -> NDArray[Any]:
    """Return places of the plane (n, 2) as the rows that the network takes."""
    stored = network.predictor.stored
    if stored.storage == "uint8":
        grid = np.clip(np.round(grid), 0, 255)
    encoded = np.ascontiguousarray(grid, stored.dtype)
    return network.preprocessing.expand(encoded, stored.dtype)


def _sureness(network: Network, outputs: NDArray[Any]) -> Floats | None:
    """Return the probability of what was decided (n, questions); None without probabilities."""
    if not network.predictor.gives_probabilities:
        return None
    if network.task == "multiclass":
        return np.asarray(outputs.max(axis=1, keepdims=True), np.float64)
    return np.asarray(np.maximum(outputs, 1 - outputs), np.float64)
