"""Verdicts as people read them: the sentence, what decides it, its figures, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nncli.claims.declaration import REFUTED, SUPPORTED, TRENDS, UNDECIDED
from nncli.report.pictures.words import columns_of, wrapped
from nncli.report.text import number, visible

if TYPE_CHECKING:
    from nncli.judging.verdicts import Verdict

#: Columns of the word that comes first, and the blanks behind it.
MARGIN = len(SUPPORTED) + 2

#: Lines longer than this are hard to read.
WIDEST = 100

#: SGR codes of the verdicts: green, red, yellow.
COLORS = {SUPPORTED: "32", REFUTED: "31", UNDECIDED: "33"}


def verdict_lines(
    verdicts: Sequence[Verdict], width: int, *, colored: bool = False
) -> Iterator[str]:
    """Yield the lines of some verdicts, at most ``width`` columns wide."""
    for place, verdict in enumerate(verdicts):
        if place:
            yield ""
        yield from _lines(verdict, min(width, WIDEST), colored)


def _lines(verdict: Verdict, width: int, colored: bool) -> Iterator[str]:
    claim, word = verdict.claim, verdict.verdict
    ids = f" ({', '.join(claim.of)})" if claim.of else ""
    room, indent = width - MARGIN, " " * MARGIN
    first, *more = _wrapped(f"{claim.says}{ids}", room)
    painted = f"\x1b[{COLORS[word]}m{word}\x1b[0m" if colored else word
    yield f"{painted}{' ' * (MARGIN - len(word))}{first}"
    for line in (*more, *_wrapped(verdict.claim.in_short, room)):
        yield indent + line
    for text in (figures_text(verdict), _expectation(verdict), verdict.reason):
        for line in _wrapped(text, room) if text else ():
            yield indent + line
    if claim.because and verdict.verdict == claim.expected != SUPPORTED:
        yield from (indent + line for line in _wrapped(claim.because, room))


def figures_text(verdict: Verdict) -> str:
    """Return the figures in words: both sides, the estimate with its interval, and the test."""
    if not verdict.n:
        return ""
    parts = []
    if verdict.theirs is not None and verdict.ours is not None:
        parts.append(f"{number(verdict.ours)} against {number(verdict.theirs)}")
    if verdict.estimate is not None:
        trend = verdict.claim.comparison in TRENDS
        what = "tau " if trend else "difference " if verdict.theirs is not None else ""
        interval = ""
        if verdict.interval is not None:
            interval = f" [{', '.join(map(number, verdict.interval))}]"
        parts.append(f"{what}{number(verdict.estimate)}{interval}")
    parts.append(f"n={verdict.n}")
    if verdict.p is not None and verdict.p_holm is not None:
        parts.append(f"p={number(verdict.p, 2)}")
        if verdict.p_holm != verdict.p:
            parts.append(f"p_holm={number(verdict.p_holm, 2)}")
        parts.append(str(verdict.test))
    return ", ".join(parts)


def _expectation(verdict: Verdict) -> str:
    if verdict.is_opposite:
        return f"expected: {verdict.claim.expected}"
    return "as expected" if verdict.verdict == REFUTED else ""


def _wrapped(text: str, width: int) -> list[str]:
    lines = wrapped(visible(text), width) or [""]
    assert all(columns_of(line) <= max(width, 10) for line in lines)
    return lines
