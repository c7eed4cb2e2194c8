"""A command as a process of its own, measured from its start to its end.

What is measured must not disturb it: this process only waits for its lines. It should be a small
one, too, for on Linux a process inherits the peak memory of the one that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: How the line of ``nncli sweep --json`` begins that tells of the end of a run.
RUN_ENDED = '{"event": "run"'


class ProcessError(Exception):
    """A process that did not end well; the text is the last line of its error output."""


@dataclass(frozen=True)
class Measured:
    """What a process took, and the last line of its standard output, which is JSON."""

    seconds: float  #: from start to end
    processor_seconds: float  #: of all its threads, and of the processes that it waited for
    peak_bytes: int
    answer: dict[str, Any]
    first_run_seconds: float = 0.0  #: from start to the first run of a sweep
    first_run: Mapping[str, Any] | None = None  #: the event of that run


def measure(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str] = {}
) -> Measured:
    """Run a command in ``folder`` with more ``environment``; raises ProcessError if it fails."""
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        except OSError as error:
            raise ProcessError(f"{command[0]}: {error.strerror}") from None
        assert process.stdout
        last, first, first_seconds = "", None, 0.0
        with process.stdout as lines:
            for line in lines:
                if first is None and line.startswith(RUN_ENDED):
                    first, first_seconds = line, time.perf_counter() - began
                last = line
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read().strip().splitlines() or [f"exit code {process.returncode}"]
            raise ProcessError(said[-1])
    return Measured(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        json.loads(last),
        first_seconds,
        json.loads(first) if first else None,
    )


def sweep_command(options: Sequence[str], database: Path, jobs: int) -> list[str]:
    """Return the command of a sweep by the nncli that this Python has."""
    program = Path(sys.executable).with_name("nncli")
    return [str(program), "sweep", *options, "--jobs", str(jobs), "--db", str(database), "--json"]


def sweep(options: Sequence[str], database: Path, jobs: int) -> Measured:
    """Measure a sweep into a new database; raises ProcessError also for one that skipped runs."""
    found = measure(sweep_command(options, database, jobs))
    if found.answer["skipped"] or found.first_run is None:
        raise ProcessError(f"{database}: the sweep found runs there, or did none")
    return found
