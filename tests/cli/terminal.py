"""What a program writes to a terminal, which is a pair of pseudo-terminals."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def in_terminal(
    command: Sequence[str], folder: Path, env: Mapping[str, str], answer: str = ""
) -> tuple[int, str]:
    """Return the exit code and all that a command writes to a terminal of 80 columns.

    ``answer`` is what somebody types there.
    """
    ours, theirs = pty.openpty()
    if answer:
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
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    return process.wait(60), seen.decode()
