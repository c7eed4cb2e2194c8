"""The texts of experiments on a terminal: their small Markdown as plain lines that fit."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

from nncli.cli.output import PIPE_WIDTH
from nncli.report.page.markdown import Part, blocks_of
from nncli.report.text import visible

#: Text is not set wider than this: longer lines read badly.
WIDEST = 100


def prose_lines(text: str) -> Iterator[str]:
    """Yield a text in lines that fit, with an empty one behind each paragraph, list and code.

    Emphasis is left out; code keeps its marks in a line, and its lines in a block.
    """
    for tag, *parts in blocks_of(text):
        if tag == "pre":
            yield from (f"    {visible(line)}" for line in str(parts[0]).split("\n"))
        elif tag in ("ul", "ol"):
            for number, (_, *item) in enumerate(parts, 1):
                mark = "- " if tag == "ul" else f"{number}. "
                yield from wrapped(mark + _plain(item), " " * len(mark))
        else:
            yield from wrapped(_plain(parts))
        yield ""


def wrapped(text: str, indent: str = "") -> list[str]:
    """Return a text in lines that fit, all but the first indented, and none steers a terminal."""
    width = min(terminal_width(), WIDEST)
    lines = textwrap.wrap(visible(text), width, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [""]


def terminal_width() -> int:
    """Return the columns of the terminal; a pipe has more."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


def _plain(parts: Sequence[Part]) -> str:
    return "".join(each if isinstance(each, str) else _plain_part(*each) for each in parts)


def _plain_part(tag: str, *parts: Part) -> str:
    if tag == "code":
        return f"`{_plain(parts)}`"
    if tag == "a":
        address, *label = parts
        return f"{_plain(label)} ({address})"
    return _plain(parts)
