"""What is shown while a run goes on: a bar on a terminal, a few lines elsewhere, or nothing.

An observer takes the events of a run, one by one. It writes to standard error only, and that this
is closed never stops a run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self, TextIO

from nncli.cli.output import can_redraw, console, print_note
from nncli.events import Compiling, CurveRow, Event, Finished, Progress, Started
from nncli.report.text import count, duration, measure, number, visible

if TYPE_CHECKING:
    from rich.live import Live

Clock = Callable[[], float]

#: Plain lines come at least this often, in seconds, where a tenth of a run takes longer.
LINE_SECONDS = 10.0

#: Seconds between two pictures of the bar.
FRAME_SECONDS = 0.1

SHORTEST_BAR = 8


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        """Ignore an event."""

    def loading(self, text: str, fraction: float | None) -> None:
        """Ignore how far the data are."""

    def say(self, text: str) -> None:
        """Ignore a note."""


class Lines(Silent):
    """Writes a line at each tenth of the run, or every ten seconds if that is sooner."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._written = clock()
        self._tenth = 0
        self._row: CurveRow | None = None
        self._loading = ""

    def loading(self, text: str, fraction: float | None) -> None:
        """Say what is being loaded, once."""
        if text != self._loading:
            self._loading = text
            print_note(text)

    def say(self, text: str) -> None:
        """Write a note."""
        print_note(text)

    def __call__(self, event: Event) -> None:
        """Show an event if it is time for a line."""
        if isinstance(event, Compiling):
            print_note(COMPILING)
        elif isinstance(event, Started):
            self._written = self._clock()
        elif isinstance(event, Progress):
            self._row = event.rows[-1] if event.rows else self._row
            tenth, now = int(10 * event.fraction), self._clock()
            if tenth > self._tenth or now - self._written >= LINE_SECONDS:
                self._tenth, self._written = tenth, now
                print_note("  ".join(describe(event, self._row)))


class Bar(Silent):
    """Draws a bar in place on a terminal, with as many figures as fit beside it."""

    def __init__(self, stream: TextIO | None = None, clock: Clock = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._drawn = -FRAME_SECONDS
        self._row: CurveRow | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live

        # No thread that draws: events come often enough, and it would take the training's core.
        self._live = Live(
            console=console(self._stream), auto_refresh=False, transient=True, redirect_stdout=False
        )
        self._guard(self._live.start)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._guard(self._live.stop)
            self._live = None

    def loading(self, text: str, fraction: float | None) -> None:
        """Draw how far the data are."""
        self._draw(fraction, [text, "" if fraction is None else f"{fraction:.0%}"])

    def say(self, text: str) -> None:
        """Write a note above the bar."""
        if self._live is None:
            print_note(text)
        else:
            live = self._live
            self._guard(lambda: live.console.print(visible(text), soft_wrap=True))

    def __call__(self, event: Event) -> None:
        """Draw an event if it is time for a picture."""
        if isinstance(event, Compiling):
            self._draw(None, [COMPILING], now=True)
        elif isinstance(event, Progress):
            self._row = event.rows[-1] if event.rows else self._row
            self._draw(event.fraction, describe(event, self._row))
        elif isinstance(event, Finished):
            self._draw(1.0, [], now=True)

    def _draw(self, fraction: float | None, parts: list[str], now: bool = False) -> None:
        time_now = self._clock()
        if self._live is None or (time_now - self._drawn < FRAME_SECONDS and not now):
            return
        self._drawn = time_now
        live, width = self._live, self._live.console.width
        self._guard(lambda: live.update(picture(fraction, parts, width - 1), refresh=True))

    def _guard(self, draw: Callable[[], object]) -> None:
        try:
            draw()
        except (OSError, ValueError):  # the terminal is gone: the run goes on
            self._live = None


COMPILING = "making machine code for this network (once on this machine, some seconds)"


def observer(*, quiet: bool, as_json: bool) -> Silent:
    """Return the observer that fits standard error and the options."""
    if quiet:
        return Silent()
    if can_redraw(sys.stderr):
        return Bar()
    return Silent() if as_json else Lines()


def describe(event: Progress, row: CurveRow | None) -> list[str]:
    """Return the figures of a progress, the most important first."""
    parts = [f"epoch {event.epoch}/{event.epochs}"]
    if row is not None:
        metric = "rmse" if row.train_rmse is not None else "accuracy"
        value = _first(getattr(row, f"val_{metric}"), getattr(row, f"train_{metric}"))
        parts.append(f"loss {number(row.train_loss)}")
        if row.val_loss is not None:
            parts.append(f"val {number(row.val_loss)}")
        if value is not None:
            parts.append(f"{metric} {measure(metric, value)}")
        parts.append(f"lr {number(row.lr)}")
    parts.append(f"{count(event.samples_per_second)}/s")
    if event.fraction < 1:
        parts.append(f"{duration(event.seconds_left)} left")
    return parts


#: The figures of a run that are given up where there is little room, first ones first.
GIVEN_UP = ("lr ", "/s", "loss ", "val ", "accuracy ", "rmse ", " left")


def picture(
    fraction: float | None, parts: list[str], width: int, given_up: Sequence[str] = GIVEN_UP
) -> Any:
    """Return the bar and the figures that fit in ``width`` columns, in one line.

    Where there is little room figures go that begin or end with an entry of ``given_up``.
    """
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bar = 0 if fraction is None else SHORTEST_BAR + 1
    kept = fit(parts, width - bar, given_up)
    text = "  ".join(kept)
    line = Table.grid(padding=(0, 1), expand=False)
    if fraction is None:
        line.add_row(Text(text, no_wrap=True, overflow="ellipsis"))
    else:
        room = max(SHORTEST_BAR, min(30, width - len(text) - 2))
        line.add_row(ProgressBar(1.0, fraction, width=room), Text(text, no_wrap=True))
    return line


def fit(parts: list[str], width: int, given_up: Sequence[str] = GIVEN_UP) -> list[str]:
    """Return the parts that fit in ``width`` columns with two blanks between, in their order."""
    kept = [part for part in parts if part]
    for mark in given_up:
        if len("  ".join(kept)) <= width:
            break
        kept = [part for part in kept if not (part.startswith(mark) or part.endswith(mark))]
    return kept


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
