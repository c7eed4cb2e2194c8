"""Files that are there whole or not at all, and never replace others unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nncli.errors import UsageError


def write_files(files: Mapping[Path, bytes], *, force: bool) -> None:
    """Write files of one folder; with ``force`` in the place of those that are there.

    Each is written beside its place first, and only when all are complete do they move there. A
    pipe or device is written to as it is. Raises UsageError for a place that cannot be written.
    """
    for path in files:
        if path.is_dir():
            raise UsageError(f"--output {path} is a folder: expected a file to write")
        if path.is_file() and not force:
            raise UsageError(
                f"{path} exists already: name another file by -o, or replace it with --force"
            )
    waiting: dict[str, Path] = {}
    try:
        for path, content in files.items():
            if path.exists() and not path.is_file():  # /dev/stdout, a named pipe
                path.write_bytes(content)
            else:
                waiting[_beside(path, content)] = path
        for made, path in waiting.items():
            os.replace(made, path)
    except FileNotFoundError:
        raise UsageError(f"--output {path}: there is no folder {path.parent}") from None
    except PermissionError:
        raise UsageError(
            f"--output {path} cannot be written: expected a folder you may write"
        ) from None
    finally:
        for made in waiting:
            with contextlib.suppress(OSError):  # those that moved are no longer there
                os.unlink(made)


def _beside(path: Path, content: bytes) -> str:
    """Write a file beside ``path``, with the rights that one there would have; return its name."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        os.chmod(name, path.stat().st_mode if path.exists() else 0o666 & ~_umask())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    return name


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
