"""The blocks of code of the README and the guide: what they hold, and what is said about them.

A comment before a block says what a reader of the source, and the test that runs all blocks, must
know: ``<!-- not run: WHY -->``, ``<!-- exit 2 -->``, ``<!-- file: study.toml -->`` for what the
page's commands read, or ``<!-- printed by: COMMAND -->``. Other comments are ignored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```([\w-]*)[^\n]*\n(.*?)^```$", re.M | re.S)
_COMMENT = re.compile(r"<!-- (.*) -->\n\Z")


@dataclass(frozen=True)
class Block:
    """A block of code: ``kind`` is what stands behind its fence, ``line`` its place in the file."""

    page: str
    section: str
    line: int
    kind: str
    text: str
    comment: str

    @property
    def exit_code(self) -> int:
        """Return what its last command must return."""
        found = re.fullmatch(r"exit (\d+)", self.comment)
        return int(found[1]) if found else 0

    @property
    def file(self) -> str | None:
        """Return the name of the file that it is, None for what is no file."""
        return self._after("file: ")

    @property
    def printed_by(self) -> str | None:
        """Return the command of the page that prints it, None for what is not printed."""
        return self._after("printed by: ")

    @property
    def why_not(self) -> str | None:
        """Return why it is not run, None if it is."""
        return self._after("not run: ")

    def _after(self, marker: str) -> str | None:
        return self.comment.removeprefix(marker) if self.comment.startswith(marker) else None


def pages() -> list[Path]:
    """Return the README and every page of the guide."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        before = text[: found.start()]
        comment = _COMMENT.search(before)
        outside = _BLOCK.sub("", before)
        headings = re.findall(r"^##+ (.+)$", outside, re.M)
        yield Block(
            page=page.relative_to(ROOT).as_posix(),
            section=headings[-1] if headings else "",
            line=before.count("\n") + 1,
            kind=found[1],
            text=found[2],
            comment=comment[1] if comment else "",
        )


def statements(text: str) -> Iterator[str]:
    """Yield the commands of a shell block, each with all its lines."""
    waiting: list[str] = []
    for line in text.splitlines():
        waiting.append(line)
        joined = "\n".join(waiting)
        opened = len(re.findall(r"^\s*(?:for|while|if)\b", joined, re.M))
        closed = len(re.findall(r"(?:^|[;&]\s*)\s*(?:done|fi)\b", joined, re.M))
        if line.endswith("\\") or opened > closed:
            continue
        waiting = []
        if joined.strip() and not joined.lstrip().startswith("#"):
            yield joined
