"""Every command and program in the README and the guide works, run in the order of its page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import page_blocks
import page_running
import page_tables
import pytest
import standing_in

pytestmark = pytest.mark.slow

#: Pages whose sections stand for themselves; all others are read from the top to the end.
BY_SECTION = ("docs/commands.md",)

#: Comments before blocks that others run.
ELSEWHERE = {
    "install": ".ci/run",
    "test": ".ci/run",
    "example": "tests/test_pages.py",
    "table": "tests/exporting/test_exporting_page.py",
    "torch": "tests/exporting/test_exporting_page.py",
    "json": "tests/exporting/test_exporting_page.py",
    "safetensors": "tests/exporting/test_exporting_page.py",
}

Unit = tuple[str, list[page_blocks.Block]]


def _units() -> Iterator[Unit]:
    """Yield what is run in a folder of its own: a page, or a section, with its blocks."""
    for path in page_blocks.pages():
        found = list(page_blocks.blocks(path))
        page = path.relative_to(page_blocks.ROOT).as_posix()
        if page not in BY_SECTION:
            yield page, found
            continue
        for section, members in groupby(found, key=lambda block: block.section):
            yield section, list(members)


UNITS = [
    (name, blocks)
    for name, blocks in _units()
    if any(block.kind in ("sh", "python", "toml") for block in blocks)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory of a page, with the files that pages name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NNCLI_DB", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(tmp_path)
    standing_in.lay_files(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("unit", "blocks"), UNITS, ids=[name for name, _ in UNITS])
def test_a_page_runs(unit: str, blocks: list[page_blocks.Block], folder: Path) -> None:
    running = page_running.Running()
    usual = (standing_in.TWENTY,) if blocks[0].page in BY_SECTION else ()
    for command in standing_in.GRANTED.get(unit, usual):
        done = running.shell(command)
        assert done.code == 0, f"{command}\n{done.err}"
    for block in blocks:
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
    for block in blocks:
        place = f"{block.page}:{block.line}"
        if block.why_not or block.comment in ELSEWHERE:
            continue
        if block.kind == "toml":
            tomllib.loads(block.text)
        elif block.kind == "python":
            running.python(block.text, place)
        elif block.kind == "sh":
            _run_commands(running, block, place)
        elif block.printed_by:
            (done,) = (each for each in running.done if each.command == block.printed_by)
            assert_alike(block.text, done.out)


def _run_commands(running: page_running.Running, block: page_blocks.Block, place: str) -> None:
    expected = 0
    for line in page_blocks.statements(block.text):
        command = standing_in.without_remark(line)
        if standing_in.why_not(command):
            continue
        done = running.shell(standing_in.SMALLER.get(command, command))
        expected = done.code
        assert done.code in (0, block.exit_code), f"{place}: {command}\n{done.out}{done.err}"
    assert expected == block.exit_code, f"{place}: exit code {expected}"


def assert_alike(shown: str, printed: str) -> None:
    """Compare what a page shows with what came out, apart from seconds.

    On another machine a few of 359 rows may be taken for other classes.
    """

    def words(text: str) -> list[str]:
        return re.sub(r"\d+\.\d\d s", "TIME", text).split()

    for word, other in zip(words(shown), words(printed), strict=False):
        if re.fullmatch(r"\d+(\.\d+)?", word):
            assert abs(float(word) - float(other)) <= 0.03  # eleven rows
        else:
            assert word == other


@pytest.mark.parametrize("system", page_tables.systems(), ids=lambda system: system["id"])
def test_a_system_is_shown_by_its_command(system: dict[str, str], folder: Path) -> None:
    done = page_running.Running().shell(system["command"])
    assert done.code == system.get("exit", 0), done.err


def test_what_is_made_smaller_or_left_out_stands_in_a_page() -> None:
    texts = "\n".join(page.read_text(encoding="utf-8") for page in page_blocks.pages())
    named = [*standing_in.SMALLER, *standing_in.NOT_RUN]
    assert [each for each in named if each not in texts] == []
    units = {name for name, _ in UNITS}
    assert [each for each in standing_in.GRANTED if each not in units] == []
    comments = {block.comment for page in page_blocks.pages() for block in page_blocks.blocks(page)}
    assert [each for each in ELSEWHERE if each not in {*comments, "example"}] == []
