"""What the tests of the data layer share: a cache of their own, and files made on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nncli.data import Dataset


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an empty cache; nothing is read from or written to the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NNCLI_CACHE", str(folder))
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a file and returns its path."""

    def write_file(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write_file


@pytest.fixture
def real() -> Callable[[str], str]:
    """Return a function that finds a real file below NNCLI_DATA, or skips the test."""

    def find(name: str) -> str:
        root = os.environ.get("NNCLI_DATA")
        if not root or not (Path(root) / name).exists():
            pytest.skip(f"NNCLI_DATA does not name a folder with {name}")
        return str(Path(root) / name)

    return find


@pytest.fixture
def scaled() -> Callable[[Dataset, NDArray[np.int64]], NDArray[np.float64]]:
    """Return the inputs of some rows as the training loop computes them."""

    def inputs(dataset: Dataset, index: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = np.asarray(dataset.rows[index], np.float64)
        found: NDArray[np.float64] = (rows - dataset.shift) * dataset.scale
        return found

    return inputs
