"""Predictions: a stored model applied to new rows, in the terms of the data it was trained on.

Outputs are computed by the same native forward pass that validation uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.arrays import frozen_index, make_buffers, no_settings, read_only_bytes
from nncli.data import Inputs, read_inputs
from nncli.errors import DataError
from nncli.kernels.assemble import Parts, assemble_inference
from nncli.kernels.network import Network, Rows
from nncli.stored import StoredModel
from nncli.trainer import INFERENCE_ROWS


@dataclass(frozen=True)
class Predictions:
    """Predictions as a table: ``columns`` names what each of ``rows`` holds.

    ``notes`` say what is to be said of them, such as the accuracy where the file told the truth.
    """

    columns: list[str]
    rows: Iterable[list[Any]]
    notes: tuple[str, ...] = ()


class Predictor:
    """A trained network: raw rows in, predictions out."""

    def __init__(self, stored: StoredModel) -> None:
        self.stored = stored

    def outputs(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the output layer's activations (n, outputs) for stored rows (n, width).

        ``rows`` are in the storage dtype and still unscaled; a DataError tells of another width.
        """
        stored, model = self.stored, self.stored.model
        width, outputs = model.inputs, model.outputs
        if rows.ndim != 2 or rows.shape[1] != width:
            raise DataError(
                f"the rows have shape {rows.shape} and the network takes {width} inputs a row"
            )
        parts = Parts(
            dtype=stored.dtype,
            storage=stored.storage,
            activations=model.hidden_activations,
            output=model.layers[-1].choice.part.name,
            loss=choices.loss(stored.loss).part.name,
            optimizer="sgd",
            task=stored.task,
            normalizes=model.normalizes,
        )
        inference = assemble_inference(parts)
        preprocessing = stored.preprocessing
        targets = np.zeros((len(rows), 1), stored.dtype)
        targets.flags.writeable = False
        data = Rows(
            stored=read_only_bytes(rows.astype(stored.storage, copy=False)),
            targets=targets,
            shift=np.array(preprocessing.shift, stored.dtype),
            scale=np.array(preprocessing.scale, stored.dtype),
        )
        normal = np.array([0.0, stored.norm_eps], stored.dtype)
        settings = no_settings(outputs, stored.dtype)
        network = Network(model.table(), stored.theta, settings, normal)
        buffers = make_buffers(model, INFERENCE_ROWS, stored.dtype, trains=False)
        predictions = np.empty((len(rows), outputs), stored.dtype)
        inference.predict(
            *(network, data, buffers, inference.functions),
            *(frozen_index(np.arange(len(rows))), 0, len(rows)),
            *(np.zeros(1, np.int64), predictions),
        )
        return predictions

    def predict(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return class names (n,), labels 0/1 (n, labels), or values (n, outputs)."""
        return self._decoded(self.outputs(rows))

    @property
    def gives_probabilities(self) -> bool:
        """Return whether the outputs are probabilities, not margins or values."""
        output = self.stored.model.layers[-1].activation
        return choices.loss(self.stored.loss).part.probabilities and output in (
            "sigmoid",
            "softmax",
        )

    def _decoded(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Return outputs in the terms of the data; 0.5 is where preprocessing draws the line."""
        shift = 0.5 - choices.loss(self.stored.loss).part.threshold
        return self.stored.preprocessing.decode(outputs + shift if shift else outputs)

    def read(self, path: str | Path) -> Inputs:
        """Read a file of the form that the network was trained on."""
        return read_inputs(path, self.stored.preprocessing, dtype=self.stored.dtype)

    def predictions(self, path: str | Path) -> Predictions:
        """Read a file and return a row of predictions for each of its rows.

        A classification's rows end with the probability of every class, or its score where the
        network gives no probabilities.
        """
        table = self.read(path)
        preprocessing, task = self.stored.preprocessing, self.stored.task
        outputs = self.outputs(table.rows)
        decoded = self._decoded(outputs).reshape(len(outputs), -1)
        names = preprocessing.targets or ("target",)
        columns = [f"predicted_{name}" for name in names]
        cells = decoded.tolist()
        if task != "regression":
            labels = names if task == "multilabel" else preprocessing.classes
            shares, kind = outputs, "score"
            if self.gives_probabilities:
                kind = "probability"
                shares = np.hstack([1 - outputs, outputs]) if task == "binary" else outputs
            elif task == "binary":
                labels = labels[1:]
            columns += [f"{kind}_{label}" for label in labels]
            cells = [row + share for row, share in zip(cells, shares.tolist(), strict=True)]
        notes = table.notes
        strange = int((~np.isfinite(outputs)).any(axis=1).sum())
        if strange:
            notes = (
                *notes,
                f"{strange} rows are so far from the training data that the outputs "
                "are no numbers: their predictions mean nothing",
            )
        if table.targets is not None:
            notes = (*notes, self._score(outputs, table.targets))
        return Predictions(columns, cells, notes)

    def _score(self, outputs: NDArray[Any], targets: NDArray[Any]) -> str:
        """Return the metric in words, over the rows whose target the file tells."""
        known = ~np.isnan(targets).any(axis=1)
        count = int(known.sum())
        if not count:
            return "no row has a target that the model knows"
        outputs, targets = outputs[known], targets[known]
        if self.stored.task == "regression":
            error = (outputs - targets) * np.array(self.stored.preprocessing.target_scale)
            return f"root mean squared error {np.sqrt(np.mean(error**2)):.6g} over {count} rows"
        if self.stored.task == "multiclass":
            right = outputs.argmax(axis=1)[:, None] == targets
        else:
            threshold = choices.loss(self.stored.loss).part.threshold
            right = (outputs > threshold) == (targets > 0.5)
        return f"accuracy {right.mean():.4f} over {count} rows"


__all__ = ["Predictions", "Predictor"]
