"""What is shown while a run goes on."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
from cli_fakes import progress, row
from rich.console import Console

from nncli.cli import progress as shown
from nncli.cli.progress import Bar, Lines, describe, fit, picture
from nncli.events import Compiling, Started


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    written: list[str] = []
    monkeypatch.setattr(shown, "print_note", written.append)
    return written


def test_a_line_a_tenth_and_one_every_ten_seconds(lines: list[str]) -> None:
    clock = Clock()
    observe = Lines(clock)
    observe(Started(100, 1, 0.0))
    for epoch in range(1, 100):  # the first tenth, slowly: one line for each ten seconds
        clock.now += 1.0
        observe(progress(epoch, 1000))
    assert len(lines) == 9
    for epoch in range(100, 1001):  # the rest, fast: one line for each tenth
        observe(progress(epoch, 1000))
    assert len(lines) == 9 + 10


def test_compiling_is_said(lines: list[str]) -> None:
    Lines(Clock())(Compiling())
    assert "machine code" in lines[0]


def drawn(fraction: float | None, parts: list[str], width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(picture(fraction, parts, width - 1))
    return stream.getvalue()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 160])
@pytest.mark.parametrize("fraction", [None, 0.3])
def test_the_bar_is_one_line_that_fits(width: int, fraction: float | None) -> None:
    event = progress(123, 1000, loss=1.23e-7)
    text = drawn(fraction, describe(event, event.rows[-1]), width)
    assert text.count("\n") == 1
    assert len(text.rstrip("\n")) <= width
    assert "epoch 123/1000" in text
    assert (fraction is None) == ("\u2501" not in text)
    if fraction is not None and width >= 40:  # the time left is the last figure to go
        assert text.rstrip().endswith("left")


def test_what_is_given_up_in_a_narrow_terminal() -> None:
    event = progress(12, 30)
    parts = describe(event, event.rows[-1])
    assert fit(parts, 200) == parts
    assert parts[-1] == "12 s left"
    at_80 = fit(parts, 80)
    assert not any(part.startswith("lr") for part in at_80) or len("  ".join(parts)) <= 80
    assert fit(parts, 30) == ["epoch 12/30", "12 s left"]


def test_rmse_and_no_validation() -> None:
    regression = row(1, train_rmse=2.0, val_rmse=3.0, train_accuracy=None, val_accuracy=None)
    assert "rmse 3" in describe(progress(1, 2), regression)
    alone = row(1, val_loss=None, val_accuracy=None)
    assert describe(progress(1, 2), alone)[1:3] == ["loss 0.5", "accuracy 0.9000"]
    broken = row(1, train_loss=math.nan)
    assert "loss nan" in describe(progress(1, 2), broken)


class Closed(io.StringIO):
    """A terminal that went away."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_terminal_that_goes_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Closed())
    with Bar(Closed(), Clock()) as observe:
        observe(progress(1, 2))
        observe.say("note")
    Lines(Clock())(progress(1, 2))


def test_the_bar_is_drawn_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    pictures: list[Any] = []
    with Bar(io.StringIO(), clock) as observe:
        assert observe._live is not None
        monkeypatch.setattr(observe._live, "update", lambda *a, **k: pictures.append(a))
        for epoch in range(1, 101):
            clock.now += 0.02
            observe(progress(epoch, 1000))
    assert 15 <= len(pictures) <= 20  # two seconds
