"""What a sweep still lacks: how many of how many runs have ended, and how to go on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from nncli.environment import database_name
from nncli.store.records import FINAL
from nncli.sweeps.definition import Definition

if TYPE_CHECKING:
    from nncli.store import Sweep
    from nncli.store.finding import ReportStore

#: What came of a trial that will not be tried any more as it is. A run that failed has ended too:
#: which claims that concerns is said of each of them.
ENDED = (*FINAL, "failed", "dropped")


def what_is_missing(store: ReportStore, sweep: Sweep, command: str = "") -> str:
    """Say how much of a sweep is done, and the command that goes on; nothing where all of it is."""
    counts = store.counts(sweep.id)
    there = sum(counts.get(state, 0) for state in ENDED)
    definition = Definition.of_stored(sweep.definition)
    wanted = None if definition is None else definition.runs
    known = sum(counts.values()) if wanted is None else wanted
    if there >= known:
        return ""
    total = f"{known:,}" if wanted is not None else f"at least {known:,}"
    running = counts.get("running", 0)
    under_way = f" ({running:,} under way)" if running else ""
    go_on = command or on_database(store, f"nncli sweep --resume {sweep.id}")
    return f"the sweep is not done: {there:,} of {total} runs{under_way}; go on with {go_on}"


def on_database(store: ReportStore, command: str) -> str:
    """Return a command with the database of ``store``, where it would take another by itself."""
    usual = store.shown == database_name(None)
    return command if usual else f"{command} --db {shlex.quote(store.shown)}"
