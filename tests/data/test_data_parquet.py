"""Parquet tables, and what is said where pyarrow is not installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nncli.data import DataOptions, load, memory, read_inputs
from nncli.errors import DataError

pytest.importorskip("pyarrow")

Write = Callable[..., str]


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "n": rng.normal(size=80),
            "k": pd.array([1, 2, None, 4] * 20, dtype="Int64"),
            "c": pd.Categorical(["a", "b", None, "a"] * 20),
            "flag": [True, False] * 40,
            "when": pd.date_range("2020-01-01", periods=80),
            "y": ["u", "v", "u", "w"] * 20,
        }
    )


def test_parquet_reads_as_the_same_table_in_text(tmp_path: Path) -> None:
    table = frame()
    table.to_parquet(tmp_path / "t.parquet")
    table.drop(columns="when").to_csv(tmp_path / "t.csv", index=False)
    found = load(DataOptions(str(tmp_path / "t.parquet"), dtype="float64"))
    text = load(DataOptions(str(tmp_path / "t.csv"), dtype="float64"))
    np.testing.assert_array_equal(found.rows, text.rows)
    np.testing.assert_array_equal(found.targets, text.targets)
    assert found.preprocessing.features == text.preprocessing.features
    assert any("when is left out: its type is timestamp" in note for note in found.notes)
    again = read_inputs(tmp_path / "t.parquet", found.preprocessing, dtype="float64")
    np.testing.assert_array_equal(again.rows, found.rows)
    np.testing.assert_array_equal(again.targets, found.targets)
    crossed = read_inputs(tmp_path / "t.csv", found.preprocessing, dtype="float64")
    np.testing.assert_array_equal(crossed.rows, found.rows)


def test_parquet_parts_and_wrong_files(tmp_path: Path, write: Write) -> None:
    table = frame()
    path, part = str(tmp_path / "t.parquet"), str(tmp_path / "part.parquet")
    table.to_parquet(path)
    table.head(5).to_parquet(part)
    assert load(DataOptions(path, test=part)).test.tolist() == [80, 81, 82, 83, 84]
    table.drop(columns="c").to_parquet(part)
    with pytest.raises(DataError, match="has no column 'c'"):
        load(DataOptions(path, test=part))
    table.assign(n="text").to_parquet(part)
    with pytest.raises(DataError, match=r"column 'n' of .* expected a number"):
        load(DataOptions(path, test=part))
    with pytest.raises(DataError, match="expected one form"):
        load(DataOptions(path, test=write("t.csv", "n,k\n1,2\n")))
    with pytest.raises(DataError, match="no Parquet file that can be read"):
        load(DataOptions(write("bad.parquet", b"PAR1" + b"x" * 50)))
    table.assign(n=np.inf).to_parquet(part)
    with pytest.raises(DataError, match=r"column 'n' of .* holds inf in row 1"):
        load(DataOptions(part))


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    frame().to_parquet(path)
    original = importlib.import_module

    def missing(name: str, *args: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return original(name, *args)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DataError, match=r"pip install 'nncli\[parquet\]'"):
        load(DataOptions(str(path)))


def test_memory_is_asked_for_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    class Little:
        available = 100 << 20

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    memory.require_memory(90 << 20, "this")
    with pytest.raises(DataError, match=r"this needs 0.2 GB of memory and 0.1 GB are free"):
        memory.require_memory(200 << 20, "this")
