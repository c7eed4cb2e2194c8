"""A command line to call in this process, and a fake in the place of what trains."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cli_fakes import Call, FakeExperiment, Outcome
from typer.testing import CliRunner

import nncli
from nncli.cli import app


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Call:
    """Call nncli in an empty folder, with a terminal's width if one is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNCLI_DB", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*args: str, columns: int = 80) -> Outcome:
        monkeypatch.setenv("COLUMNS", str(columns))
        result = CliRunner().invoke(app, list(args))
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeExperiment:
    """Put a fake in the place of what trains."""
    made = FakeExperiment()
    stand_in: Any = made
    monkeypatch.setitem(sys.modules, "nncli.experiment", stand_in)
    monkeypatch.setattr(nncli, "experiment", made, raising=False)
    return made
