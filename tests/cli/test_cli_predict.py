"""``nncli predict``: what it writes, and where."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Call, FakeExperiment, FakePredictions

TEXT = 'prediction,cat,"dog, big"\ncat,0.75,0.25\n"dog, big",0.1,0.9\n'


@pytest.fixture
def predictions(fake: FakeExperiment) -> FakePredictions:
    made = FakePredictions()
    fake.predict = lambda *args, **given: made  # type: ignore[attr-defined]
    return made


def test_csv_on_standard_output(call: Call, predictions: FakePredictions) -> None:
    done = call("predict", "12", "new.csv")
    assert done.code == 0, done.err
    assert done.out == TEXT
    assert done.err == "accuracy 0.9000 on 2 rows\n"


def test_a_file(call: Call, predictions: FakePredictions, tmp_path: Path) -> None:
    done = call("predict", "12", "new.csv", "-o", "out.csv")
    assert done.code == 0, done.err
    assert done.out == ""
    assert (tmp_path / "out.csv").read_text() == TEXT
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_failure_leaves_the_former_file(
    call: Call, predictions: FakePredictions, tmp_path: Path
) -> None:
    def broken() -> Iterator[Any]:
        yield ("cat", 0.5, 0.5)
        raise MemoryError

    predictions.rows = broken()
    (tmp_path / "out.csv").write_text("former")
    done = call("predict", "12", "new.csv", "-o", "out.csv")
    assert done.code == 1
    assert "not enough memory" in done.err
    assert (tmp_path / "out.csv").read_text() == "former"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("none/out.csv", "there is no folder none"), (".", "--output . is a folder")],
)
def test_no_place_to_write(
    call: Call, predictions: FakePredictions, path: str, message: str
) -> None:
    done = call("predict", "12", "new.csv", "-o", path)
    assert done.code == 2
    assert message in done.err
