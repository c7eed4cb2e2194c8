"""Figures into files: png, svg or pdf by the name, and the same bytes for the same figure."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What is written into files beside the figure: no date and no name of a program.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def format_of(path: str | Path) -> str:
    """Return the format that the ending of a name asks for. Raises UsageError for another one."""
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in METADATA:
        got = f"ends with .{ending}" if ending else "has no ending"
        raise UsageError(
            f"the figure '{path}' {got}: expected a name that ends with "
            f"{', '.join('.' + name for name in METADATA)}{did_you_mean(ending, METADATA)}"
        )
    return ending


def write(figure: Figure, path: str | Path) -> None:
    """Write a figure. Raises UsageError if the file cannot be written; then none is left behind."""
    kind = format_of(path)
    target = Path(path).expanduser()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        figure.savefig(part, format=kind, metadata=METADATA[kind])
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise UsageError(
            f"the figure '{path}' cannot be written ({error.strerror or error}): expected a folder "
            "that is there and that you may write to"
        ) from error
