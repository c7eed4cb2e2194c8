"""What the data layer gives to the rest: a data set as stored rows, splits and their preprocessing.

Rows are kept as they are stored, bytes for images and floats for tables, perhaps memory-mapped.
Splits are indices into them. An input is ``(row - shift) * scale``, column by column, which the
training loop computes as it gathers a mini-batch: no split and no scaled copy is ever made.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Version of the JSON form of :class:`Preprocessing`.
PREPROCESSING_VERSION = 1


@dataclass(frozen=True)
class DataOptions:
    """The options of an experiment that decide its data; see ``nncli train --help``.

    ``header`` is None where it is to be detected. ``val`` and ``test`` are a share or a file.
    """

    source: str = "digits"
    target: str | None = None
    columns: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    header: bool | None = None
    task: str | None = None
    val: str = "0.2"
    test: str = "0"
    scale: str = "auto"
    seed: int = 0
    dtype: str = "float32"


@dataclass(frozen=True)
class Column:
    """An input column of a raw table and how it becomes encoded columns.

    ``numeric``: one column, missing values filled with ``fill``, and a 0/1 indicator behind it if
    ``indicator``. ``boolean``: the same with 0/1 values. ``categorical``: a 0/1 column for each
    of ``categories``, those of the training split; any other value is all zeros.
    """

    name: str
    kind: str
    fill: float = 0.0
    indicator: bool = False
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preprocessing:
    """All that maps a raw file of the same form to inputs and outputs back to its terms.

    ``shift`` and ``scale`` are (width,), learned on the training split alone. ``target_shift`` and
    ``target_scale`` (outputs,) standardise the targets of a regression. ``classes`` names the
    classes in the order of their codes. ``storage`` is the dtype of stored rows; ``columns`` is
    empty for images and arrays, which have no named columns.
    """

    task: str
    storage: str
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target_shift: tuple[float, ...] = (0.0,)
    target_scale: tuple[float, ...] = (1.0,)
    image_shape: tuple[int, ...] = ()
    feature_names: tuple[str, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)  #: header, delimiter: how it was read

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, in which a model's preprocessing is stored."""
        return {"version": PREPROCESSING_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Preprocessing:
        """Read what :meth:`to_json` wrote."""
        given = {name: value for name, value in values.items() if name != "version"}
        columns = tuple(
            Column(**{**each, "categories": tuple(each["categories"])})
            for each in given.pop("columns")
        )
        lists = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return cls(columns=columns, **lists)


@dataclass(frozen=True)
class Dataset:
    """A data set ready to train on.

    ``rows`` (n, width) is uint8, float32 or float64, C-contiguous. ``targets`` is (n, 1) of class
    codes for a multiclass task, (n, 1) of 0/1 for a binary one, (n, outputs) else; a
    regression's are standardised. ``train``, ``val`` and ``test`` are ascending int64 row numbers.
    """

    name: str
    source: str
    rows: NDArray[Any]
    targets: NDArray[Any]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    task: str
    outputs: int
    preprocessing: Preprocessing
    hash: str
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return the number of inputs of a network on these data."""
        return int(self.rows.shape[1])

    @property
    def shift(self) -> NDArray[np.float64]:
        """Return what is subtracted from each stored column, (width,)."""
        return np.array(self.preprocessing.shift)

    @property
    def scale(self) -> NDArray[np.float64]:
        """Return what each shifted column is multiplied by, (width,)."""
        return np.array(self.preprocessing.scale)


@dataclass(frozen=True)
class Inputs:
    """Rows read for prediction: ``rows`` (m, width), and targets (m, outputs) if the file has them.

    Targets are coded and standardised like a data set's; ``labels`` are the classes or values as
    the file spells them. A row whose class the model does not know has NaN as target.
    """

    rows: NDArray[Any]
    targets: NDArray[Any] | None = None
    labels: tuple[str, ...] | None = None
