"""What docs/report.md shows: every command works, and its figures are what comes out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cli_fakes import Call

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", DOCS.read_text(), re.S)
COMMANDS = [
    line.partition("  #")[0].strip() for kind, text in BLOCKS for line in text.splitlines() if kind
]
MADE, REPORTS = COMMANDS[:2], COMMANDS[2:]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that the first two lines make."""
    import nncli

    path = tmp_path_factory.mktemp("docs") / "results.db"
    assert MADE[0] == "nncli sweep digits --opt sgd,adam --lr log:1e-3:1e-1:3 --seeds 8 --epochs 5"
    rates = "log:1e-3:1e-1:3"
    nncli.sweep("digits", opt=["sgd", "adam"], lr=rates, seeds=8, epochs=5, jobs=1, db=str(path))
    options = {"hidden": 16, "act": "tanh", "epochs": 30, "diagnose": True, "name": "moons"}
    assert MADE[1] == "nncli train moons --hidden 16 --act tanh --epochs 30 --diagnose --name moons"
    nncli.train("moons", **options, db=str(path))
    return path


@pytest.fixture
def run(call: Call, database: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NNCLI_DB", str(database))
    return lambda command, **more: call(*shlex.split(command)[1:], **more)


@pytest.mark.parametrize("command", [line for line in REPORTS if "@night" not in line])
def test_every_command_works(run: Call, command: str) -> None:
    done = run(command)
    assert done.code == 0, done.err
    assert done.out or "wrote" in done.err or " -o " in command or "none of" in done.err


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("nncli report sweep:last --by opt,lr", "val_accuracy:best by opt, lr"),
        ('nncli report sweep:last --by opt --target "val_accuracy>=0.9"', "to val_accuracy>=0.9"),
    ],
)
def test_the_figures_are_what_comes_out(run: Call, command: str, start: str) -> None:
    """Apart from seconds; on another machine a few of 359 rows may be taken for other classes."""
    (shown,) = [text for kind, text in BLOCKS if not kind and text.startswith(start)]

    def words(text: str) -> list[str]:
        return re.sub(r"\d+\.\d\d s", "TIME", text).split()

    for word, other in zip(words(shown), words(run(command).out), strict=False):
        if re.fullmatch(r"\d+(\.\d+)?", word):
            assert abs(float(word) - float(other)) <= 0.03  # eleven rows
        else:
            assert word == other
