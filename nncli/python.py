"""The Python API: what the commands do, with arrays and data frames in place of files.

``nncli.train`` is ``nncli train`` and takes the same options as keywords; ``nncli.load`` brings a
stored network back.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nncli import experiment
from nncli.data.entries import cache_folder
from nncli.environment import database_name
from nncli.errors import DataError, UsageError
from nncli.events import CurveRow, Event
from nncli.inference import Predictor
from nncli.recorder import Result
from nncli.spec import Spec
from nncli.store import RunStore, SweepStore

if TYPE_CHECKING:
    import pandas as pd

    from nncli.sweeps.events import Best, Done, SweepEvent


@dataclass(frozen=True)
class Run:
    """A run and its curve. The other attributes are those of ``nncli train --json``."""

    result: Result

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.result, name)

    @property
    def id(self) -> int:
        """Return the number under which the run is stored."""
        return self.result.run

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Return the curve, one row an epoch; a column that was not measured is left out."""
        import pandas as pd

        with RunStore(self.result.database) as runs:
            curve = runs.curve(self.id)
        measured = set(curve.columns)
        names = [each.name for each in fields(CurveRow) if each.name in measured]
        return pd.DataFrame({name: curve[name] for name in names})

    @cached_property
    def layers(self) -> pd.DataFrame:
        """Return what ``diagnose=True`` has seen of the layers: a row an epoch and layer."""
        import pandas as pd

        with RunStore(self.result.database) as runs:
            statistics = runs.layer_stats(self.id)
        return pd.DataFrame({name: statistics[name] for name in statistics.names()})

    @cached_property
    def model(self) -> Model:
        """Return the trained network."""
        return load(self.id, db=self.result.database)

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in self.result.metrics.items())
        return f"<Run {self.id}: {self.result.status}, {self.result.epochs} epochs, {metrics}>"


class Model:
    """A trained network out of the store."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def __repr__(self) -> str:
        layers = self._predictor.stored.model.layers
        widths = "-".join(str(each) for each in (layers[0].fan_in, *(x.fan_out for x in layers)))
        return f"<Model {widths}, {self._predictor.stored.task}>"

    @property
    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name, such as ``layer 1 W`` (fan_in, fan_out)."""
        stored = self._predictor.stored
        return stored.model.views(stored.theta)

    def predict(self, data: str | Path | NDArray[Any] | pd.DataFrame) -> NDArray[Any]:
        """Return class names (n,), labels (n, labels) or values (n, outputs).

        ``data`` is a file of the form that the network was trained on, a data frame with its
        columns, or an array (n, width) of encoded columns before scaling.
        """
        return self._predictor.predict(self._rows(data))

    def predict_proba(self, data: str | Path | NDArray[Any] | pd.DataFrame) -> NDArray[Any]:
        """Return a classification's probabilities (n, classes), or (n, labels) for labels."""
        if self._predictor.stored.task == "regression":
            raise DataError("a regression has no probabilities: use predict")
        if not self._predictor.gives_probabilities:
            raise DataError(
                "this network gives scores, not probabilities: train it with a cross-entropy loss"
            )
        outputs = self._predictor.outputs(self._rows(data))
        if self._predictor.stored.task == "binary":
            return np.hstack([1 - outputs, outputs])
        return outputs

    def _rows(self, data: Any) -> NDArray[Any]:
        if isinstance(data, str | Path):
            return self._predictor.read(data).rows
        if hasattr(data, "to_csv"):
            return self._frame_rows(data)
        rows = np.asarray(data)
        preprocessing = self._predictor.stored.preprocessing
        if rows.ndim == 2 and rows.shape[1] == preprocessing.encoded_width:
            return preprocessing.expand(rows, self._predictor.stored.dtype)
        return rows

    def _frame_rows(self, frame: pd.DataFrame) -> NDArray[Any]:
        """Read a data frame as the file that it would be: one path for all encodings."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "frame.csv"
            frame.to_csv(path, index=False)
            try:
                return self._predictor.read(path).rows
            except DataError as error:
                text = str(error).replace(f"'{path}'", "the data frame")
                raise DataError(text) from None


def train(
    data: str | Path | pd.DataFrame | tuple[Any, Any] | None = None,
    *,
    db: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    observe: Callable[[Event], None] = lambda event: None,
    **options: Any,
) -> Run:
    """Train one network, store the run, and return it.

    ``data`` is a built-in name, a file, a data frame, or a pair of arrays X (n, width) and y (n,)
    or (n, targets). What is no file is kept as one in nncli's cache folder.
    ``options`` are those of ``nncli train`` with underscores: ``batch_size=64``. ``observe`` is
    called with every event. Raises the errors of :mod:`nncli.errors` where the command prints them.
    """
    if data is not None:
        options["data"] = str(_kept(data))
    plan = experiment.plan(Spec.read(options))
    labels = experiment.Labels(name, tuple(tags), note)
    return Run(experiment.train(plan, db=db, labels=labels, observe=observe))


@dataclass(frozen=True)
class Sweep:
    """A sweep that has ended. ``id`` is its number in the database."""

    done: Done
    database: str

    @property
    def id(self) -> int:
        """Return the number under which the sweep is stored."""
        return self.done.sweep

    @property
    def counts(self) -> dict[str, int]:
        """Return how many runs ended how."""
        return self.done.counts.to_json()

    @property
    def best(self) -> Best | None:
        """Return the best trial, None if none is complete; of several objectives see ``front``."""
        return self.done.best[0] if self.done.best else None

    @property
    def front(self) -> tuple[Best, ...]:
        """Return the trials that no other beats in all objectives."""
        return self.done.best

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Return a row a run: trial, seed, run, status, the trial's options, and the results."""
        import pandas as pd

        with SweepStore(self.database) as store:
            rows = list(store.trial_rows(self.id))
        frame = pd.DataFrame(
            {
                "trial": row.number,
                "seed": row.seed,
                "run": row.run_id,
                "status": row.status or row.state,
                **json.loads(row.params),
                **row.results,
            }
            for row in rows
        )
        return frame.dropna(axis="columns", how="all")

    def __repr__(self) -> str:
        counted = ", ".join(f"{number} {name}" for name, number in self.counts.items() if number)
        return f"<Sweep {self.id}: {counted}>"


def sweep(
    data: str | Path | pd.DataFrame | tuple[Any, Any] | None = None,
    *,
    db: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    rerun: bool = False,
    settings: Mapping[str, Any] | None = None,
    observe: Callable[[SweepEvent], None] = lambda event: None,
    **options: Any,
) -> Sweep:
    """Train many networks, store all runs, and return what came of them.

    ``options`` are those of ``nncli sweep``: a value, a list, or a text such as
    ``"log:1e-4:1e-1:7"``. ``settings`` are those of ``[sweep]`` in a sweep file, such as
    ``{"seeds": 5, "sampler": "tpe", "trials": 50}``; the usual ones may stand among the options.
    Started again, a sweep does only what is missing. ``data`` is as for :func:`train`, or a sweep
    file.
    """
    from nncli.sweeps.request import read_request
    from nncli.sweeps.space.document import SETTINGS
    from nncli.sweeps.starting import Prepared, Wish, carry_out

    chosen = {name: options.pop(name) for name in SETTINGS if name in options}
    if data is not None:
        options["data"] = str(_kept(data))
    for name, value in options.items():
        if hasattr(value, "tolist") or isinstance(value, range):
            options[name] = np.asarray(value).tolist()
    request = read_request(options, {**(settings or {}), **chosen})
    if request.definition.about is not None:
        from nncli.judging import check_about

        check_about(request.definition.about)
    labels = experiment.Labels(request.name, request.tags, request.note)
    database = database_name(db)
    wish = Wish(database, jobs or request.jobs, dask, rerun, request.fail_fast, labels)
    return Sweep(carry_out(Prepared(request.definition), wish, observe=observe), database)


def _kept(data: Any) -> str | Path:
    """Return a name or path as it is; arrays and frames as the file in the cache that holds them.

    The file is named by its content, so that a run can be resumed and repeated in another session.
    """
    if isinstance(data, str | Path):
        return data
    content = io.BytesIO()
    if hasattr(data, "to_csv"):
        data.to_csv(content, index=False)
        kind = "csv"
    elif isinstance(data, tuple) and len(data) == 2:
        x, y = (np.asarray(each) for each in data)
        np.savez(content, X=x, y=y.astype(str) if y.dtype == object else y)
        kind = "npz"
    else:
        raise UsageError(
            f"data is a {type(data).__name__}: expected a built-in name, a path, a data frame, or "
            "a pair of arrays (X, y)"
        )
    path = (
        cache_folder() / "given" / f"{hashlib.sha256(content.getvalue()).hexdigest()[:24]}.{kind}"
    )
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
            stream.write(content.getvalue())
        os.replace(stream.name, path)
    return path


def export(
    run: int | str,
    output: str | Path | None = None,
    form: str | None = None,
    *,
    epoch: str | None = None,
    force: bool = False,
    db: str | None = None,
) -> tuple[Path, ...]:
    """Write the network of a stored run for other programs, and return the files.

    ``form`` is onnx, safetensors, torch or json, by default what the file's ending says; ``force``
    replaces files that are there. See docs/export.md.
    """
    from nncli.exporting.export import export as make

    output = None if output is None else str(output)
    made = make(str(run), output, form, epoch=epoch, db=db)
    made.write(force=force)
    return tuple(made.files)


def load(run: int | str, *, db: str | None = None) -> Model:
    """Return the network of a stored run, by id, name, start of its uuid, or ``last``."""
    return Model(experiment.predictor(str(run), db=db))
