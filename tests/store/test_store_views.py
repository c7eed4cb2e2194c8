"""The views that people query, through the drivers alone as they would."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from store_samples import a_curve, a_run, layers_of

from nncli.resolving import resolve
from nncli.spec import Spec
from nncli.store import RunStore, Summary
from nncli.store.views import SPEC_FIELDS

NEWER = {"bn": "before", "bn_input": True, "label_smoothing": 0.1, "features": "quadratic"}


def same(value: Any, decided: Any) -> bool:
    """What may be words or a number, such as ``batch_size``, is text in PostgreSQL."""
    return value == (str(decided) if isinstance(value, str) else decided)


def test_flat_runs_have_the_spec_as_columns(store: RunStore, query) -> None:
    spec: dict[str, Any] = {
        name: {"text": "64,32", "number": 0.5, "flag": True}[kind]
        for name, kind in SPEC_FIELDS.items()
    }
    run_id = store.create_run(a_run(name="n", tags=("b", "a"), spec=json.dumps(spec)))
    store.finish_run(run_id, "completed", a_curve(1, 5), summary=Summary(best_epoch=4))
    (row,) = query("SELECT * FROM runs_flat")
    assert {name: row[name] for name in SPEC_FIELDS} == spec
    assert (row["id"], row["name"], row["status"], row["tags"]) == (run_id, "n", "completed", "a,b")
    assert (row["epochs"], row["train_loss"], row["best_epoch"]) == (5, 0.2, 4)
    assert row["nonfinite"] is None


def test_a_spec_s_numbers_stay_numbers_and_what_is_off_is_null(store: RunStore, query) -> None:
    store.create_run(a_run(spec='{"hidden":"none","batch_size":32,"lr":0.001}'))
    store.create_run(a_run(spec="{}"))
    first, second = query("SELECT * FROM runs_flat ORDER BY id")
    assert (first["hidden"], first["lr"]) == ("none", 0.001)
    assert same(first["batch_size"], 32)
    assert (second["hidden"], second["lr"], second["tags"]) == (None, None, None)


def test_what_a_resolved_spec_decides_is_a_column(store: RunStore, query) -> None:
    """All of the canonical spec, but for what has a column in ``runs`` and the log's interval."""
    spec = resolve(Spec.read({"hidden": "64,32", "clip_norm": 1, **NEWER}), "multiclass")
    store.create_run(a_run(spec=spec.canonical()))
    (row,) = query("SELECT * FROM runs_flat")
    decided = json.loads(spec.canonical())
    for name in decided.keys() - {"data", "epochs", "seed", "dtype", "log_every", "task"}:
        assert same(row[name], decided[name])


def test_curves_name_their_run_and_what_is_not_finite(store: RunStore, query) -> None:
    run_id = store.create_run(a_run(name="n"))
    curve = a_curve(1, 2)
    curve["train_loss"] = [0.5, np.nan]
    curve["grad_norm"] = [1.0, -np.inf]
    store.finish_run(run_id, "diverged", curve, summary=Summary(val_loss=np.inf))
    first, second = query("SELECT * FROM curves ORDER BY epoch")
    assert (first["run_id"], first["name"], first["epoch"], first["seed"]) == (run_id, "n", 1, 3)
    assert (first["train_loss"], first["nonfinite"]) == (0.5, None)
    assert (second["train_loss"], second["nonfinite"]) == (None, "train_loss=nan grad_norm=-inf")
    (row,) = query("SELECT nonfinite FROM runs_flat")
    assert row["nonfinite"] == "train_loss=nan val_loss=+inf"


def test_layers_name_their_run_and_what_is_not_finite(store: RunStore, query) -> None:
    run_id = store.create_run(a_run(name="n"))
    layers = layers_of(1, 1)
    layers["update_ratio"] = [np.nan, 0.5]
    layers["similarity"] = [np.inf, 0.5]
    store.save(run_id, layers=layers)
    first, second = query("SELECT * FROM layers ORDER BY layer")
    assert (first["run_id"], first["name"], first["epoch"], first["layer"]) == (run_id, "n", 1, 1)
    assert (first["update_ratio"], first["nonfinite"]) == (None, "update_ratio=nan similarity=+inf")
    assert (second["update_ratio"], second["nonfinite"]) == (0.5, None)


def test_a_curve_is_found_without_scanning_the_others(store: RunStore, path, query) -> None:
    store.create_run(a_run())
    plan = query("EXPLAIN QUERY PLAN SELECT * FROM curves WHERE run_id = 1")
    details = " ".join(step["detail"] for step in plan)
    assert "SEARCH epochs USING PRIMARY KEY" in details
    assert "SCAN" not in details
