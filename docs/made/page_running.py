"""Run the blocks of a page, in this process where a command is plain, else in a shell.

A command line of nncli alone, perhaps with files for its streams and joined by ``&&`` or ``;``, is
called here, which spares it a start; pipes, loops and variables are bash's.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from nncli.cli import app

#: What the shell, not a plain call, must see to.
FOR_SHELL = ("$", "`", "|", "&", "(", ")", ">>", "<<", "<>")
JOINTS = ("&&", ";")


@dataclass
class Done:
    """What came of a command."""

    command: str
    code: int
    out: str
    err: str


@dataclass
class Running:
    """A page being run in the working directory: what its commands said, what its Python made."""

    done: list[Done] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)

    def shell(self, command: str) -> Done:
        """Run a command line, and remember what came of it."""
        plain = plain_commands(command)
        if plain is None:
            made = _bash(command)
        else:
            made = Done(command, 0, "", "")
            for words, streams in plain:
                each = _call(words, streams)
                made = Done(command, each.code, made.out + each.out, made.err + each.err)
                if each.code:
                    break
        self.done.append(made)
        return made

    def python(self, code: str, place: str) -> None:
        """Run a Python block with the names that those before it made."""
        exec(compile(code, place, "exec"), self.names)


def plain_commands(line: str) -> list[tuple[list[str], dict[str, str]]] | None:
    """Return the words and the streams' files of each command; None for what the shell must run."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[tuple[list[str], dict[str, str]]] = [([], {})]
    words = iter(list(lexer))
    for word in words:
        if word in JOINTS:
            found.append(([], {}))
        elif word in (">", "<"):
            found[-1][1][word] = next(words)
        elif word in FOR_SHELL or "$" in word or "`" in word:
            return None
        else:
            found[-1][0].append(word)
    found = [each for each in found if each[0]]
    known = all(words[0] in ("nncli", "sqlite3") for words, _ in found)
    return found if known and "\n" not in line.strip() else None


def _call(words: list[str], streams: dict[str, str]) -> Done:
    """Call nncli in this process, or ask the SQLite of Python in place of the program."""
    command = shlex.join(words)
    if words[0] == "sqlite3":
        with sqlite3.connect(words[1]) as database:
            rows = database.execute(words[2]).fetchall()
        return Done(command, 0, "\n".join("|".join(map(str, row)) for row in rows), "")
    given = Path(streams["<"]).read_text(encoding="utf-8") if "<" in streams else ""
    result = CliRunner().invoke(app, words[1:], input=given)
    out, err = result.stdout, result.stderr
    if ">" in streams:
        Path(streams[">"]).write_text(out, encoding="utf-8")
        out = ""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        err += "".join(traceback.format_exception(result.exception))
    return Done(command, result.exit_code, out, err)


def _bash(command: str) -> Done:
    """Run a command line in bash, with this installation's programs."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    return Done(command, done.returncode, done.stdout, done.stderr)
