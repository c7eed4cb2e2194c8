"""Stored runs as pandas frames: the columns of the views, with the values that were stored."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nncli import frames
from nncli.errors import StoreError, UsageError
from nncli.store import NewRun, RunStore, Summary
from nncli.store.finding import arrays

NAN, INF = math.nan, math.inf


def new(seed: int, **changes: Any) -> NewRun:
    spec = {"act": ["relu", "tanh"][seed % 2], "lr": 0.1, "batch_size": [32, "full"][seed % 2]}
    if seed % 2:
        spec |= {"early_stop": 5, "bn_input": True}
    fields: dict[str, Any] = {
        "data": "digits",
        "data_hash": "d",
        "task": "multiclass",
        "seed": seed,
        "spec": json.dumps(spec),
        "spec_hash": f"s{seed}",
    }
    return NewRun(**{**fields, **changes})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of four runs, named by NNCLI_DB."""
    path = tmp_path / "some.db"
    monkeypatch.setenv("NNCLI_DB", str(path))
    with RunStore(path) as store:
        curve = {
            "epoch": [1, 2], "updates": [10, 20], "seconds": [0.5, 1.0],
            "train_loss": [3.0, NAN], "val_loss": [INF, -INF], "lr": [0.1, 0.05],
        }  # fmt: skip
        layers = {"epoch": [1, 1], "layer": [1, 2], "dead_frac": [0.25, NAN], "act_std": [INF, 1.0]}
        best = Summary(best_val_loss=0.5, best_epoch=1)
        store.add_run(new(0, tags=("b", "a"), name="first"), "completed", curve, layers=layers,
                      summary=best)  # fmt: skip
        store.add_run(new(1), "diverged", curve | {"train_loss": [1.0, 2.0]})
        store.add_run(new(2, parameters=7), "completed", layers=layers)
        store.create_run(new(3))
    return path


def columns_of(path: Path, view: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [each[0] for each in connection.execute(f"SELECT * FROM {view}").description]


def test_runs_have_the_columns_of_the_view(path: Path) -> None:
    frame = frames.runs()
    assert [*frame.columns, "nonfinite"] == columns_of(path, "runs_flat")
    assert frame["id"].tolist() == [4, 3, 2, 1]
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM runs_flat ORDER BY id DESC").fetchall()
    for position, row in enumerate(rows):
        assert row["status"] == frame["status"][position]
        for name in frame.columns.difference([*frames.TIMES, "train_loss", "val_loss"]):
            found = frame[name][position]
            if row[name] is None:
                assert pd.isna(found) or found == False, name  # noqa: E712 (of NumPy too)
            else:
                assert found == row[name], name


def test_runs_hold_what_was_stored(path: Path) -> None:
    frame = frames.runs(sort="run").set_index("id")
    assert frame["train_loss"].isna().tolist() == [True, False, True, True]
    assert frame["val_loss"].tolist()[:2] == [-INF, -INF]
    assert frame["best_val_loss"][1] == 0.5
    assert frame["tags"][1] == "a,b"
    assert frame["batch_size"].tolist() == [32, "full", 32, "full"]
    assert frame["bn_input"].tolist() == [False, True, False, True]
    types = {name: str(frame[name].dtype) for name in ("seed", "early_stop", "lr", "bn_input")}
    assert types == {"seed": "int64", "early_stop": "Int64", "lr": "float64", "bn_input": "bool"}
    assert str(frame["parameters"].dtype) == "Int64"
    assert frame["created"].dt.tz is not None
    assert frame["finished"].isna().tolist() == [False, False, False, True]


def test_which_runs(path: Path) -> None:
    def ids(*words: str | int, **more: Any) -> list[int]:
        return frames.runs(*words, **more)["id"].tolist()

    assert ids(1, "3-4") == [4, 3, 1]
    assert ids("@a", "last") == [4, 1]
    assert ids(where="act=tanh") == [4, 2]
    assert ids(status="completed", since="1d") == [3, 1]
    assert ids(status=["completed", "diverged"], limit=2, sort="run") == [1, 2]
    assert ids(where="seed > 10") == []
    assert ids("first", db=str(path)) == [1]


def test_curves(path: Path) -> None:
    frame = frames.curves()
    apart = ("name", "status", "data", "seed", "nonfinite")
    assert list(frame.columns) == [n for n in columns_of(path, "curves") if n not in apart]
    assert frame["run_id"].tolist() == [1, 1, 2, 2]
    assert frame["epoch"].tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(frame["train_loss"], [3.0, NAN, 1.0, 2.0])
    np.testing.assert_array_equal(frame["val_loss"], [INF, -INF, INF, -INF])
    assert frame["val_rmse"].isna().all()
    assert str(frame["updates"].dtype) == "int64"


def test_curves_with_fields_of_their_runs(path: Path) -> None:
    frame = frames.curves(fields=("act", "seed", "batch_size", "val_loss:best"))
    assert list(frame.columns[:5]) == ["run_id", "act", "seed", "batch_size", "val_loss:best"]
    assert frame["act"].tolist() == ["relu", "relu", "tanh", "tanh"]
    assert frame["batch_size"].tolist() == [32, 32, "full", "full"]
    np.testing.assert_array_equal(frame["val_loss:best"], [0.5, 0.5, NAN, NAN])
    one = frames.curves(where="act=tanh", fields="seed")
    assert one["seed"].tolist() == [1, 1]
    none = frames.curves(where="act=gelu", fields=("act", "created"))
    assert len(none) == 0
    assert "act" in none
    # a rate of every epoch, and that of the spec
    assert {"lr", "run_lr"} <= set(frames.curves(fields=("lr",)))
    with pytest.raises(UsageError, match="unknown field 'atc'"):
        frames.curves(fields=("atc",))


def test_curves_of_some_runs_by_order_and_limit(path: Path) -> None:
    assert set(frames.curves(limit=3)["run_id"]) == {2}
    assert set(frames.curves(limit=1, sort="run")["run_id"]) == {1}
    assert set(frames.curves("2-4")["run_id"]) == {2}


def test_layer_stats(path: Path) -> None:
    frame = frames.layer_stats()
    apart = ("name", "status", "data", "seed", "nonfinite")
    assert list(frame.columns) == [n for n in columns_of(path, "layers") if n not in apart]
    assert frame["run_id"].tolist() == [1, 1, 3, 3]
    np.testing.assert_array_equal(frame["dead_frac"], [0.25, NAN, 0.25, NAN])
    np.testing.assert_array_equal(frame["act_std"], [INF, 1.0, INF, 1.0])
    assert frames.layer_stats(where="act=relu", fields=["act"])["act"].tolist() == ["relu"] * 4


def test_blocks_make_one_column(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = frames.curves()
    monkeypatch.setattr(arrays, "BLOCK", 3)
    pd.testing.assert_frame_equal(frames.curves(), whole)


def test_mistakes(path: Path) -> None:
    with pytest.raises(UsageError, match="unknown field 'actt'"):
        frames.runs(where="actt=relu")
    with pytest.raises(UsageError, match="limit is 0"):
        frames.runs(limit=0)
    with pytest.raises(StoreError, match="no run '77'"):
        frames.curves(77)
    with pytest.raises(StoreError, match="no database at"):
        frames.runs(db="nowhere.db")


def test_importing_loads_no_trainer() -> None:
    code = "import sys\nimport nncli.frames\nprint({'numba', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n"
