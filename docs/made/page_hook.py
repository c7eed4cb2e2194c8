"""What MkDocs does to the pages before it builds them: parts that stand elsewhere are taken in.

A line ``<!-- from CONTRIBUTING.md: TITLE -->`` becomes that section, without its heading.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"^<!-- from (\S+): (.+) -->$", re.M)


def on_page_markdown(markdown: str, **given: Any) -> str:
    """Return the page with what its places name."""
    return PLACE.sub(lambda found: section(found[1], found[2]), markdown)


def section(file: str, title: str) -> str:
    """Return the text below a heading of the second level, up to the next."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        raise PluginError(f"{file} has no section '{title}': name one that it has")
    return found[1].strip()
