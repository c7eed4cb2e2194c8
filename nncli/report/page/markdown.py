"""A small Markdown as plain values: what the texts of experiments need, and nothing of HTML.

A text becomes blocks, and a block parts, all lists of JSON: the page's program makes an element of
each, and puts every text in as text. There are paragraphs, headings, lists, code, and in them
emphasis, code and links to ``http`` and ``https``; whatever else stands there is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

#: A text, or a tag and what is in it; of a link its address comes second.
Part: TypeAlias = str | list[Any]

_LISTS = {"ul": re.compile(r"[-*+]\s+"), "ol": re.compile(r"[0-9]{1,3}[.)]\s+")}
_HEADING = re.compile(r"#{1,6}\s+")
_FENCE = re.compile(r"\s*```")

#: What begins and ends in a line: code, a link, strong and plain emphasis, an escaped sign.
_INLINE = re.compile(
    r"(?P<code>`+)(?P<coded>.+?)(?<!`)(?P=code)(?!`)"
    r"|\[(?P<label>[^\[\]]+)\]\((?P<address>https?://[^\s()<>]+)\)"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![*\w])\*(?P<star>[^\s*](?:[^*]*[^\s*])?)\*(?![*\w])"
    r"|(?<!\w)_(?P<line>[^\s_](?:[^_]*[^\s_])?)_(?!\w)"
    r"|\\(?P<sign>[\\`*_\[\]()#+.!-])",
    re.DOTALL,
)

#: Emphasis in emphasis beyond this depth is text.
_DEEPEST = 4


def blocks_of(text: str) -> list[list[Any]]:
    """Return a text as blocks: ``["p", ...]``, ``["h", ...]``, ``["pre", text]``, lists of
    ``["li", ...]`` in ``["ul", ...]`` or ``["ol", ...]``.
    """
    return list(_blocks(text.expandtabs(4).splitlines()))


def _blocks(lines: list[str]) -> Iterator[list[Any]]:
    place = 0
    while place < len(lines):
        line = lines[place]
        start = place
        if not line.strip():
            place += 1
        elif _FENCE.match(line):
            place += 1
            while place < len(lines) and not _FENCE.match(lines[place]):
                place += 1
            yield ["pre", "\n".join(lines[start + 1 : place])]
            place += 1
        elif _HEADING.match(line):
            yield ["h", *inline(_HEADING.sub("", line, count=1).rstrip(" #"))]
            place += 1
        else:
            while place < len(lines) and lines[place].strip() and not _FENCE.match(lines[place]):
                place += 1
            yield from _paragraphs(lines[start:place])


def _paragraphs(lines: list[str]) -> Iterator[list[Any]]:
    """Yield what stands between two empty lines: a paragraph, lists, or both."""
    words: list[str] = []
    items: list[list[str]] = []
    kind = "p"
    for line in lines:
        bare = line.strip()
        found = next((tag for tag, mark in _LISTS.items() if mark.match(bare)), None)
        if found is None:
            (items[-1] if items else words).append(bare)
            continue
        if found != kind:
            yield from _closed(kind, words, items)
            words, items, kind = [], [], found
        items.append([_LISTS[found].sub("", bare, count=1)])
    yield from _closed(kind, words, items)


def _closed(kind: str, words: list[str], items: list[list[str]]) -> Iterator[list[Any]]:
    if words:
        yield ["p", *inline(" ".join(words))]
    if items:
        yield [kind, *(["li", *inline(" ".join(item))] for item in items)]


def inline(text: str, depth: int = 0) -> list[Part]:
    """Return a line as texts, and lists of tag and parts; ``a`` has its address before them."""
    parts: list[Part] = []
    end = 0
    for found in _INLINE.finditer(text) if depth < _DEEPEST else ():
        if found.start() > end:
            parts.append(text[end : found.start()])
        end = found.end()
        parts.append(_part(found, depth + 1))
    if end < len(text):
        parts.append(text[end:])
    return parts


def _part(found: re.Match[str], depth: int) -> Part:
    if found["code"]:
        return ["code", found["coded"].strip()]
    if found["address"]:
        return ["a", found["address"], *inline(found["label"], depth)]
    if found["sign"]:
        return found["sign"]
    tag, inner = ("strong", found["strong"]) if found["strong"] else ("em", found["star"])
    return [tag, *inline(inner or found["line"], depth)]
