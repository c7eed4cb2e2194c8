"""Print the table of docs/published.md: what was published, and what nncli came to.

    nncli experiment run all --long --db results.db
    python docs/made/published_table.py results.db
    python docs/made/published_table.py results.db --first   # that of the README: a row a result

A row is a claim of a published result on its sweep in the database. ``seconds`` are those of
training a run, on the mean over all runs of the sweep.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator

from nncli.claims import Claim
from nncli.experimenting.catalogue import Experiment, experiments
from nncli.judging import Verdict, judge
from nncli.store.finding import ReportStore

HEAD = ("experiment", "published", "ours, 95% interval", "seeds", "verdict", "seconds")
SECONDS = """select avg(seconds_train) from runs
    where id in (select run_id from sweep_trials where sweep_id = ?)"""


def main(path: str, first: bool) -> None:
    """Print the table of the results in the database ``path``, perhaps of first claims alone."""
    print("| " + " | ".join(HEAD) + " |")
    print("| --- | --- | --- | ---: | --- | ---: |")
    for row in rows(path):
        if row[0] or not first:
            print("| " + " | ".join(row) + " |")


def rows(path: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of every claim on the published results that ``path`` holds runs of."""
    with ReportStore(path) as store, contextlib.closing(sqlite3.connect(path)) as plain:
        newest = {each.name: each.id for each in reversed(store.list_sweeps(None))}
        for name, experiment in experiments().items():
            sweep = newest.get(experiment.sweep_name(quick=False))
            if not name.startswith("published/"):
                continue
            if sweep is None:
                yield (_title(experiment), experiment.about.claims[0].says, "not run", "", "", "")
                continue
            (seconds,) = plain.execute(SECONDS, (sweep,)).fetchone()
            for number, verdict in enumerate(judge(store, sweep, experiment.about.claims)):
                first = _title(experiment) if number == 0 else ""
                took = _seconds(seconds) if number == 0 and seconds else ""
                yield (first, _published(verdict.claim), *_ours(verdict), took)


def _title(experiment: Experiment) -> str:
    return f"`{experiment.name.removeprefix('published/')}`"


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _published(claim: Claim) -> str:
    """Return what was published: the sentence, with the tolerance that it is judged by."""
    return f"{claim.says} (within {claim.within:g})" if claim.within else claim.says


def _ours(verdict: Verdict) -> tuple[str, str, str]:
    if verdict.estimate is None or verdict.interval is None:
        return "-", str(verdict.n), verdict.verdict
    low, high = verdict.interval
    difference = "difference " if verdict.theirs is not None else ""
    figures = f"{difference}{verdict.estimate:.4g} [{low:.4g}, {high:.4g}]"
    return figures, str(verdict.n), verdict.verdict


if __name__ == "__main__":
    main(sys.argv[1], "--first" in sys.argv[2:])
