"""Which network is exported, and what every format says of where it is from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices
from nncli.environment import database_name
from nncli.errors import NncliError, StoreError
from nncli.inference import Predictor
from nncli.store import Run, RunStore
from nncli.store.records import WHOLE
from nncli.stored import StoredModel

#: Which weights of a run: those of its best epoch, or of its last.
EPOCHS = ("best", "last")


@dataclass(frozen=True)
class Source:
    """A stored run with the network that is exported: the weights of ``epoch``, best or last."""

    run: Run
    weights: str
    epoch: int
    network: StoredModel

    @cached_property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name, such as ``layer 1 W``."""
        return self.network.model.views(self.network.theta)

    def normal(self, owner: str) -> Normal | None:
        """Return the Batch Normalization of ``input`` or ``layer 2``, or None."""
        if f"{owner} gamma" not in self.arrays:
            return None
        return Normal(
            gamma=self.arrays[f"{owner} gamma"],
            beta=self.arrays[f"{owner} beta"],
            mean=self.arrays[f"{owner} running_mean"],
            variance=self.arrays[f"{owner} running_var"],
            eps=self.network.norm_eps,
        )

    @property
    def gives_probabilities(self) -> bool:
        """Return whether the outputs are probabilities, not margins or values."""
        return Predictor(self.network).gives_probabilities

    @property
    def threshold(self) -> float:
        """Return the binary output from which on it says yes."""
        return choices.loss(self.network.loss).part.threshold

    @property
    def score_names(self) -> tuple[str, ...]:
        """Return what the columns of probabilities or scores are of: classes, or labels."""
        preprocessing = self.network.preprocessing
        if self.network.task == "multilabel":
            return preprocessing.targets
        one_score = self.network.task == "binary" and not self.gives_probabilities
        return preprocessing.classes[1:] if one_score else preprocessing.classes

    @property
    def facts(self) -> dict[str, Any]:
        """Return what is written into every format beside the network."""
        from importlib.metadata import version

        preprocessing = self.network.preprocessing
        return {
            "nncli_version": version("nncli"),
            "run": self.run.uuid,
            "run_id": self.run.id,
            "run_name": self.run.name,
            "spec_hash": self.run.spec_hash,
            "data": PurePath(self.run.data).name,  # whose folders are nobody's business
            "data_hash": self.run.data_hash,
            "weights": self.weights,
            "epoch": self.epoch,
            "task": self.network.task,
            "loss": self.network.loss,
            "dtype": self.network.dtype,
            "targets": list(preprocessing.targets),
            "classes": list(preprocessing.classes),
        }

    def text_facts(self) -> dict[str, str]:
        """Return the same as texts: what is no text is JSON, and what is not known is left out."""
        return {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in self.facts.items()
            if value is not None
        }


@dataclass(frozen=True)
class Normal:
    """Batch Normalization at inference: ``(x - mean) / sqrt(variance + eps) gamma + beta``."""

    gamma: NDArray[Any]
    beta: NDArray[Any]
    mean: NDArray[Any]
    variance: NDArray[Any]
    eps: float

    @property
    def factor(self) -> NDArray[Any]:
        """Return ``gamma / sqrt(variance + eps)``."""
        eps = self.variance.dtype.type(self.eps)
        factor: NDArray[Any] = self.gamma / np.sqrt(self.variance + eps)
        return factor


def find(reference: str, *, epoch: str | None = None, db: str | None = None) -> Source:
    """Return the network of a stored run; its best weights, else the last, where none are named.

    Raises StoreError for a run that is not there or keeps no such weights, and NncliError for one
    that did not come to its end, unless ``epoch`` says that its weights are meant all the same, and
    for weights that are no numbers.
    """
    with RunStore(database_name(db)) as runs:
        run = runs.find_run(reference)
        if epoch is None and run.status not in WHOLE:
            raise NncliError(_unfinished(run))
        which = epoch or ("best" if run.best_epoch else "last")
        try:
            model = runs.load_model(run.id, which)
        except StoreError:
            if epoch is not None:
                raise
            which, model = "last", runs.load_model(run.id, "last")
    if not model.epoch:
        raise NncliError(
            f"run {run.id} ({run.status}) keeps no weights but those that it began with: there is "
            "nothing to export; train again, with a smaller --lr if it diverged"
        )
    network = StoredModel.of(model)
    if not network.is_finite():
        raise NncliError(
            f"run {run.id} ({run.status}) keeps weights of epoch {model.epoch} that are no "
            "numbers: there is nothing to export; train again with a smaller --lr"
        )
    return Source(run, which, model.epoch, network)


def _unfinished(run: Run) -> str:
    """Return why a run is not exported just so, and what to do."""
    planned = f" of {run.epochs_planned}" if run.epochs_planned else ""
    done = f"after {run.epochs}{planned} epochs"
    ways = {
        "running": f"is still running, {done}: wait for its end",
        "interrupted": f"was interrupted {done}: nncli train --resume {run.id} goes on with it",
        "stale": f"lost its process {done}: nncli train --resume {run.id} goes on with it",
        "diverged": f"diverged {done}: train again with a smaller --lr",
        "failed": f"failed {done}: nncli report {run.id} says why",
        "pruned": f"was given up by its sweep {done}: export a completed one",
    }
    return (
        f"run {run.id} {ways[run.status]}, or name --epoch best or --epoch last to export the "
        "weights that it keeps as they are"
    )


__all__ = ["EPOCHS", "Normal", "Source", "find"]
