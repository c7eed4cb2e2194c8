"""A small experiment in a file, and experiments that stand in for the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_experiment import SMALL, Shipped

from nncli.experimenting import catalogue
from nncli.experimenting.catalogue import Experiment


@pytest.fixture
def small() -> Experiment:
    return Experiment("small", SMALL, "small")


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> Shipped:
    """Put experiments of these texts by name in the place of those that ship."""

    def replace(texts: dict[str, str]) -> None:
        made = {name: Experiment(name, text, name) for name, text in texts.items()}
        monkeypatch.setattr(catalogue, "experiments", lambda: made)
        monkeypatch.setattr("nncli.experimenting.choosing.experiments", lambda: made)

    return replace


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNCLI_DB", raising=False)
    return tmp_path
