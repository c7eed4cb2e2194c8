"""Pages say what is true: what is made is up to date, thresholds and the worked example hold."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from nncli.diagnosis import thresholds
from nncli.gradcheck.catalogue import Case, check_case
from nncli.kernels.activations import ACTIVATIONS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "made"))

import make_pages  # noqa: E402  (scripts, found by their folder)
import page_tables  # noqa: E402

#: The systems of the four documents, by their ids.
IDS = [
    *(f"K{n}" for n in range(1, 11)),
    *(f"M{n}" for n in range(1, 13)),
    *(f"C{n}" for n in range(1, 10)),
    *(f"D{n}" for n in range(1, 12)),
]


def test_pages_that_are_made_are_up_to_date() -> None:
    assert make_pages.stale() == [], "run python docs/made/make_pages.py"


@pytest.mark.parametrize("page", ["README.md", "docs/catalogue.md", "docs/systems.md"])
def test_a_page_has_a_place_for_its_tables(page: str) -> None:
    assert page_tables.PLACE.search((ROOT / page).read_text(encoding="utf-8"))


def test_every_system_has_a_row() -> None:
    assert [each["id"] for each in page_tables.systems()] == IDS


def test_the_worked_example_of_contributing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- example -->\n```python\n(.*?)```", text, re.S)
    assert found is not None
    monkeypatch.setattr(ACTIVATIONS, "parts", dict(ACTIVATIONS.parts))
    exec(compile(found[1], "CONTRIBUTING.md", "exec"), {"__name__": "example"})
    assert "bent_identity" in ACTIVATIONS.names()
    case = Case("bent_identity", "mse", "regression", "identity", (4, 3))
    assert check_case(case, native=False).passed


def test_the_benchmark_trains_nncli(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.syspath_prepend(ROOT / "experiments" / "speed")
    cases = importlib.import_module("peers.cases")
    native = importlib.import_module("peers.native")
    rng = np.random.default_rng(0)
    data = cases.Data(rng.standard_normal((8, 2), np.float32), rng.integers(0, 2, 8))
    job = native.nncli_worker(cases.Case("tiny", (2, 3, 2), 8, 4, 2), data, threads=1)
    assert 0 < job.run() < 5


def test_every_threshold_is_documented() -> None:
    text = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    constants = {name: value for name, value in vars(thresholds).items() if name.isupper()}
    assert len(constants) > 10
    for name, value in constants.items():
        assert f"`{name}` {value}" in text


def test_the_sweep_benchmarks_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(ROOT / "experiments" / "speed")
    cost = importlib.import_module("sweep_cost")
    work = cost.Work("xor", "4", 5, "1e-3:1")
    bench = cost.Bench(tmp_path, rounds=1, quick=True)
    found = bench.sweep(work, 3, 2)
    assert found.answer["completed"] == 3
    assert 0 < found.first_run_seconds <= found.seconds
    assert found.peak_bytes > 2**20
    [bare] = cost.bare(work, 3)
    assert bare["seconds"] > 0


def test_the_peers_of_the_sweep_benchmark_get_the_split(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(ROOT / "experiments" / "speed")
    work = importlib.import_module("peers.sweep_work")
    process = importlib.import_module("whole_process")
    work.write_split(tmp_path / "split.npz")
    split = work.read_split(tmp_path / "split.npz")
    assert split.x.shape == (1797, 64)
    assert split.x.max() == 1
    assert split.train == 1438
    command = [sys.executable, "-m", "peers.sweep_grid_search", str(tmp_path / "split.npz")]
    found = process.measure(
        [*command, "--trials=2", "--epochs=1", "--jobs=1"], folder=ROOT / "experiments" / "speed"
    )
    assert found.answer["trials"] == 2
