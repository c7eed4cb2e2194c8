"""Make what follows from the program in README.md and docs/: tables, commands, Python API.

    python docs/made/make_pages.py              # rewrite it
    python docs/made/make_pages.py --check      # say what is stale; exit code 1 if anything is
    python docs/made/make_pages.py --pictures   # also draw the tour's pictures, some minutes

Pictures are what the commands of the tour write: they are drawn by running its pages. Two machines
may draw them a little differently, so nothing checks them but eyes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import page_commands
import page_python
import page_tables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def made() -> dict[Path, str]:
    """Return the text that every page should have, of those in which something is made."""
    pages: dict[Path, Callable[[str], str]] = {
        ROOT / "README.md": page_tables.with_tables,
        DOCS / "catalogue.md": page_tables.with_tables,
        DOCS / "systems.md": page_tables.with_tables,
        DOCS / "commands.md": lambda _: page_commands.page(),
        DOCS / "python.md": page_python.with_reference,
    }
    return {path: make(_text(path)) for path, make in pages.items()}


def stale() -> list[Path]:
    """Return the pages that are not as they should be."""
    return [path for path, text in made().items() if _text(path) != text]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """Rewrite or check the pages; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the generated pages.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parser.add_argument("--pictures", action="store_true", help="also draw the tour's pictures")
    asked = parser.parse_args()
    if asked.check:
        found = [str(path.relative_to(ROOT)) for path in stale()]
        if found:
            print(f"not up to date: {', '.join(found)}: run python docs/made/make_pages.py")
        return bool(found)
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
    if asked.pictures:
        import page_pictures

        page_pictures.draw(DOCS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
