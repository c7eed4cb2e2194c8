"""Experiments as they stand in a web page: text, curves with bands, groups and verdicts.

``experiments_of`` serves any page of a report; ``page_of`` is the page of experiments that were
run, whose runs it holds too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nncli.environment import database_name
from nncli.experimenting.counting import Count
from nncli.metrics import CURVE_METRICS, Metric, read_metric, usual_metric
from nncli.report.cells import cell
from nncli.report.page import Experiment, PageData
from nncli.report.page.data import CURVES, VERDICTS
from nncli.report.text import plural
from nncli.store.finding import Query, ReportStore
from nncli.sweeps.definition import Definition
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.experimenting.running import Outcome
    from nncli.judging import Verdict
    from nncli.sweeps.space.about import About

#: Epochs at which a line is drawn.
POINTS = 160

#: Lines of one picture; more would be a thicket.
MOST_LINES = 20

#: Runs on a page: more make it slow to open.
MOST_RUNS = 1000


def experiments_of(store: ReportStore, sweeps: Iterable[int]) -> tuple[Experiment, ...]:
    """Return those of some sweeps that are experiments, judged anew, as a page shows them."""
    found = []
    for sweep in dict.fromkeys(sweeps):
        definition = Definition.of_stored(store.find_sweep(sweep).definition)
        if definition is not None and (about := definition.about) is not None:
            found.append(_experiment(store, sweep, about, _judged(store, sweep, about)))
    return tuple(found)


def page_of(outcomes: Sequence[Outcome], db: str | None) -> PageData:
    """Return the page of experiments that were run."""
    from nncli.report.page.gathering import curves_for_page, find_for_page
    from nncli.store.clock import utc_now, utc_text

    ran = [(each, each.sweep) for each in outcomes if each.sweep is not None]
    with ReportStore(database_name(db)) as store:
        experiments = tuple(
            _experiment(store, sweep, each.about, each.verdicts) for each, sweep in ran
        )
        query = Query(("run", "sweep"), of_sweeps=tuple(sweep for _, sweep in ran), limit=MOST_RUNS)
        found = find_for_page(store, query)
        runs = found.table
        filled = [n for n in runs.names if n == "run" or any(v is not None for v in runs[n])]
        curves = curves_for_page(store, list(runs["run"]), store.measured(query))
        notes = [Count.of(verdict for each, _ in ran for verdict in each.verdicts).text]
        if len(runs) < found.total:
            notes.append(f"the latest {len(runs):,} of {found.total:,} runs stand below")
        names = f"experiment {ran[0][0].experiment.name}" if len(ran) == 1 else "experiments"
        return PageData(
            title=f"nncli {names}",
            database=store.shown,
            runs=runs.pick(filled),
            curves=curves,
            created=utc_text(utc_now()),
            notes=tuple(notes),
            experiments=experiments,
        )


def _judged(store: ReportStore, sweep: int, about: About) -> Sequence[Verdict]:
    from nncli.judging import judge

    return judge(store, sweep, about.claims, quick=about.quick) if about.claims else ()


def _experiment(
    store: ReportStore, sweep: int, about: About, verdicts: Sequence[Verdict]
) -> Experiment:
    from nncli.report.compare.groups import group_runs

    query = Query(("run",), of_sweeps=(sweep,))
    metric = read_metric(about.metric) if about.metric else usual_metric(store.measured(query))
    fields = dict.fromkeys(("run", *about.by, metric.label, "status", "seed", "task"))
    runs = store.find(Query(tuple(fields), of_sweeps=(sweep,), sort="run")).table
    compared = group_runs(runs, about.by, metric) if len(runs) else None
    curves, left_out = curve_table(store, runs, about.by, metric)
    facts = [*_ids(about), plural(len(runs), "run"), f"sweep {sweep}"]
    if about.quick:
        facts.append("the quick form: fewer runs or epochs than the whole")
    return Experiment(
        title=about.title or f"sweep {sweep}",
        text=about.text,
        verdicts=verdict_rows(verdicts),
        curves=curves,
        groups=compared.table if compared else Table({}),
        metric=metric.label,
        facts=tuple(facts),
        notes=(*left_out, *(compared.notes if compared else ())),
    )


def _ids(about: About) -> Iterator[str]:
    if about.ids:
        yield f"on {', '.join(about.ids)}"
    if about.source:
        yield about.source


def verdict_rows(verdicts: Sequence[Verdict]) -> Table:
    """Return verdicts as the table of a page."""
    rows = []
    for each in verdicts:
        word = each.verdict
        if each.is_opposite:
            word = "refuted" if word == "refuted" else "supported, not as expected"
        elif word == "refuted":
            word = "refuted, as expected"
        ends = each.interval
        interval = f"{cell('low', ends[0])} to {cell('high', ends[1])}" if ends else None
        reason = "; ".join(part for part in (each.reason, each.claim.because) if part)
        n = each.n or None
        says = (each.claim.says, each.claim.in_short)
        rows.append((word, *says, each.estimate, interval, n, each.p_holm, each.test, reason))
    return Table.of_rows(VERDICTS, rows)


def curve_table(
    store: ReportStore, runs: Table, by: Sequence[str], metric: Metric
) -> tuple[Table, list[str]]:
    """Return the curves of groups of runs: mean, lowest and highest value at some epochs.

    And what is to be said of them. A value that is not finite is left out of the figures of its
    epoch. What has one value a run has no curve. Where groups differ in their data, each data set
    has a picture: losses of different data have no scale in common.
    """
    if metric.name not in CURVE_METRICS or not len(runs):
        return Table.of_rows(CURVES, []), []
    several = "data" in by and len(set(runs["data"])) > 1
    named = [name for name in by if not (several and name == "data")]
    pictures: dict[str, dict[str, list[int]]] = {}
    for row in runs.records():
        label = ", ".join(f"{name} {cell(name, row[name])}" for name in named) or "all runs"
        lines = pictures.setdefault(cell("data", row["data"]) if several else "", {})
        lines.setdefault(label, []).append(row["run"])
    rows: list[tuple[Any, ...]] = []
    notes = ["lines are means over the runs of a group, bands go from the lowest to the highest"]
    for picture, lines in pictures.items():
        for label, ids in list(lines.items())[:MOST_LINES]:
            table = store.curves_of(ids, [metric.name])
            rows += (
                (picture, label, epoch, len(v), sum(v) / len(v), min(v), max(v))
                for epoch, v in _by_epoch(table, metric.name)
            )
        if len(lines) > MOST_LINES:
            of = f" of {picture}" if picture else ""
            notes.append(f"{MOST_LINES} of {len(lines)} groups{of} are drawn")
    return Table.of_rows(CURVES, rows), notes if rows else []


def _by_epoch(table: Table, name: str) -> Iterator[tuple[int, list[float]]]:
    """Yield some epochs, the first and last among them, with the finite values there."""
    found: dict[int, list[float]] = {}
    for epoch, value in zip(table["epoch"], table[name], strict=True):
        if value is not None and math.isfinite(value):
            found.setdefault(epoch, []).append(value)
    yield from ((epoch, found[epoch]) for epoch in some_of(sorted(found)))


def some_of(epochs: Sequence[int], most: int = POINTS) -> list[int]:
    """Return up to ``most`` epochs, half of them evenly spaced, half evenly in their logarithm."""
    if len(epochs) <= most:
        return list(epochs)
    last, half = len(epochs) - 1, most // 2
    places = {round(last * place / (half - 1)) for place in range(half)}
    places |= {round(last ** (place / (half - 1))) for place in range(half)}
    return [epochs[place] for place in sorted(places)]
