"""A store for made-up sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nncli.store.finding import ReportStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with ReportStore(tmp_path / "results.db") as opened:
        yield opened
