"""A store with runs to find, on every kind of database there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from finding_samples import put, samples

from nncli.store.finding import ReportStore


@pytest.fixture
def reports(target: str | Path) -> Iterator[ReportStore]:
    """An empty store."""
    with ReportStore(target, timeout=5) as opened:
        yield opened


@pytest.fixture
def store_of_runs(reports: ReportStore) -> ReportStore:
    """A store with the samples, whose ids are 1, 2, ..."""
    with reports.transaction():
        for each in samples():
            put(reports, each)
    return reports
