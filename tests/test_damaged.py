"""Databases that somebody has changed by hand: a clear word, exit code 4, and nothing is run."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import nncli
from nncli import experiment
from nncli.errors import StoreError


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "results.db")
    nncli.train("iris", hidden="4", epochs=2, db=path)
    return path


def change(database: str, table: str, column: str, value: Any) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(f"update {table} set {column} = ?", (value,))


def described(database: str) -> dict[str, Any]:
    with sqlite3.connect(database) as connection:
        (info,) = connection.execute("select info from models limit 1").fetchone()
    found: dict[str, Any] = json.loads(info)
    return found


@pytest.mark.parametrize(
    "activation",
    ['__import__("os").system("touch hacked")', "9**9**9**9*x", "nonsense", "x" * 40000],
)
def test_a_hostile_activation_in_a_model_is_refused(
    database: str, activation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    info = described(database)
    info["layers"][0]["activation"] = activation
    change(database, "models", "info", json.dumps(info))
    with pytest.raises(StoreError, match="the stored network is damaged"):
        experiment.stored_network("last", db=database)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("info", ["[]", "nope", "{}", '{"layers": 3}'])
def test_a_description_that_is_none_is_refused(database: str, info: str) -> None:
    change(database, "models", "info", info)
    with pytest.raises(StoreError, match="damaged"):
        experiment.stored_network("last", db=database)


def test_a_description_of_another_size_is_refused_before_memory_is_taken(database: str) -> None:
    info = described(database)
    info["layers"][0]["fan_out"] = 100_000_000
    change(database, "models", "info", json.dumps(info))
    with pytest.raises(StoreError, match="the weights hold no 'layer 1 W'"):
        experiment.stored_network("last", db=database)


@pytest.mark.parametrize("spec", ["[1]", "nope", '{"act": [1, 2]}', '{"act": "__import__(x)"}'])
def test_a_spec_that_is_none_is_refused(database: str, spec: str) -> None:
    change(database, "runs", "spec", spec)
    with pytest.raises(StoreError, match="the spec of run 1 is damaged"):
        experiment.spec_of("last", db=database)
