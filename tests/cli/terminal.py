"""What a program writes to a terminal, which is a pair of pseudo-terminals."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SILENCE = 120.0
"""Seconds without a sign of life after which a command is taken to hang, on any machine."""


def in_terminal(
    command: Sequence[str], folder: Path, env: Mapping[str, str], answer: str | None = None
) -> tuple[int, str]:
    """Return the exit code and all that a command writes to a terminal of 80 columns.

    ``answer`` is the line that somebody types there; ``None`` is nobody, and ``""`` Enter alone.
    A command that is silent for too long is killed, and fails the test.
    """
    ours, theirs = pty.openpty()
    if answer is not None:
        os.write(ours, f"{answer}\n".encode())
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**env, "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while True:
        if not select.select([ours], [], [], SILENCE)[0]:
            process.kill()
            raise AssertionError(f"silent for {SILENCE:g} s after {seen.decode()!r}")
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    return process.wait(60), seen.decode()
