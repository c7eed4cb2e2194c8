"""What is shown of a sweep: two lines in place on a terminal, a line now and then elsewhere, JSON.

All of them take the events of :mod:`nncli.sweeps.events`. JSON goes to standard output, a line an
event; everything else to standard error.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from nncli.cli.output import can_redraw, print_json, print_note
from nncli.cli.progress import COMPILING, FRAME_SECONDS, LINE_SECONDS, Bar, Clock, Silent, picture
from nncli.events import Compiling
from nncli.report.text import count, duration, measure, plural
from nncli.sweeps.events import Best, Done, Going, Opened, RunEnded, SweepEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Figures that are given up where there is little room, first ones first.
GIVEN_UP = ("/s", " running", " skipped", " pruned", " failed", " left")


class Quiet(Silent):
    """Shows nothing of a sweep."""

    def sweep(self, event: SweepEvent) -> None:
        """Ignore an event."""


class Lines(Quiet):
    """Writes what went wrong as it happens, and a line at each tenth or every ten seconds."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock, self._written, self._tenth = clock, clock(), 0
        self._objectives: tuple[str, ...] = ()

    def loading(self, text: str, fraction: float | None) -> None:
        """Say what is being loaded."""
        if fraction is None:
            print_note(text)

    def say(self, text: str) -> None:
        """Write a note."""
        print_note(text)

    def sweep(self, event: SweepEvent) -> None:
        """Show an event if it is time for a line."""
        if isinstance(event, Opened):
            self._objectives = event.objectives
            self.say(opening_line(event))
        elif isinstance(event, Compiling):
            self.say(COMPILING)
        elif isinstance(event, RunEnded):
            if event.status in ("failed", "diverged"):
                self.say(trouble_line(event))
        elif isinstance(event, Going):
            tenth, now = int(10 * (fraction_of(event) or 0)), self._clock()
            if tenth > self._tenth or now - self._written >= LINE_SECONDS:
                self._tenth, self._written = tenth, now
                self.say("  ".join([*figures(event), *best_text(event.best, self._objectives)]))


class Live(Bar, Lines):
    """Draws two lines in place: how far the sweep is, and the best trial so far."""

    def __init__(self) -> None:
        Bar.__init__(self)
        self._objectives: tuple[str, ...] = ()

    def loading(self, text: str, fraction: float | None) -> None:
        """Draw how far the data are."""
        Bar.loading(self, text, fraction)

    def say(self, text: str) -> None:
        """Write a note above the lines."""
        Bar.say(self, text)

    def sweep(self, event: SweepEvent) -> None:
        """Show an event; the lines are drawn some times a second."""
        if not isinstance(event, Going):
            Lines.sweep(self, event)
            return
        now = self._clock()
        if self._live is None or now - self._drawn < FRAME_SECONDS:
            return
        from rich.console import Group
        from rich.text import Text

        self._drawn = now
        live, width = self._live, self._live.console.width - 1
        first = picture(fraction_of(event), figures(event), width, GIVEN_UP)
        best = " ".join(best_text(event.best, self._objectives))
        second = Text(best, no_wrap=True, overflow="ellipsis")
        self._guard(lambda: live.update(Group(first, second) if best else first, refresh=True))


class Json(Quiet):
    """Prints a line an event."""

    def sweep(self, event: SweepEvent) -> None:
        """Print an event."""
        if isinstance(event, Opened):
            print_json(
                {
                    "event": "start",
                    "sweep": event.sweep,
                    "name": event.name,
                    "new": event.is_new,
                    "runs": event.runs,
                    "jobs": event.jobs,
                    "objectives": event.objectives,
                }
            )
        elif isinstance(event, RunEnded):
            print_json(
                {
                    "event": "run",
                    "trial": event.trial,
                    "seed": event.seed,
                    "run": event.run,
                    "status": event.status,
                    "values": event.values,
                    "params": event.params,
                    "seconds": event.seconds,
                    "message": event.message,
                }
            )
        elif isinstance(event, Done):
            print_json(event.to_json())
        if not isinstance(event, RunEnded):  # of which a turn may bring many; then it says how far
            sys.stdout.flush()


def sweep_view(*, quiet: bool, as_json: bool) -> Quiet:
    """Return the view that fits the options and standard error."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Live() if can_redraw(sys.stderr) else Lines()


def opening_line(event: Opened) -> str:
    """Say which sweep begins or goes on."""
    what = f"sweep {event.sweep}" + (f" ({event.name})" if event.name else "")
    runs = "runs" if event.runs is None else plural(event.runs, "run")
    begins = "begins" if event.is_new else "goes on"
    return f"{what} {begins}: {runs}, {event.jobs} at a time, by {', '.join(event.objectives)}"


def trouble_line(event: RunEnded) -> str:
    """Say which run went wrong, and how."""
    where = f"run {event.run}" if event.run is not None else f"trial {event.trial}"
    params = " ".join([*pairs(event.params), f"seed={event.seed}"])
    return f"{where} {event.status} ({params})" + (f": {event.message}" if event.message else "")


def fraction_of(event: Going) -> float | None:
    """Return the share of the runs that have ended, if their number is known."""
    return event.counts.ended / event.runs if event.runs else None


def figures(event: Going) -> list[str]:
    """Return the figures of a sweep, as far as there is something to say."""
    counts = event.counts
    total = "" if event.runs is None else f"/{event.runs}"
    parts = [f"{counts.ended}{total} runs"]
    if event.waiting:
        parts.append(f"waiting for {plural(event.waiting, 'trial')} of another process")
    named = {"failed": counts.failed, "pruned": counts.pruned, "skipped": counts.skipped}
    parts += [f"{number} {name}" for name, number in named.items() if number]
    parts.append(f"{event.running} running")
    parts.append(f"{count(event.rate) if event.rate >= 10 else f'{event.rate:.2g}'}/s")
    if event.seconds_left is not None:
        parts.append(f"{duration(event.seconds_left)} left")
    return parts


def best_text(best: tuple[Best, ...], objectives: tuple[str, ...]) -> list[str]:
    """Return the best trial in words, or how many trials there are that no other beats."""
    if not best:
        return []
    if len(objectives) > 1:
        return [f"best: {plural(len(best), 'trial')} that no other beats"]
    value = measure(objectives[0] if objectives else "", best[0].values[0])
    return [f"best {value}", *pairs(best[0].params)]


def pairs(params: Mapping[str, Any]) -> list[str]:
    """Return options and values as ``lr=0.01``."""
    return [f"{name}={short(value)}" for name, value in params.items()]


def short(value: Any) -> str:
    """Return an option's value in few characters."""
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
