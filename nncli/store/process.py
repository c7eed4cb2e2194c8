"""Is the process that trains a run still there? Its number alone cannot say: numbers are reused.

A process is known by its number, by when it started, and by the space in which the number means
anything: one boot of one machine, and on Linux one pid namespace (containers may share a host name
yet number their processes apart).
"""

from __future__ import annotations

import os
import socket
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

    It cannot for another machine, another boot or container, and where the start of another
    user's process is hidden: a heartbeat has to decide then.
    """
    if process.space != this_process().space or process.started is None:
        return None
    started = start_of(process.pid)
    return None if started is None else started == process.started


def start_of(pid: int) -> str | None:
    """Return when a process started, ``"ended"`` for one that has, None where that is hidden."""
    if not Path("/proc/self/stat").exists():
        return _start_by_psutil(pid)
    try:
        # The name, field 2, may hold spaces and parentheses; field 3 is the state, 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "ended" if fields[0] in "ZXx" else fields[19]
    except (OSError, IndexError):
        pass  # gone, going this moment, or another user's where /proc hides those
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return "ended"
    except OSError:
        pass
    return None


def _start_by_psutil(pid: int) -> str | None:
    """The start where there is no /proc: macOS, Windows and others."""
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return "ended"
    except psutil.Error:
        return None


@lru_cache(maxsize=1)
def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()
