"""Gradient checks on the screen: a table of the largest errors, live while they go on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from nncli.cli.output import console, print_note
from nncli.cli.stopping import StopRequest
from nncli.gradcheck.check import Check

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

#: Groups of parameters with a column of their own, where anything was compared in them.
GROUPS = ("W", "b", "gamma", "beta", "alpha", "direction", "complex", "dp/dx")

#: What stands above a column where its group's name would be too wide.
HEADS = {"direction": "along", "complex": "cstep"}

#: Characters of a column of errors, and of the name, the count and the verdict beside them.
COLUMN, NAME_AND_VERDICT = 7, 30

#: Seconds between two pictures.
FRAME_SECONDS = 0.2


class Board:
    """Shows checks as they come: a live table on a terminal, nothing elsewhere."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream, self._quiet = stream, quiet
        self._stop = StopRequest(print_note)
        self._checks: list[Check] = []
        self._live: Live | None = None
        self._drawn = 0.0

    def __enter__(self) -> Board:
        self._stop.__enter__()
        if not self._quiet and self._stream.isatty():
            from rich.live import Live

            self._live = Live(console=console(self._stream), transient=True, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        self._stop.__exit__(None, None, None)

    def announce(self, plan: Any) -> None:
        """Say what nncli decided on its own about the data."""
        for note in plan.notes:
            if not self._quiet:
                print_note(note)

    def __call__(self, check: Check) -> None:
        """Take a check and draw, now and then; an interrupt is heard between two checks."""
        self._stop.check()
        self._checks.append(check)
        now = time.monotonic()
        if self._live is not None and now - self._drawn >= FRAME_SECONDS:
            self._drawn = now
            width = self._live.console.width
            self._live.update(table(self._checks, width), refresh=True)


def table(checks: Iterable[Check], width: int) -> Table:
    """Return the largest relative error by family of checks and group of parameters."""
    from rich import box
    from rich.table import Table

    families: dict[str, list[Check]] = {}
    for check in checks:
        families.setdefault(check.family or check.name, []).append(check)
    compared = {group for each in families.values() for check in each for group in check.groups}
    shown = [group for group in GROUPS if group in compared]
    room = width - NAME_AND_VERDICT
    shown = shown[: max(1, room // COLUMN)]
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    name = max(16, width - NAME_AND_VERDICT - COLUMN * len(shown) + 16)
    found.add_column("relative error", overflow="ellipsis", no_wrap=True, max_width=name)
    found.add_column("n", justify="right")
    for group in shown:
        found.add_column(HEADS.get(group, group), justify="right")
    found.add_column("")
    for family, members in families.items():
        cells = [_largest(members, group) for group in shown]
        failed = sum(not each.passed for each in members)
        verdict = f"{failed} FAILED" if failed else "pass"
        found.add_row(
            family, str(len(members)), *cells, verdict, style="bold red" if failed else None
        )
    return found


def _largest(checks: list[Check], group: str) -> str:
    errors = [each.groups[group] for each in checks if group in each.groups]
    return f"{max(errors):.0e}" if errors else ""
