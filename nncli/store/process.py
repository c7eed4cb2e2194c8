"""Is the process that trains a run still there? Its number alone cannot say: numbers are reused.

A process is known by its number, by when it started, and by the space in which the number means
anything: one boot of one machine, and on Linux one pid namespace (containers may share a host name
yet number their processes apart).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process of some machine. ``started`` is opaque text, equal only for the same process."""

    host: str
    pid: int
    started: str | None
    space: str


def this_process() -> Process:
    """Describe the calling process."""
    return _describe(os.getpid())


@lru_cache(maxsize=4)
def _describe(pid: int) -> Process:
    return Process(socket.gethostname(), pid, start_of(pid), _space())


def is_alive(process: Process) -> bool | None:
    """Say whether a process runs; ``None`` where that cannot be seen from here.

    It cannot for another machine, another boot or container, on Windows, and where the start of
    another user's process is hidden: a heartbeat has to decide then.
    """
    if process.space != this_process().space or process.started is None:
        return None
    try:
        # Signal 0 only asks; on Windows it would end the process, but there `started` is None.
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it exists and belongs to someone else
    started = start_of(process.pid)
    return None if started is None else started == process.started


def start_of(pid: int) -> str | None:
    """Return when a process started, ``"ended"`` for one that waits to be reaped, else None."""
    if sys.platform == "win32":
        return None
    try:
        # The name, field 2, may hold spaces and parentheses; field 3 is the state, 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "ended" if fields[0] in "ZXx" else fields[19]
    except (OSError, IndexError):
        if sys.platform == "linux":
            return None
    try:
        done = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
    except OSError:
        return None
    return done.stdout.strip() or None


@lru_cache(maxsize=1)
def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()
