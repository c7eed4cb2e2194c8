"""docs/export.md: its programs run as they stand, with the results that it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exporting_pages import PAGE, program
from typer.testing import CliRunner

from nncli import experiment
from nncli.cli.app import load_command
from nncli.spec import Spec


def nncli(line: str) -> Any:
    """Run a command of the page in this process."""
    program_name, command, *words = line.split()
    assert program_name == "nncli"
    result = CliRunner().invoke(load_command_as_typer(command), words)
    assert result.exit_code == 0, result.output
    return result


def load_command_as_typer(name: str) -> Any:
    from importlib import import_module

    assert load_command(name).name == name
    return import_module(f"nncli.cli.commands.{name}").app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a run of iris, as the page has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNCLI_DB", raising=False)
    spec = Spec.read({"data": "iris", "epochs": 40, "lr": 0.02})
    experiment.train(experiment.plan(spec))
    return tmp_path


def test_the_program_for_onnx(folder: Path) -> None:
    pytest.importorskip("onnxruntime")
    nncli("nncli export last -o iris.onnx")
    names: dict[str, Any] = {}
    exec(program(), names)
    assert names["label"].tolist() == ["setosa", "virginica"]
    assert names["probabilities"].shape == (2, 3)
    metadata = names["session"].get_modelmeta().custom_metadata_map
    assert metadata["classes"] == '["setosa", "versicolor", "virginica"]'


def test_the_program_for_a_table(folder: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    lines = [
        f"{20 + n % 50},{['Private', 'State', '?'][n % 3]},{30 + n % 31},{'<>'[n % 2]}50K"
        for n in range(80)
    ]
    Path("adult.csv").write_text("\n".join(["age,workclass,hours,income", *lines]) + "\n")
    spec = Spec.read({"data": "adult.csv", "epochs": 2})
    experiment.train(experiment.plan(spec))
    nncli("nncli export last -o adult.onnx")
    names: dict[str, Any] = {"np": np, "onnxruntime": onnxruntime}
    exec(program("table"), names)
    Path("new.csv").write_text("age,workclass,hours\n39,Private,40\n,,50\n")
    expected = np.array(list(experiment.predict("last", "new.csv").rows))
    assert names["label"].tolist() == expected[:, 0].tolist()
    # float32 sums in another order
    np.testing.assert_allclose(names["probabilities"], expected[:, 1:].astype(float), atol=1e-5)


def test_the_program_for_pytorch(folder: Path) -> None:
    pytest.importorskip("torch")
    nncli("nncli export last -o iris.pt")
    code = program("torch") + "print(labels, tuple(probabilities.shape), probabilities.grad_fn)\n"
    # in a process of its own, which has nothing of nncli and finds the module in its folder
    done = subprocess.run(
        [sys.executable, "-c", code + "import sys\nassert 'nncli' not in sys.modules\n"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['setosa', 'virginica'] (2, 3) <Softmax")


def test_the_program_for_json(folder: Path) -> None:
    nncli("nncli export last -o iris.json")
    names: dict[str, Any] = {}
    exec(program("json"), names)
    assert names["label"] == "setosa"
    Path("new.csv").write_text(
        "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"
    )
    (expected,) = experiment.predict("last", "new.csv").rows
    # float64 sums against float32 ones
    np.testing.assert_allclose(names["shares"], expected[1:], atol=1e-6)


def test_the_program_for_safetensors(folder: Path) -> None:
    nncli("nncli export last -o iris.safetensors")
    names: dict[str, Any] = {}
    exec(program("safetensors"), names)
    assert names["weights"].shape == (4, names["layers"][0]["fan_out"])


def test_every_form_is_on_the_page() -> None:
    from nncli.exporting.export import FORMATS

    text = PAGE.read_text(encoding="utf-8")
    assert all(f"| `{form}` |" in text for form in FORMATS)
