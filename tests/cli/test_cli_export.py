"""``nncli export``: what it writes and says, and where."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Outcome
from typer.testing import CliRunner

from nncli import experiment
from nncli.cli.commands.export import app
from nncli.cli.failures import guarded
from nncli.spec import Spec

onnx = pytest.importorskip("onnx")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a database that holds one run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNCLI_DB", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    experiment.train(experiment.plan(Spec.read({"data": "iris", "epochs": 2})))
    return tmp_path


def call(*words: str) -> Outcome:
    """Run the command as the program does, with errors as it tells them."""
    import contextlib

    import typer.main

    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    command = typer.main.get_command(app)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = guarded(
            lambda: command.main(list(words), "nncli export", standalone_mode=False),
            path="nncli export",
            as_json="--json" in words,
        )
    out.flush()
    content = out.buffer.getvalue()  # type: ignore[attr-defined]
    return Outcome(code, content.decode("utf-8", "surrogateescape"), err.getvalue())


def test_a_file_and_the_line_that_says_so(folder: Path) -> None:
    done = call("last")
    assert (done.code, done.err) == (0, "")
    size = (folder / "run_1.onnx").stat().st_size
    assert done.out.startswith("run 1, best weights (epoch ")
    assert f"as onnx: run_1.onnx, {size / 1000:.3g} kB; load: " in done.out
    assert done.out.endswith('onnxruntime.InferenceSession("run_1.onnx").run(None, {"x": rows})\n')
    onnx.checker.check_model(str(folder / "run_1.onnx"), full_check=True)


@pytest.mark.parametrize(
    ("words", "files", "load"),
    [
        ((), ["run_1.onnx"], "onnxruntime.InferenceSession("),
        (("-o", "net.pt"), ["net.pt", "net.py"], "from net import load; load().predict(rows)"),
        (("--format", "json"), ["run_1.json"], 'json.load(open("run_1.json"))'),
        (("-o", "a.safetensors"), ["a.safetensors"], 'safetensors.numpy.load_file("a.safet'),
    ],
)
def test_json(folder: Path, words: tuple[str, ...], files: list[str], load: str) -> None:
    found = call("1", *words, "--json").json
    assert found["files"] == {name: (folder / name).stat().st_size for name in files}
    assert found["load"].startswith(load)
    assert (found["run_id"], found["weights"]) == (1, "best")


def test_what_is_there_stays(folder: Path) -> None:
    (folder / "net.py").write_text("former")
    done = call("last", "-o", "net.pt")
    assert (done.code, done.out) == (2, "")
    assert "error: net.py exists already" in done.err
    assert not (folder / "net.pt").exists()
    assert call("last", "-o", "net.pt", "--force").code == 0
    assert "class Network" in (folder / "net.py").read_text()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_the_database_is_never_replaced(folder: Path, end: str) -> None:
    link = folder / "link.json"
    link.symlink_to(f"results.db{end}")
    before = (folder / "results.db").read_bytes()
    for name in (f"results.db{end}", str(folder / f"results.db{end}"), "link.json"):
        done = call("1", "-o", name, "--format", "json", "--force", "--db", "results.db")
        assert (done.code, done.out) == (2, "")
        assert "name another file" in done.err
    assert (folder / "results.db").read_bytes() == before
    assert link.is_symlink()


def test_standard_output(folder: Path) -> None:
    done = call("last", "--format", "json", "-o", "-")
    assert done.code == 0
    assert json.loads(done.out)["run_id"] == 1
    assert done.err.startswith("run 1, best weights")
    done = call("last", "-o", "-")
    content = done.out.encode("utf-8", "surrogateescape")
    assert onnx.load_from_string(content).producer_name == "nncli"
    assert sorted(each.name for each in folder.iterdir() if "run_" in each.name) == []


def test_standard_output_that_is_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nncli.cli.commands.export as module

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stand_in: Any = types.SimpleNamespace(stdout=Terminal())
    monkeypatch.setattr(module, "sys", stand_in)
    done = call("last", "-o", "-")
    assert done.code == 2
    assert "standard output is a terminal: add > FILE" in done.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("last", "--format", "torch", "-o", "-"), 2, "writes two files"),
        (("last", "-o", "-", "--json"), 2, "both want standard output"),
        (("last", "--format", "pickle"), 2, "unknown format 'pickle': choose one of json, onnx"),
        (("last", "--epoch", "7"), 2, "unknown epoch '7': choose one of best, last"),
        (("last", "--opset", "5"), 2, "--opset 5: expected 13 to "),
        (("last", "--opset", "x"), 2, "nncli export --help"),
        (("last", "-o", "none/net.onnx"), 2, "there is no folder none"),
        (("last", "-o", "."), 2, "is a folder"),
        (("last", "-o", ""), 2, "--output is empty"),
        (("\udcff",), 2, "RUN has bytes that are not UTF-8: \\udcff"),
        (("17",), 4, "no run '17'"),
        (("last", "--db", "other.db"), 4, "other.db"),
        ((), 2, "needs RUN"),
    ],
)
def test_refusals(folder: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = call(*words)
    assert (done.code, done.out) == (code, "") or "--json" in words
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_reader_that_has_read_enough(folder: Path) -> None:
    wide = Spec.read({"data": "iris", "epochs": 1, "hidden": "256,64"})  # more than a pipe holds
    experiment.train(experiment.plan(wide))
    code = (
        "import sys\n"
        "from nncli.cli.failures import guarded\nimport typer.main\n"
        "from nncli.cli.commands.export import app\n"
        "command = typer.main.get_command(app)\n"
        "words = ['last', '--format', 'json', '-o', '-']\n"
        "body = lambda: command.main(words, standalone_mode=False)\n"
        "sys.exit(guarded(body, path='nncli export', as_json=False))\n"
    )
    shell = f'{sys.executable} -c "$CODE" | head -c 20; echo " ${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", shell],
        env={**os.environ, "CODE": code}, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    assert done.stdout.endswith(" 0\n")
    assert "Traceback" not in done.stderr


def test_the_help_names_every_form() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for word in ("onnx, safetensors, torch or json", "--force", "--opset", "--epoch"):
        assert word in " ".join(result.output.split())
