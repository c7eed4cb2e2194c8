"""Models as they are stored: weights by name, and all that inference and resuming need beside them.

Weights are safetensors of named arrays (``layer 1 W``), readable by other programs. What they mean
is JSON: the layers, the task, and the preprocessing that maps raw data to inputs. Nothing is ever
unpickled.
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli import choices, store
from nncli.data import Dataset, Preprocessing
from nncli.errors import StoreError
from nncli.events import Checkpoint
from nncli.model import Layer, Model
from nncli.spec import Spec


def description(spec: Spec, model: Model, dataset: Dataset) -> str:
    """Return the JSON that says what a run's weights mean."""
    assert spec.loss is not None
    settings = (dataset.task, spec.dtype, dataset.rows.dtype.name, spec.loss, spec.bn_eps or 0.0)
    return _description(model, dataset.preprocessing, *settings)


@functools.lru_cache(maxsize=16)  # the trials of a sweep have few
def _description(
    model: Model,
    preprocessing: Preprocessing,
    task: str,
    dtype: str,
    storage: str,
    loss: str,
    norm_eps: float,
) -> str:
    return store.to_json(
        {
            "layers": [asdict(layer) for layer in model.layers],
            "task": task,
            "dtype": dtype,
            "storage": storage,
            "loss": loss,
            "input_norm": model.input_norm,
            "norm_eps": norm_eps,
            "preprocessing": preprocessing.to_json(),
        }
    )


def to_store(
    model: Model, checkpoint: Checkpoint, info: str
) -> tuple[store.Checkpoint, store.Checkpoint | None]:
    """Return a checkpoint as the store takes it: the last model with its state, and the best."""
    arrays = checkpoint.arrays
    last = store.Checkpoint(
        epoch=checkpoint.epoch,
        weights=store.arrays_to_bytes(model.views(arrays["theta"])),
        info=info,
        state=store.arrays_to_bytes({"state": arrays["state"], "best_theta": arrays["best_theta"]}),
        state_info=store.to_json(
            {"position": checkpoint.position, "best_epoch": checkpoint.best_epoch}
        ),
    )
    if not checkpoint.best_epoch:
        return last, None
    weights = store.arrays_to_bytes(model.views(arrays["best_theta"]))
    return last, store.Checkpoint(epoch=checkpoint.best_epoch, weights=weights, info=info)


def from_store(model: Model, last: store.Checkpoint) -> Checkpoint:
    """Return the checkpoint that :func:`to_store` stored as the last model."""
    assert last.state is not None
    assert last.state_info is not None
    state = store.arrays_from_bytes(last.state)
    info = store.from_json(last.state_info)
    return Checkpoint(
        epoch=last.epoch,
        best_epoch=info["best_epoch"],
        arrays={"theta": joined(model, store.arrays_from_bytes(last.weights)), **state},
        position=info["position"],
    )


def joined(model: Model, weights: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Return named weights as one flat vector ``theta`` (size,).

    Raises ValueError if they are not those of the model.
    """
    for each in model.layout:
        if each.name not in weights or weights[each.name].shape != each.shape:
            raise ValueError(f"the weights hold no '{each.name}' of shape {each.shape}")
    return np.concatenate([weights[each.name].ravel() for each in model.layout])


@dataclass(frozen=True)
class StoredModel:
    """A model out of the store, ready for inference."""

    model: Model
    theta: NDArray[Any]
    task: str
    dtype: str
    storage: str
    loss: str
    norm_eps: float
    preprocessing: Preprocessing

    def is_finite(self) -> bool:
        """Return whether all weights are numbers."""
        return bool(np.isfinite(self.theta).all())

    @classmethod
    def of(cls, kept: store.Checkpoint) -> StoredModel:
        """Read a model as :func:`to_store` wrote it; StoreError for one that somebody changed."""
        try:
            return cls._read(kept)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise StoreError(
                f"the stored network is damaged ({error}): its description in the table models "
                "does not fit its weights; train the run again"
            ) from error

    @classmethod
    def _read(cls, kept: store.Checkpoint) -> StoredModel:
        info = store.from_json(kept.info)
        layers = tuple(Layer(**layer) for layer in info["layers"])
        model = Model(layers, info.get("input_norm", False))
        choices.loss(info["loss"])
        return cls(
            model=model,
            theta=joined(model, store.arrays_from_bytes(kept.weights)),
            task=info["task"],
            dtype=info["dtype"],
            storage=info["storage"],
            loss=info["loss"],
            norm_eps=info.get("norm_eps", 0.0),
            preprocessing=Preprocessing.from_json(info["preprocessing"]),
        )
