"""Stores to test, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_samples import ELSEWHERE

from nncli.store import RunStore
from nncli.store.process import Process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


@pytest.fixture
def store(path: Path) -> Iterator[RunStore]:
    with RunStore(path, timeout=5) as opened:
        yield opened


@pytest.fixture
def elsewhere(path: Path) -> Iterator[Callable[[Process], RunStore]]:
    """Stores on the same database that write as some other process."""
    opened: list[RunStore] = []

    def open_as(process: Process = ELSEWHERE) -> RunStore:
        opened.append(RunStore(path, process=process))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()
