"""The wheel in a clean environment, used from another folder."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_works_from_another_folder(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(wheels)]
    subprocess.run([*build, str(ROOT)], check=True, cwd=tmp_path)
    wheel = next(wheels.glob("nncli-*.whl"))
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"nncli"}

    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    program = environment / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([program / "pip", "install", "--quiet", wheel], check=True, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [program / "nncli", "train", "--act", "relu", "--opt", "rmsprop", "--json"]
    found = subprocess.run(command, check=True, cwd=elsewhere, capture_output=True, text=True)
    assert json.loads(found.stdout)["metrics"]["val_accuracy"] > 0.95
    assert (elsewhere / "results.db").exists()
