"""Texts cut at separators that do not stand within brackets."""

from __future__ import annotations

_OPENING, _CLOSING = "([", ")]"


def split_top(text: str, separator: str) -> list[str]:
    """Split a text at separators outside of parentheses and brackets; one part without any."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if letter == separator and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def inside(text: str, opening: str, closing: str) -> tuple[str, str] | None:
    """Return ``("name", "a,b")`` of ``name(a,b)``, or ``None`` for a text of another form.

    The name may be empty; the bracket behind it must be closed by the last letter.
    """
    text = text.strip()
    start = text.find(opening)
    if start < 0 or not text.endswith(closing):
        return None
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0 and place < len(text) - 1:
            return None
    return (text[:start].strip(), text[start + 1 : -1]) if depth == 0 else None
