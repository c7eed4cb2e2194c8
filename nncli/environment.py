"""What is around a run: code version, package versions, processor, memory, and the database.

The former are recorded with every run, so that a result can be traced to what produced it. Nothing
here raises: what cannot be found out is left out.
"""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

#: The database where none is named.
DEFAULT_DATABASE = "results.db"

#: Smaller needs of memory are not worth the question.
NO_MATTER = 64 << 20


@dataclass(frozen=True)
class Provenance:
    """All that is kept of where a run was made."""

    folder: str
    commit: str | None
    dirty: bool | None
    cpu: str
    versions: dict[str, str]

    @classmethod
    def now(cls) -> Provenance:
        """Find out; takes some milliseconds, so that a sweep asks once for all its runs."""
        commit, dirty = git_state()
        return cls(str(Path.cwd()), commit, dirty, processor(), package_versions())


def package_versions() -> dict[str, str]:
    """Return the versions of Python, of nncli, and of the packages that make its results."""
    from nncli import __version__

    found = {"python": platform.python_version(), "nncli": __version__}
    for name in ("numpy", "numba", "llvmlite"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def git_state(folder: Path | None = None) -> tuple[str | None, bool | None]:
    """Return the commit checked out in ``folder`` and whether files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=2, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    commit = answer.stdout.strip()
    return commit.removesuffix("-dirty"), commit.endswith("-dirty")


def processor() -> str:
    """Return the processor's name and the number of cores that this process may use."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {available_cores()} cores"


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def short_of_memory(need: int) -> int | None:
    """Return the free bytes where ``need`` bytes are more than that, else None."""
    if need < NO_MATTER:
        return None
    import psutil

    free = int(psutil.virtual_memory().available)
    return free if need > free else None


def database_name(given: str | None) -> str:
    """Return the file or URL of the database: the one given, else ``NNCLI_DB``, else results.db."""
    return given if given is not None else os.environ.get("NNCLI_DB") or DEFAULT_DATABASE
