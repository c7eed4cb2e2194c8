"""The pictures of the tour: what its own commands draw, made small enough to be kept in git.

Every page of the tour is run in a folder of its own, and each ``![...](../pictures/NAME.svg)`` in
it gets the file ``NAME.svg`` that one of the page's commands has written there. Pictures with many
shades are PNG files, which are smaller.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from itertools import pairwise
from pathlib import Path

from page_blocks import blocks, statements
from page_running import Running

_PICTURE = re.compile(r"!\[[^\]]*\]\(\.\./pictures/([\w-]+\.(?:svg|png))\)")
_NUMBER = re.compile(r"-?\d+\.\d\d+")
_ANY = re.compile(r"-?\d+\.\d+")
_TAG = re.compile(r"<[^>]*>")
#: Points of the page by which a line may be drawn aside: less than its width.
SEEN = 0.12

_PATH = re.compile(r' d="([^"]*)"')


def named(page: Path) -> list[str]:
    """Return the names of the pictures that a page shows."""
    return _PICTURE.findall(page.read_text(encoding="utf-8"))


def draw(docs: Path) -> None:
    """Draw the pictures of all pages of the tour into ``pictures``."""
    here = Path.cwd()
    for page in sorted((docs / "tour").glob("*.md")):
        if not named(page):
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                _run(page)
                for name in named(page):
                    made = Path(name).read_bytes()
                    made = slim(made.decode()).encode() if name.endswith("svg") else fewer(made)
                    (docs / "pictures" / name).write_bytes(made)
            finally:
                os.chdir(here)
        print(f"{page.name}: {', '.join(named(page))}")


def _run(page: Path) -> None:
    running = Running()
    for block in blocks(page):
        if block.kind != "sh" or block.why_not:
            continue
        for command in statements(block.text):
            done = running.shell(command)
            if done.code not in (0, block.exit_code):
                raise SystemExit(f"{page.name}: {command}\n{done.err}")


def slim(svg: str) -> str:
    """Return a picture with coordinates to a tenth of a point, and points that differ by more."""
    svg = _PATH.sub(lambda found: f' d="{_thinned(found[1])}"', svg)
    svg = _TAG.sub(lambda tag: _NUMBER.sub(_shorter, tag[0]), svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    return re.sub(r"\n\s*", "\n", svg)


def fewer(png: bytes) -> bytes:
    """Return a picture of half the width, with 256 colours."""
    from PIL import Image  # which matplotlib brings

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((picture.width // 2, picture.height))
    stream = io.BytesIO()
    colours = Image.Quantize.FASTOCTREE  # the other methods lose the few dots of a colour
    picture.quantize(256, method=colours).save(stream, "png", optimize=True)
    return stream.getvalue()


def _tenths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _thinned(path: str) -> str:
    """Return a path with one decimal, without points on the line through their neighbours."""
    steps = re.sub(r"\s+", " ", path).strip().split(" L ")
    kept = steps[:1]
    for step, after in pairwise([*steps[1:], ""]):
        near = (kept[-1], step, after)
        if not all(map(_is_point, near)) or _distance(*map(_point, near)) > SEEN:
            kept.append(step)
    return " L ".join(_ANY.sub(_tenths, step) for step in kept)


def _is_point(step: str) -> bool:
    return re.fullmatch(r"(M )?-?[\d.]+ -?[\d.]+", step) is not None


def _point(step: str) -> complex:
    x, y = step.removeprefix("M ").split()
    return complex(float(x), float(y))


def _distance(start: complex, point: complex, end: complex) -> float:
    """Return the distance of the second point from the line between the others."""
    along, to = end - start, point - start
    return abs(to) if along == 0 else abs((to * along.conjugate()).imag) / abs(along)
