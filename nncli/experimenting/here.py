"""Which experiments have been run in a database, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nncli.environment import database_name
from nncli.experimenting.catalogue import Experiment
from nncli.store.failures import MissingDatabase

#: States of trials that have nothing left to do.
_OPEN = ("claimed", "missing", "running", "interrupted", "stale")


def run_here(some: Iterable[Experiment], db: str | None) -> Mapping[str, tuple[str, ...]]:
    """Return, by name, what there is of each: ``full`` or ``quick``, perhaps ``in part``.

    A database that is not there yet has nothing, and is not made.
    """
    from nncli.store import SweepStore

    with SweepStore(database_name(db)) as store:
        try:
            sweeps = {each.name: each.id for each in reversed(store.list_sweeps(None))}
        except MissingDatabase:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for experiment in some:
            parts = []
            for form, quick in (("full", False), ("quick", True)):
                sweep = sweeps.get(experiment.sweep_name(quick=quick))
                if sweep is None or (quick and not experiment.has_quick):
                    continue
                counts = store.counts(sweep)
                ended = sum(n for state, n in counts.items() if state not in _OPEN)
                wanted = runs_of(experiment, quick=quick)
                is_whole = wanted is not None and ended >= wanted
                parts.append(form if is_whole else f"{form} in part")
            found[experiment.name] = tuple(parts)
    return found


def runs_of(experiment: Experiment, *, quick: bool = False) -> int | None:
    """Return how many runs an experiment has; None where they are too many to count."""
    return experiment.request(quick=quick).definition.runs
