"""How raw columns become inputs and targets, learned on the training split and stored with a model.

A table's row becomes numbers column by column, in the order of the file: a number as it is, with
missing ones filled; a boolean as 0 or 1; a category as one column a category (one-hot), all 0 for
one that was not seen in training. If training rows miss a value, one more column says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.expansion import Expansion
from nncli.errors import DataError

VERSION = 1


@dataclass(frozen=True)
class InputColumn:
    """A raw input column. ``kind`` is numeric, categorical or boolean; ``position`` its place in
    the file, from 0; ``fill`` stands for a missing number; ``indicator`` adds a column that is 1
    where the value is missing."""

    name: str
    position: int
    kind: str = "numeric"
    fill: float | None = None
    indicator: bool = False
    categories: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        """Return the names of the encoded columns."""
        if self.kind == "categorical":
            names = [f"{self.name}={each}" for each in self.categories]
        else:
            names = [self.name]
        return [*names, f"{self.name} is missing"] if self.indicator else names

    @property
    def width(self) -> int:
        """Return the number of encoded columns."""
        values = len(self.categories) if self.kind == "categorical" else 1
        return values + self.indicator

    def to_json(self) -> dict[str, Any]:
        """Return the column without what is at its default."""
        found: dict[str, Any] = {"name": self.name, "position": self.position}
        if self.kind != "numeric":
            found["kind"] = self.kind
        if self.fill is not None:
            found["fill"] = self.fill
        if self.indicator:
            found["indicator"] = True
        if self.categories:
            found["categories"] = list(self.categories)
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> InputColumn:
        """Read what :meth:`to_json` returned."""
        return cls(**{**found, "categories": tuple(found.get("categories", ()))})


@dataclass(frozen=True)
class Preprocessing:
    """All that maps a file of the training file's form to network inputs, and outputs back.

    Inputs are ``(encoded - shift) * scale``. For a regression the network learns
    ``(y - target_shift) / target_scale``, the mean and the standard deviation in training.
    ``labels`` are the classes as the data have them, ``classes`` as people read them.
    ``file_columns`` are all columns of the training file, empty if it was no table; ``storage``
    is the type of the encoded rows, such as "uint8". With an ``expansion``, the encoded columns are
    multiplied with each other first, and ``shift`` and ``scale`` are those of all products.
    """

    task: str
    inputs: tuple[InputColumn, ...]
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    targets: tuple[str, ...]
    target_kinds: tuple[str, ...]  # "number" or "text", of each target
    storage: str
    labels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target_shift: tuple[float, ...] = ()
    target_scale: tuple[float, ...] = ()
    file_columns: tuple[str, ...] = ()
    header: bool = True
    image_shape: tuple[int, ...] | None = None
    expansion: Expansion | None = None

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Return the names of the network's inputs (width,)."""
        names = tuple(name for column in self.inputs for name in column.features)
        return names if self.expansion is None else self.expansion.names(names)

    @property
    def width(self) -> int:
        """Return the number of the network's inputs."""
        return len(self.shift)

    @property
    def encoded_width(self) -> int:
        """Return the number of encoded columns, before they are multiplied with each other."""
        return self.width if self.expansion is None else self.expansion.width

    def expand(self, rows: NDArray[Any], dtype: str) -> NDArray[Any]:
        """Return the inputs (n, width), before scaling, of encoded rows (n, encoded_width)."""
        return rows if self.expansion is None else self.expansion.expand(rows, dtype)

    def decode(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Return predictions as people read them, from the network's activated outputs.

        (n, outputs) becomes class names (n,) for binary (from 0.5 on the second) and multiclass,
        0 or 1 (n, outputs) for multilabel, and numbers in original units for a regression.
        """
        if self.task == "regression":
            wide = np.asarray(outputs, np.float64)
            numbers: NDArray[Any] = wide * np.asarray(self.target_scale) + self.target_shift
            return numbers
        if self.task == "multilabel":
            return (outputs >= 0.5).astype(np.int64)
        names = np.asarray(self.classes)
        if self.task == "binary":
            places = (outputs[:, 0] >= 0.5).astype(np.int64)
        else:
            places = outputs.argmax(axis=1)
        decoded: NDArray[Any] = names[places]
        return decoded

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; numbers that are all equal and names that count up are packed."""
        return dict(self._packed)

    @cached_property
    def _packed(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "version": VERSION,
            "task": self.task,
            "inputs": _pack_inputs(self.inputs),
            "shift": _pack(self.shift),
            "scale": _pack(self.scale),
            "targets": list(self.targets),
            "target_kinds": list(self.target_kinds),
            "storage": self.storage,
            "labels": list(self.labels),
            "classes": list(self.classes),
            "target_shift": list(self.target_shift),
            "target_scale": list(self.target_scale),
            "file_columns": list(self.file_columns),
            "header": self.header,
            "image_shape": None if self.image_shape is None else list(self.image_shape),
        }
        if self.expansion is not None:
            found["expansion"] = self.expansion.to_json()
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Preprocessing:
        """Read what :meth:`to_json` returned; raises DataError for a newer version."""
        if found.get("version") != VERSION:
            raise DataError(
                f"the model's preprocessing has version {found.get('version')}, this nncli reads "
                f"{VERSION}: use the nncli that trained it, or a newer one"
            )
        inputs = _unpack_inputs(found["inputs"])
        stored = found.get("expansion")
        expansion = None if stored is None else Expansion.from_json(stored)
        width = sum(each.width for each in inputs) if expansion is None else expansion.columns
        shape = found["image_shape"]
        return cls(
            task=found["task"],
            inputs=inputs,
            shift=_unpack(found["shift"], width),
            scale=_unpack(found["scale"], width),
            header=found["header"],
            storage=found["storage"],
            image_shape=None if shape is None else tuple(shape),
            expansion=expansion,
            **{
                name: tuple(found[name])
                for name in (
                    "targets",
                    "target_kinds",
                    "labels",
                    "classes",
                    "target_shift",
                    "target_scale",
                    "file_columns",
                )
            },
        )


def _pack(values: Sequence[float]) -> float | list[float]:
    return values[0] if len(set(values)) == 1 else list(values)


def _unpack(values: float | list[float], width: int) -> tuple[float, ...]:
    return tuple(values) if isinstance(values, list) else (values,) * width


def _pack_inputs(inputs: tuple[InputColumn, ...]) -> Any:
    """Return the columns, or ``{"prefix", "count"}`` for plain ones called pixel1, pixel2, ..."""
    prefix = inputs[0].name.rstrip("0123456789")
    if inputs == numbered(prefix, len(inputs)):
        return {"prefix": prefix, "count": len(inputs)}
    return [each.to_json() for each in inputs]


def _unpack_inputs(found: Any) -> tuple[InputColumn, ...]:
    if isinstance(found, dict):
        return numbered(found["prefix"], found["count"])
    return tuple(InputColumn.from_json(each) for each in found)


def numbered(prefix: str, count: int) -> tuple[InputColumn, ...]:
    """Return plain numeric columns called after their place, from 1."""
    return tuple(InputColumn(f"{prefix}{place + 1}", place) for place in range(count))
