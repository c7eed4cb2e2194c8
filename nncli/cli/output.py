"""Where text goes: data to standard output, notes and errors to standard error.

Text that comes from data or from a database may hold control characters; they are shown, not sent
to the terminal. The Rich console is made on demand, since Rich takes longer to load than a message
takes to print.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from nncli.report.text import visible

if TYPE_CHECKING:
    from rich.console import Console

#: Columns of a table that goes into a pipe or a file, where no terminal sets a limit.
PIPE_WIDTH = 160


def print_line(text: str = "") -> None:
    """Write a line of data to standard output."""
    sys.stdout.write(visible(text) + "\n")


def print_note(text: str) -> None:
    """Write a line for the person at the terminal; that nobody reads it is no failure."""
    _write_note(visible(text))


def print_error(text: str) -> None:
    """Write an error in the one form that all have."""
    label = "\x1b[31merror:\x1b[0m" if is_colored(sys.stderr) else "error:"
    _write_note(f"{label} {visible(text)}")


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Write a value as JSON to standard output; NaN and infinities, which JSON lacks, are null."""
    sys.stdout.write(json.dumps(_finite(value), indent=indent, ensure_ascii=False) + "\n")


def is_colored(stream: TextIO) -> bool:
    """Say whether ``stream`` is a terminal whose user wants colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def console(stream: TextIO | None = None) -> Console:
    """Return a Rich console for ``stream``, by default standard output."""
    from rich.console import Console

    class OurConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich's own answer would end the process, and a run with it

    target = stream or sys.stdout
    width = None if target.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return OurConsole(file=target, width=width, highlight=False, markup=False, emoji=False)


def can_redraw(stream: TextIO) -> bool:
    """Say whether ``stream`` is a terminal on which lines can be drawn anew in place."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def can_draw(stream: TextIO) -> bool:
    """Say whether ``stream`` takes the characters that pictures are drawn with."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def _write_note(line: str) -> None:
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
