"""README, CONTRIBUTING and the catalogue say what is true: tables, commands, the worked example."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nncli.diagnosis import thresholds
from nncli.gradcheck.catalogue import Case, check_case
from nncli.kernels.activations import ACTIVATIONS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "experiments"))

import readme_tables  # noqa: E402  (a script, found by its folder)

#: The systems of the four documents, by their ids.
IDS = [
    *(f"K{n}" for n in range(1, 11)),
    *(f"M{n}" for n in range(1, 13)),
    *(f"C{n}" for n in range(1, 10)),
    *(f"D{n}" for n in range(1, 12)),
]


@pytest.mark.parametrize("page", readme_tables.PAGES, ids=lambda page: page.name)
def test_tables_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert readme_tables.PLACE.search(text)
    assert readme_tables.with_tables(text) == text, "python experiments/readme_tables.py"


def test_every_system_has_a_row() -> None:
    assert [each["id"] for each in readme_tables.systems()] == IDS


@pytest.mark.slow
@pytest.mark.parametrize("system", readme_tables.systems(), ids=lambda system: system["id"])
def test_a_system_is_shown_by_its_command(system: dict[str, str], tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-c", system["command"]],
        cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == system.get("exit", 0), done.stderr


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
