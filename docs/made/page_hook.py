"""What MkDocs does to the pages before and after it builds them.

Parts that stand elsewhere are taken in: a line ``<!-- from CONTRIBUTING.md: TITLE -->`` becomes
that section, without its heading. And in code no line ends within a word that holds a hyphen:
browsers would break ``--plot`` behind its ``--``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"^<!-- from (\S+): (.+) -->$", re.M)
CODE = re.compile(r"(?<=<code>).*?(?=</code>)", re.S)
TAG = re.compile(r"(<[^>]*>)")
#: A word with a hyphen, short enough for the line of a phone.
HYPHENED = re.compile(r"(?<!\S)(?=\S{2,28}(?!\S))[^\s-]*-\S*")


def on_page_markdown(markdown: str, **given: Any) -> str:
    """Return the page with what its places name."""
    return PLACE.sub(lambda found: section(found[1], found[2]), markdown)


def on_page_content(html: str, **given: Any) -> str:
    """Return the page with what must not be broken marked, for guide.css."""
    return CODE.sub(lambda code: unbroken(code[0]), html)


def unbroken(code: str) -> str:
    """Return the HTML of some code in which words with hyphens stay on one line."""
    parts = TAG.split(code)  # texts and tags in turns
    parts[::2] = (HYPHENED.sub(r'<span class="whole">\g<0></span>', text) for text in parts[::2])
    return "".join(parts)


def section(file: str, title: str) -> str:
    """Return the text below a heading of the second level, up to the next."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        raise PluginError(f"{file} has no section '{title}': name one that it has")
    return found[1].strip()
