"""Verdicts in words, for terminals of any width."""

from __future__ import annotations

import math

import pytest
from judging_samples import a_claim

from nncli.judging import Verdict, verdict_lines
from nncli.report.pictures.words import columns_of

LONG = "Of all the activations that were tried here, relu has the smallest loss in the end " * 2
FOUND = Verdict(
    claim=a_claim(says=LONG, of=("M1", "D2"), runs="act=relu", below="act=tanh", by=0.1),
    sweep=1,
    verdict="supported",
    reason="so in 10 of 10 pairs",
    n=10,
    ours=0.5,
    theirs=math.inf,
    estimate=-0.5,
    interval=(-0.6, -0.4),
    p=0.001953125,
    p_holm=0.01,
    test="exact permutation",
)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit(width: int) -> None:
    lines = list(verdict_lines([FOUND, FOUND], width))
    assert max(map(columns_of, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for part in ("(M1, D2)", "below act=tanh by 0.1", "0.5 against inf", "p_holm=0.01", "n=10"):
        assert part in text


def test_colours_are_round_the_word_alone() -> None:
    first, *rest = verdict_lines([FOUND], 100, colored=True)
    assert first.startswith("\x1b[32msupported\x1b[0m  Of all")
    assert "\x1b" not in "".join(rest)


def test_what_was_not_expected_is_said() -> None:
    claim = a_claim(below=1, expected="refuted", because="the document is wrong\x1b[2J")
    refuted = Verdict(claim, 1, "refuted", "so in 0 of 9 seeds", 9, estimate=2.0)
    text = "\n".join(verdict_lines([refuted], 80))
    assert "as expected" in text
    assert "the document is wrong" in text
    assert "\x1b" not in text
    supported = Verdict(claim, 1, "supported", "so in 9 of 9 seeds", 9, estimate=0.5)
    assert "expected: refuted" in "\n".join(verdict_lines([supported], 80))


def test_without_figures_there_is_the_reason() -> None:
    claim = a_claim(value="grad_norm@1", epoch=3, below=1)
    lines = list(verdict_lines([Verdict(claim, 1, "undecided", "no run is there", 0)], 80))
    assert lines == [
        "undecided  so it is",
        "           grad_norm@1 at epoch 3 below 1",
        "           no run is there",
    ]
