"""The program as a whole: start-up, help, completion, and commands that do not exist."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from cli_fakes import Call

from nncli.cli import app
from nncli.cli.app import COMMANDS, load_command
from nncli.options import flag_of
from nncli.spec import Spec

HEAVY = ("numpy", "numba", "pandas", "scipy", "sqlalchemy", "alembic", "rich.console")


def in_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["trian"]])
def test_start_loads_nothing_heavy(arguments: list[str]) -> None:
    seen = in_process(f"""
import sys
from nncli.cli import main

sys.argv = ["nncli", *{arguments}]
try:
    main()
except SystemExit:
    print("LOADED", [name for name in {HEAVY} if name in sys.modules])
""")
    assert seen.endswith("LOADED []\n")


def commands() -> Iterator[tuple[str, Any]]:
    yield "nncli", typer.main.get_command(app)
    for name in COMMANDS:
        command = load_command(name)
        yield f"nncli {name}", command
        for sub, each in getattr(command, "commands", {}).items():
            yield f"nncli {name} {sub}", each


@pytest.mark.parametrize(("path", "command"), list(commands()))
def test_every_command_and_option_has_help(path: str, command: Any) -> None:
    assert command.help, path
    assert (command.epilog or "").startswith("Examples:\n"), path
    for parameter in command.params:
        assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_list_is_the_help_s_first(name: str) -> None:
    assert load_command(name).help.splitlines()[0] == COMMANDS[name]


def test_every_option_of_the_spec_is_an_option_of_train(call: Call) -> None:
    shown = call("train", "--help").out
    for name in Spec().to_json():
        assert (flag_of(name) if name != "data" else "DATA") in shown


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits(call: Call, command: str, columns: int) -> None:
    done = call(*command.split(), "--help", columns=columns)
    assert done.code == 0
    text = done.out.partition("Examples:")[0]  # examples are to be copied whole
    assert max(map(len, text.splitlines())) <= columns
    starts = [len(line) - len(line.lstrip()) for line in text.splitlines()]
    assert max(starts) <= max(columns // 2, 16)  # half the line is left for the words


def test_unknown_command(call: Call) -> None:
    done = call("trian", "iris", "--json")
    assert done.code == 2
    assert done.err.startswith("error: unknown command 'trian': choose one of")
    assert "did you mean 'train'?" in done.err
    assert done.json["exit_code"] == 2


def test_no_command(call: Call) -> None:
    done = call()
    assert done.code == 2
    assert "no command was given" in done.err
    assert "Commands:" in done.err


def test_missing_argument(call: Call) -> None:
    done = call("predict", "12")
    assert done.code == 2
    assert done.err.startswith("error: nncli predict needs FILE, which was not given")


def test_version(call: Call) -> None:
    done = call("--version")
    assert done.code == 0
    assert done.out.startswith("nncli ")


def completions(words: str) -> list[str]:
    """What bash would offer for the last word."""
    count = len(words.split(" ")) - 1
    env = {**os.environ, "COMP_WORDS": words, "COMP_CWORD": str(count)}
    done = subprocess.run(
        [sys.executable, "-m", "nncli.cli"],
        env={**env, "_NNCLI_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_completion_of_names() -> None:
    assert "train" in completions("nncli tr")
    assert completions("nncli train --early") == ["--early-stop"]
    assert completions("nncli train --opt ad") == ["adagrad", "adadelta", "adam", "adamw", "adamax"]
    assert completions("nncli train --act relu,si") == ["relu,silu", "relu,sigmoid"]


def test_completion_of_data(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digital.csv").touch()
    (tmp_path / "dig").mkdir()
    assert completions("nncli train dig") == ["digits", "dig/", "digital.csv"]
