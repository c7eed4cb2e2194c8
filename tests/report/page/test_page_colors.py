"""The page's colours can be told from their grounds, in the light theme and in the dark one."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

TEXTS = ("ink", "soft", "faint", "accent", "bad")
GROUNDS = ("ground", "card", "hover", "chosen")
TONES = tuple(f"tone{place}" for place in range(10))


def colors() -> dict[str, tuple[str, str]]:
    """The light and the dark colour of each name."""
    text = (files("nncli.report.page") / "parts" / "tones.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


# 4.5 for text and 3 for lines and the edges of controls: WCAG 2.2, 1.4.3 and 1.4.11.
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(theme: int) -> None:
    named = {name: pair[theme] for name, pair in colors().items()}
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS[:3]]
    pairs += [("ink", "chosen"), ("accent", "chosen")]
    pairs += [(name, f"{name}-ground") for name in ("good", "bad", "warn", "going")]
    found = {pair: contrast(named[pair[0]], named[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in found.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_and_controls_can_be_seen(theme: int) -> None:
    named = {name: pair[theme] for name, pair in colors().items()}
    found = {name: contrast(named[name], named["card"]) for name in (*TONES, "edge")}
    assert {name: value for name, value in found.items() if value < 3} == {}
