"""Words in pictures: strings of other people made harmless, cut and set in columns; remarks.

Columns are counted as terminals do: East Asian characters take two, combining ones none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from nncli.report.pictures.looks import Look
from nncli.report.text import plural, visible

#: Columns of the label of a series: at least these, where there are as many.
LONGEST_LABEL = 32


def harmless(text: object, look: Look) -> str:
    """Return a string that neither steers the terminal nor leaves its line."""
    shown = visible("-" if text is None else str(text)).replace("\n", "\\n")
    if look.unicode:
        return shown
    return shown.encode("ascii", "backslashreplace").decode("ascii")


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def narrow(text: str) -> str:
    """Return a text with all characters but those of one column spelled out."""
    escaped = (c.encode("ascii", "backslashreplace").decode() for c in text)
    return "".join(c if _columns(c) == 1 else e for c, e in zip(text, escaped, strict=True))


def fitted(text: str, width: int) -> str:
    """Return a text in at most ``width`` columns, its middle cut to ``..`` where it is long."""
    if columns_of(text) <= width:
        return text
    if width < 5:
        return _start(text, width)
    head = (width - 2 + 1) // 2
    return _start(text, head) + ".." + _start(text[::-1], width - 2 - head)[::-1]


def _start(text: str, width: int) -> str:
    kept = ""
    for character in text:
        if columns_of(kept) + _columns(character) > width:
            break
        kept += character
    return kept


def left(text: str, width: int) -> str:
    """Return a text cut or filled to ``width`` columns, at their left."""
    cut = fitted(text, width)
    return cut + " " * (width - columns_of(cut))


def right(text: str, width: int) -> str:
    """Return a text cut or filled to ``width`` columns, at their right."""
    cut = fitted(text, width)
    return " " * (width - columns_of(cut)) + cut


def centred(text: str, width: int) -> str:
    """Return a text cut or filled to ``width`` columns, in their middle."""
    cut = fitted(text, width)
    room = width - columns_of(cut)
    return " " * (room // 2) + cut + " " * (room - room // 2)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most ``width`` columns, all but the first indented by two."""
    width = max(width, 10)
    lines, line = [], ""
    for word in text.split():
        while columns_of(word) > width - 2:  # a word of more than a line is broken
            head = _start(word, width - 2 - columns_of(line) - 1 if line.strip() else width - 2)
            if head:
                lines.append(f"{line} {head}" if line.strip() else line + head)
            elif line.strip():
                lines.append(line)
            line, word = "  ", word[len(head) :]
        joined = f"{line} {word}" if line.strip() else line + word
        if columns_of(joined) > width:
            lines.append(line)
            joined = f"  {word}"
        line = joined
    return [*lines, line] if line.strip() else lines


def flowing(parts: Iterable[tuple[str, int]], width: int, gap: int = 3) -> list[str]:
    """Return parts, each with its width in columns, one after another in as few lines as fit."""
    lines, used = [""], 0
    for part, size in parts:
        if used and used + gap + size > width:
            lines.append("")
            used = 0
        lines[-1] += (" " * gap if used else "") + part
        used += size + (gap if used else 0)
    return [line for line in lines if line]


def legend(entries: Sequence[tuple[str, str, int | None]], look: Look) -> list[str]:
    """Return the lines that explain series: marker, label and colour of each."""
    most = max(LONGEST_LABEL, look.width // 2 - 6)
    parts = []
    for marker, label, color in entries:
        sign = "──" if marker == "braille" and look.colored else marker
        sign = "⣀⡠⠒" if sign == "braille" else sign * 2 if len(sign) == 1 else sign
        text = fitted(harmless(label, look), min(most, look.width - len(sign) - 1))
        parts.append((f"{look.paint(sign, color)} {text}", len(sign) + 1 + columns_of(text)))
    return flowing(parts, look.width)


def not_drawn(values: int, why: str = "nan or infinite") -> str:
    """Return the remark on values that cannot be drawn."""
    return f"{plural(values, 'value')} not drawn: {why}"
