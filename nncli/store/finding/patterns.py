"""Glob patterns as databases match them: ``ada*`` for SQLite's GLOB and PostgreSQL's regex.

A pattern is read as Python's ``fnmatch`` reads it: ``*``, ``?``, ``[a-z]`` and ``[!a-z]``, and a
bracket that is not closed is a character. Both forms are texts to be bound, never parts of a
statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ANY, ONE = object(), object()


@dataclass(frozen=True)
class Characters:
    """One character out of ranges, both ends included, or with ``opposite`` none of them."""

    ranges: tuple[tuple[str, str], ...]
    opposite: bool


Piece = object  # ANY, ONE, Characters, or a single character


def read_pattern(pattern: str) -> list[Piece]:
    """Return the pieces of a pattern."""
    pieces: list[Piece] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        place += 1
        if sign == "*":
            pieces.append(ANY)
        elif sign == "?":
            pieces.append(ONE)
        elif sign == "[" and (end := _closing(pattern, place)) > 0:
            pieces.append(_characters(pattern[place:end]))
            place = end + 1
        else:
            pieces.append(sign)
    return pieces


def _closing(pattern: str, start: int) -> int:
    """Return where a bracket ends; one that stands first in it belongs to it. -1 without an end."""
    first = start + (pattern[start : start + 1] == "!")
    return pattern.find("]", first + 1)


def _characters(text: str) -> Piece:
    opposite = text.startswith("!")
    ranges, place = [], int(opposite)
    while place < len(text):
        last = (
            text[place + 2] if text[place + 1 : place + 2] == "-" and place + 2 < len(text) else ""
        )
        if not last or text[place] <= last:  # a range that runs backwards holds nothing
            ranges.append((text[place], last or text[place]))
        place += 3 if last else 1
    if opposite and not ranges:
        return ONE
    return Characters(tuple(ranges), opposite)


def is_hopeless(pieces: Iterable[Piece]) -> bool:
    """Say whether nothing fits: a piece asks for one character out of none."""
    return any(isinstance(each, Characters) and not each.ranges for each in pieces)


def for_glob(pieces: Sequence[Piece]) -> str:
    """Return the pattern for SQLite's GLOB, in which ``]`` comes first and ``^`` not."""
    return "".join(_glob_piece(each) for each in pieces)


def _glob_piece(piece: Piece) -> str:
    if piece is ANY or piece is ONE:
        return "*" if piece is ANY else "?"
    if not isinstance(piece, Characters):
        return f"[{piece}]" if str(piece) in "*?[" else str(piece)
    singles = {sign for low, high in piece.ranges for sign in "]^-" if low <= sign <= high}
    # Without these three signs at their ends, the ranges mean the same wherever they stand.
    ranges = [part for each in piece.ranges for part in _around(each, "-]^")]
    texts = [low if low == high else f"{low}-{high}" for low, high in ranges]
    first = "".join(sign for sign in "]-" if sign in singles)
    last = "^" if "^" in singles else ""
    body = f"{first}{''.join(texts)}{last}"
    if body == "^" and not piece.opposite:
        return body
    return f"[{'^' if piece.opposite else ''}{body}]"


def _around(whole: tuple[str, str], signs: str) -> list[tuple[str, str]]:
    """Return what is left of a range without some signs."""
    left = [whole]
    for sign in signs:
        parts: list[tuple[str, str]] = []
        for low, high in left:
            if not low <= sign <= high:
                parts.append((low, high))
                continue
            if low < sign:
                parts.append((low, chr(ord(sign) - 1)))
            if sign < high:
                parts.append((chr(ord(sign) + 1), high))
        left = parts
    return left


def for_regex(pieces: Sequence[Piece]) -> str:
    """Return the pattern as a regular expression of PostgreSQL over a whole text."""
    return f"^{''.join(_regex_piece(each) for each in pieces)}$"


def _regex_piece(piece: Piece) -> str:
    if piece is ANY or piece is ONE:
        return ".*" if piece is ANY else "."
    if not isinstance(piece, Characters):
        return _escaped(str(piece))
    texts = [
        _escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}"
        for low, high in piece.ranges
    ]
    return f"[{'^' if piece.opposite else ''}{''.join(texts)}]"


def _escaped(sign: str) -> str:
    return sign if sign.isalnum() or ord(sign) > 127 else f"\\{sign}"
