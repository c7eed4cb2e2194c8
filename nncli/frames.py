"""Stored runs as pandas frames: ``nncli.runs``, ``nncli.curves`` and ``nncli.layer_stats``.

All take the same words and keywords to say which runs are meant: ``nncli.runs("12", "15-20",
"@night", where="act=relu and val_accuracy>0.95", since="2d", status="completed")``, as ``nncli
report`` does. Their columns are those of the SQL views ``runs_flat``, ``curves`` and ``layers``.
Infinities are infinities; NaN stands for a NaN and for a number that was not measured, which a
condition such as ``val_loss:last is none`` tells apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.environment import database_name
from nncli.errors import UsageError
from nncli.store.finding import Query, ReportStore, check_field

if TYPE_CHECKING:
    import pandas as pd

TIMES = ("created", "started", "finished", "heartbeat")

#: Columns of ``runs_flat`` whose names mean something else as fields: there a metric is the best.
_FIELDS = {"id": "run", "sweep_id": "sweep"} | {
    f"{split}_{measure}": f"{split}_{measure}:last"
    for split in ("train", "val")
    for measure in ("loss", "accuracy", "rmse")
}


def runs(
    *selectors: str | int,
    where: str | None = None,
    since: str | None = None,
    status: str | Sequence[str] = (),
    sort: str | None = None,
    limit: int | None = None,
    db: str | None = None,
) -> pd.DataFrame:
    """Return a row a run, newest first, with the columns of the SQL view ``runs_flat``.

    ``val_accuracy`` and its like are those of the last epoch, ``best_val_accuracy`` those of the
    best one. Times are of UTC, flags are true or false, ``tags`` a text with commas. Without
    ``nonfinite``, since numbers that are not finite are themselves.
    """
    import pandas as pd

    query = _query(selectors, where, since, status, sort, limit)
    with ReportStore(database_name(db)) as store:
        names = [name for name in store.view_columns("runs_flat") if name != "nonfinite"]
        fields = tuple(_FIELDS.get(name, name) for name in names)
        table = store.find(replace(query, fields=fields)).table
    return pd.DataFrame(
        {
            name: _series(name, field, table[field])
            for name, field in zip(names, fields, strict=True)
        },
        copy=False,
    )


def curves(
    *selectors: str | int,
    where: str | None = None,
    since: str | None = None,
    status: str | Sequence[str] = (),
    sort: str | None = None,
    limit: int | None = None,
    fields: Sequence[str] = (),
    db: str | None = None,
) -> pd.DataFrame:
    """Return a row an epoch, by ``run_id`` and ``epoch``.

    Further columns are ``updates`` (optimizer steps so far), ``seconds`` (of training so far), the
    losses and metrics of ``train`` and ``val``, ``lr`` and ``grad_norm``. ``fields`` names what of
    the run stands beside each of its rows, such as ``("act", "seed")``; what is a column of these
    rows too stands as ``run_lr``. Of ``limit`` runs the first by ``sort`` are taken, the newest by
    default.
    """
    query = _query(selectors, where, since, status, sort, limit)
    with ReportStore(database_name(db)) as store:
        return _beside(store, query, store.all_curves(query), fields)


def layer_stats(
    *selectors: str | int,
    where: str | None = None,
    since: str | None = None,
    status: str | Sequence[str] = (),
    sort: str | None = None,
    limit: int | None = None,
    fields: Sequence[str] = (),
    db: str | None = None,
) -> pd.DataFrame:
    """Return a row for each logged epoch and layer of runs that were trained with ``diagnose``.

    By ``run_id``, ``epoch`` and ``layer``, where 1 is the first hidden one; the statistics are
    those that docs/diagnosis.md describes. ``fields`` and ``limit`` are those of :func:`curves`.
    """
    query = _query(selectors, where, since, status, sort, limit)
    with ReportStore(database_name(db)) as store:
        return _beside(store, query, store.all_layer_stats(query), fields)


def _query(
    selectors: Sequence[str | int],
    where: str | None,
    since: str | None,
    status: str | Sequence[str],
    sort: str | None,
    limit: int | None,
) -> Query:
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}: expected a whole number of at least 1")
    statuses = (status,) if isinstance(status, str) else tuple(status)
    words = tuple(str(each) for each in selectors)
    return Query((), words, where, since, statuses, sort, limit)


def _beside(
    store: ReportStore, query: Query, columns: dict[str, Any], fields: Sequence[str]
) -> pd.DataFrame:
    """Return measurements as a frame, with fields of the runs behind ``run_id``."""
    import pandas as pd

    frame = pd.DataFrame(columns, copy=False)
    if isinstance(fields, str):
        fields = (fields,)
    if fields:
        names = tuple(dict.fromkeys(fields))
        table = store.find(replace(query, fields=("run", *names))).table
        order = np.argsort(np.asarray(table["run"], dtype=np.int64))
        known = np.asarray(table["run"], dtype=np.int64)[order]
        places = order[np.searchsorted(known, columns["run_id"])] if len(order) else order
        for position, name in enumerate(names, 1):
            values = _series(name, name, table[name])
            label = f"run_{name}" if name in columns else name
            frame.insert(position, label, values.take(places).array)
    return frame


def _series(name: str, field: str, values: Sequence[Any]) -> pd.Series[Any]:
    """Return a field's values as a column of the type that holds them exactly."""
    import pandas as pd

    kind = check_field(field).kind
    if name in TIMES:
        return pd.Series(pd.to_datetime(list(values), utc=True, format="ISO8601"))
    if kind == "number":
        return pd.Series(np.array(values, dtype=np.float64))
    if kind in ("whole", "flag"):
        full, sparse = ("int64", "Int64") if kind == "whole" else ("bool", "boolean")
        return pd.Series(values, dtype=sparse if None in values else full)
    if kind == "tags":
        values = [",".join(each) or None for each in values]
    texts = pd.Series(values, dtype="object")
    return texts if kind == "mixed" else texts.infer_objects()
