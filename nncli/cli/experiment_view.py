"""What is shown while experiments run: one line in place on a terminal, lines elsewhere, JSON."""

from __future__ import annotations

import sys
import time

from nncli.cli.experiment_text import outcome_line, outcome_record, verdict_record
from nncli.cli.output import can_redraw, print_json, print_note
from nncli.cli.progress import COMPILING, FRAME_SECONDS, LINE_SECONDS, Bar, Clock, Silent, picture
from nncli.cli.sweep_view import figures, fraction_of, trouble_line
from nncli.events import Compiling
from nncli.experimenting.running import Begun, Outcome, RunningEvent
from nncli.report.text import plural
from nncli.sweeps.events import Going, RunEnded

#: Figures that are given up where there is little room, first ones first.
GIVEN_UP = ("/s", " running", " skipped", " pruned", " failed", " left")


class Quiet(Silent):
    """Shows nothing of experiments."""

    def show(self, event: RunningEvent) -> None:
        """Ignore an event."""


class Lines(Quiet):
    """Writes a line as an experiment begins and ends, and one every ten seconds between."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock, self._written = clock, clock()
        self._begun: Begun | None = None
        self._loading = ""

    def loading(self, text: str, fraction: float | None) -> None:
        """Say what is being loaded, once."""
        if text != self._loading:
            self._loading = text
            self.say(text)

    def say(self, text: str) -> None:
        """Write a note."""
        print_note(text)

    def show(self, event: RunningEvent) -> None:
        """Show an event if it is time for a line."""
        if isinstance(event, Begun):
            self._begun, self._written = event, self._clock()
            self.say(opening_line(event))
        elif isinstance(event, Outcome):
            self.say(outcome_line(event))
        elif isinstance(event, Compiling):
            self.say(COMPILING)
        elif isinstance(event, RunEnded):
            if event.status == "failed":  # one that diverged is often what is to be seen
                self.say(trouble_line(event))
        elif isinstance(event, Going) and self._clock() - self._written >= LINE_SECONDS:
            self._written = self._clock()
            self.say("  ".join([self._place(), *figures(event)]))

    def _place(self) -> str:
        return place_of(self._begun) if self._begun else ""


class Live(Bar, Lines):
    """Draws one line in place: which experiment of how many, its runs, and the time left for it."""

    def __init__(self) -> None:
        Bar.__init__(self)
        self._begun: Begun | None = None

    def loading(self, text: str, fraction: float | None) -> None:
        """Draw how far the data are."""
        Bar.loading(self, text, fraction)

    def say(self, text: str) -> None:
        """Write a note above the line."""
        Bar.say(self, text)

    def show(self, event: RunningEvent) -> None:
        """Show an event; the line is drawn some times a second."""
        if isinstance(event, Begun):
            self._begun = event
        elif isinstance(event, Compiling):
            self._draw(None, [self._place(), COMPILING], now=True)
        elif not isinstance(event, Going):
            Lines.show(self, event)
        elif self._live is not None and self._clock() - self._drawn >= FRAME_SECONDS:
            self._drawn = self._clock()
            live, width = self._live, self._live.console.width - 1
            parts = [self._place(), *figures(event)]
            line = picture(fraction_of(event), parts, width, GIVEN_UP)
            self._guard(lambda: live.update(line, refresh=True))


class Json(Quiet):
    """Prints a line an event."""

    def show(self, event: RunningEvent) -> None:
        """Print what experiments come to; of single runs those that failed."""
        if isinstance(event, Begun):
            record = {
                "event": "start",
                "experiment": event.experiment.name,
                "number": event.number,
                "of": event.of,
                "runs": event.runs,
            }
            print_json(record)
        elif isinstance(event, RunEnded) and event.status == "failed":
            print_json({"event": "failed", "run": event.run, "message": event.message})
        elif isinstance(event, Outcome):
            for verdict in event.verdicts:
                print_json(verdict_record(event.experiment.name, verdict))
            print_json(outcome_record(event))
        sys.stdout.flush()


def experiment_view(*, quiet: bool, as_json: bool) -> Quiet:
    """Return the view that fits the options and standard error."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Live() if can_redraw(sys.stderr) else Lines()


def place_of(event: Begun) -> str:
    """Return which experiment it is of how many."""
    return f"{event.number}/{event.of} {event.experiment.name}"


def opening_line(event: Begun) -> str:
    """Say which experiment begins."""
    runs = "" if event.runs is None else f": {plural(event.runs, 'run')}"
    return f"{place_of(event)}{runs}"
