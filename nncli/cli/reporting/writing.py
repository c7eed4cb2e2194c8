"""Where a report goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from nncli.cli.reporting.request import Request
from nncli.errors import NncliError, UsageError
from nncli.report.formats import DATA
from nncli.report.text import visible


def check_places(request: Request) -> None:
    """Raise UsageError if a file that is asked for is the database, or a part of it."""
    from nncli.store.own_files import check_not_own

    for place in (request.output, request.html, request.plot):
        if place:
            check_not_own(place, request.database)


def put(parts: Iterable[str | bytes], request: Request) -> None:
    """Write to the file that is asked for, else to standard output.

    A terminal gets no control characters of other people's texts.
    """
    if request.output:
        write_file(request.output, parts)
        return
    raw = request.form in DATA and sys.stdout.isatty()
    for part in parts:
        if isinstance(part, str):
            sys.stdout.write(visible(part) if raw else part)
            continue
        if sys.stdout.isatty():
            raise UsageError(
                f"--format {request.form} is binary and standard output a terminal: add -o FILE"
            )
        sys.stdout.flush()
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def write_file(name: str, parts: Iterable[str | bytes]) -> None:
    """Write a file whole or not at all. Raises NncliError where it cannot be written."""
    path = Path(name)
    if path.exists() and not os.access(path, os.W_OK):
        raise NncliError(f"{name} cannot be written (it is read-only): name another file")
    beside = path.with_name(f".{path.name}.{os.getpid()}") if _is_plain(path) else path
    try:
        try:
            with beside.open("wb") as stream:
                for part in parts:
                    stream.write(part if isinstance(part, bytes) else _encoded(part))
            if beside != path:
                if path.exists():
                    shutil.copymode(path, beside)
                beside.replace(path)
        finally:
            if beside != path:
                beside.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise NncliError(f"{name} cannot be written ({reason}): name another file") from None


def _is_plain(path: Path) -> bool:
    """Say whether a path is a file or nothing yet, not a device or a link."""
    return not path.is_symlink() and (path.is_file() or not path.exists())


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
