"""The guide builds without a warning, takes nothing from other hosts, and draws its pictures."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import page_blocks
import page_pictures
import page_running
import pytest

ROOT = page_blocks.ROOT
TOUR = sorted((ROOT / "docs" / "tour").glob("*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide as it is built."""
    pytest.importorskip("material", reason="needs the extra docs")
    folder = tmp_path_factory.mktemp("guide") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_nothing_is_taken_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(
            r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=\"?([^\s\">]+)", _text(page)
        )
        loaded += re.findall(r"<link\b[^>]*?\bhref=\"?([^\s\">]+)", _text(page))
        assert [each for each in loaded if "//" in each] == []


@pytest.mark.slow
def test_a_part_is_added_as_contributing_says(site: Path) -> None:
    text = _text(site / "adding.html")
    assert "bent_identity" in text
    assert "from CONTRIBUTING.md" not in text


@pytest.mark.parametrize("page", TOUR, ids=lambda page: page.stem)
def test_every_picture_is_drawn_by_a_command_of_its_page(page: Path) -> None:
    words = [
        word
        for block in page_blocks.blocks(page)
        if block.kind == "sh"
        for command in page_blocks.statements(block.text)
        for word in shlex.split(command, comments=True)
    ]
    for name in page_pictures.named(page):
        assert name in words, f"python docs/made/make_pages.py --pictures draws no {name}"
        size = (ROOT / "docs" / "pictures" / name).stat().st_size
        assert size < 40_000, f"{name} has {size} bytes: too large to be kept in git"


def test_a_picture_that_nobody_shows_is_not_kept() -> None:
    shown = {name for page in TOUR for name in page_pictures.named(page)}
    kept = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    assert kept - shown == {"icon.svg"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nncli report last   # a remark", [(["nncli", "report", "last"], {})]),
        (
            'nncli sweep xor --hidden "2|4" && nncli report > a.txt',
            [
                (["nncli", "sweep", "xor", "--hidden", "2|4"], {}),
                (["nncli", "report"], {">": "a.txt"}),
            ],
        ),
        ("nncli export last -o - | head -5", None),
        ("nncli train --act $act", None),
        ("nncli train & wait", None),
        ("python a.py", None),
    ],
)
def test_plain_commands_are_told_from_those_for_a_shell(line: str, expected: object) -> None:
    assert page_running.plain_commands(line) == expected


def test_words_with_hyphens_stay_on_one_line() -> None:
    page_hook = pytest.importorskip("page_hook", reason="needs the extra docs")
    html = '<p>a-b</p><code><a id="x-1"></a>run <b>--plot</b> a-b.svg - c</code>'
    assert page_hook.on_page_content(html) == (
        '<p>a-b</p><code><a id="x-1"></a>run <b><span class="whole">--plot</span></b> '
        '<span class="whole">a-b.svg</span> - c</code>'
    )
    assert page_hook.unbroken("--" + "long" * 9) == "--" + "long" * 9


def test_a_command_has_all_its_lines() -> None:
    loop = "for a in 1 2; do\n  echo $a\ndone; wait"
    text = f"nncli report \\\n  last\n# a remark\n{loop}\nnncli db info\n"
    assert list(page_blocks.statements(text)) == [
        "nncli report \\\n  last",
        loop,
        "nncli db info",
    ]


def test_pictures_are_made_smaller_without_harm() -> None:
    path = "M 0.04 1.26 \nL 1.0 2.0 \nL 2.0 3.01 \nL 3 9 \n"
    svg = f'<svg version="1.1"><path d="{path}"/><text>0.0001</text></svg>'
    slim = page_pictures.slim(svg)
    assert slim.endswith("<text>0.0001</text></svg>")
    assert 'd="M 0 1.3 L 2 3 L 3 9"' in slim
    assert 'version="1.1"' in slim


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
