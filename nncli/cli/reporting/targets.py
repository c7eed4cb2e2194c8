"""The views of ``nncli report`` for optimizers: times to a target, profiles, sensitivity to lr."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncli.cli.reporting.groups import OF_METRIC, runs_of_groups
from nncli.cli.reporting.request import LISTED, Request
from nncli.cli.reporting.runs import find_runs, metric_of, no_view
from nncli.cli.reporting.view import Canvas, Figure, View
from nncli.errors import UsageError
from nncli.metrics import Metric
from nncli.report.cells import cell
from nncli.report.formats import DATA
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.report.compare.compared import Compared
    from nncli.report.compare.targets import Target
    from nncli.store.finding import ReportStore

#: Runs whose curves are in memory at a time.
AT_ONCE = 2000

#: Columns of the sensitivity that go where there is no room, the highest first.
SENSITIVITY_RANKS = {"decades": 1, "rates": 2, "low_rate": 3, "high_rate": 3, "failed_rates": 4}

#: Lines of the picture of a profile or of the sensitivity.
HEIGHT = 16

#: What ``--x`` says of the cost in a profile.
COSTS = {None: "updates", "epoch": "epochs", "updates": "updates", "seconds": "seconds"}


def target_view(store: ReportStore, request: Request) -> View:
    """Return what it takes to reach a target: ``--target``; a row a run, or a group."""
    from nncli.report.compare.grouping import keys_of
    from nncli.report.compare.reaching import group_times, setting_shares
    from nncli.report.compare.targets import read_target

    assert request.target is not None
    target = read_target(request.target)
    found = _timed(store, request, target)
    if found is None:
        return no_view("targets", store, request)
    timed, varied = found
    about = {"target": target.label, "by": list(request.by)}
    if not request.by:
        return _times_of_runs(timed, varied, request, target)
    groups = group_times(timed.table, request.by, target)
    shown, cut = _soonest(groups.table, request)
    settings = [name for name in varied if name not in (*request.by, "seed", "data")]
    tables, notes = {"targets": shown}, (*cut, *groups.notes, *timed.notes)
    captions = {}
    if settings:
        shares = setting_shares(timed.table, request.by, settings, target)
        kept = set(keys_of(shown, request.by))
        keys = keys_of(shares.table, request.by)
        tables["settings"] = shares.table.take([p for p, key in enumerate(keys) if key in kept])
        captions["settings"] = "settings that were tried, and how many of them get there:"
        notes = (*notes, *shares.notes)
    return View(
        tables,
        title=f"to {target.label} by {', '.join(request.by)}, medians over the runs",
        captions=captions,
        notes=notes,
        ranks={"targets": {"updates": 1, "seconds": 2}},
        about=about,
    )


def _soonest(groups: Table, request: Request) -> tuple[Table, list[str]]:
    """Return all groups in their order, or as many of the soonest as are asked for."""
    most = request.best or request.limit
    if most is None or most >= len(groups):
        return groups, []
    medians = zip(groups["epochs"], groups["updates"], groups["reached"], groups["n"], strict=True)
    ranks = [
        (math.inf if epochs is None else epochs, updates or 0, -reached / n)
        for epochs, updates, reached, n in medians
    ]
    order = sorted(range(len(groups)), key=lambda place: ranks[place])
    return groups.take(order[:most]), [f"the {most} soonest of {len(groups)} groups"]


def _times_of_runs(
    timed: Compared, varied: Sequence[str], request: Request, target: Target
) -> View:
    """Return the runs, the soonest first."""
    table = timed.table
    costs = ("epochs_to_target", "updates_to_target", "seconds_to_target")
    table = table.pick(dict.fromkeys(("run", "status", *varied, "reached", *costs)))
    epochs = table["epochs_to_target"]
    order = sorted(range(len(table)), key=lambda place: (epochs[place] is None, epochs[place]))
    most = request.best or request.limit
    if most is None and not request.every and not request.runs and request.form not in DATA:
        most = LISTED
    notes = list(timed.notes)
    if most is not None and most < len(order):
        notes.insert(0, f"the {most} soonest of {len(order):,} runs; --limit all shows more")
    return View(
        {"targets": table.take(order[:most])},
        title=f"to {target.label}",
        notes=notes,
        ranks={
            "targets": {
                **{name: place for place, name in enumerate(reversed(varied), 1)},
                **{"reached": 61, "status": 62, "seconds_to_target": 63},
                "updates_to_target": 64,
            }
        },
        about={"target": target.label, "total": len(table)},
    )


def _timed(
    store: ReportStore, request: Request, target: Target
) -> tuple[Compared, tuple[str, ...]] | None:
    """Return all runs with their times to the target, and the options in which they differ."""
    from nncli.report.columns import choose, wanted
    from nncli.report.compare.targets import decisive_rows, times_to_target

    fields = tuple(dict.fromkeys((*wanted(target.metric), *request.by)))
    runs = find_runs(store, request.of_all, fields, target.metric, None).table
    if not len(runs):
        return None
    varied = choose(runs, target.metric, extras=False).varied
    ids, names = list(runs["run"]), [target.metric.name]
    curves = Table.joined(
        [
            decisive_rows(store.curves_of(ids[start : start + AT_ONCE], names), target)
            for start in range(0, len(ids), AT_ONCE)
        ]
    )
    return times_to_target(runs, curves, target), varied


def profile_view(store: ReportStore, request: Request) -> View:
    """Return performance profiles of groups over the data sets: ``--profile``."""
    from nncli.report.compare.profile import performance_profiles
    from nncli.report.compare.targets import read_target

    assert request.target is not None
    if not request.by:
        raise UsageError("--profile compares groups over data sets: add --by, such as --by opt")
    target = read_target(request.target)
    found = _timed(store, request, target)
    if found is None:
        return no_view("profile", store, request)
    timed, varied = found
    settings = tuple(name for name in varied if name not in (*request.by, "seed", "data"))
    cost = COSTS[request.x]
    profiles = performance_profiles(timed.table, request.by, cost, settings=settings)
    by = request.by

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.lines import Line
        from nncli.report.pictures.words import wrapped

        lines = []
        for name, places in _groups(profiles.curve, by).items():
            x, y = ([profiles.curve[c][p] for p in places] for c in ("tau", "share"))
            lines.append(Line(name, *_stepped(x, y)))
        head = f"share of problems (up) solved within tau times the least {cost} (right)"
        return [*_drawn(lines, canvas, log_x=False), *wrapped(head, canvas.width)]

    tables = {"profile": profiles.scores.table, "profile_curve": profiles.curve}
    if request.form in DATA:
        tables["profile_costs"] = profiles.costs
    return View(
        tables,
        title=f"performance profiles to {target.label} by {', '.join(by)}",
        notes=(*profiles.scores.notes, *timed.notes),
        about={"target": target.label, "by": list(by), "cost": cost},
        draw=draw,
        drawn=("profile_curve",),
        figure=Figure("profile", (profiles.curve, by, cost)),
    )


def sensitivity_view(store: ReportStore, request: Request) -> View:
    """Return the metric against the learning rate, with a band: ``--sensitivity``."""
    from nncli.report.compare.sensitivity import rate_sensitivity

    metric = metric_of(store, request.of_all)
    runs = runs_of_groups(store, request, metric, ("lr",))
    if not len(runs):
        return no_view("sensitivity", store, request)
    found = rate_sensitivity(runs, request.by, metric)
    by = tuple(name for name in request.by if name != "lr")
    curve = found.curve.table

    def draw(canvas: Canvas) -> list[str]:
        from nncli.report.pictures.lines import Line
        from nncli.report.pictures.words import wrapped

        lines = []
        for name, places in _groups(curve, by, metric).items():
            kept = [place for place in places if curve["mean"][place] is not None]
            x, y = ([curve[c][p] for p in kept] for c in ("lr", "mean"))
            low = [_or(curve["ci_low"][p], curve["mean"][p]) for p in kept]
            high = [_or(curve["ci_high"][p], curve["mean"][p]) for p in kept]
            if kept:
                lines.append(Line(name, x, y, low=low, high=high))
        head = f"{metric.label} (up) against lr (right, logarithmic); dimmed: its 95% interval"
        return [*_drawn(lines, canvas, log_x=True), *wrapped(head, canvas.width)]

    return View(
        {"sensitivity": found.summary.table, "sensitivity_curve": curve},
        title=f"{metric.label} against the learning rate" + (f" by {', '.join(by)}" if by else ""),
        notes=tuple(dict.fromkeys((*found.summary.notes, *found.curve.notes))),
        measures=dict.fromkeys(OF_METRIC, metric.name),
        ranks={"sensitivity": SENSITIVITY_RANKS},
        about={"metric": metric.label, "by": list(by)},
        draw=draw,
        drawn=("sensitivity_curve",),
        figure=Figure("sensitivity", (curve, by, metric.label)),
    )


def _groups(table: Table, by: Sequence[str], metric: Metric | None = None) -> dict[str, list[int]]:
    """Return the places of the rows of each group, by the group in words."""
    found: dict[str, list[int]] = {}
    for place in range(len(table)):
        parts = [f"{name}={cell(name, table[name][place])}" for name in by]
        found.setdefault(", ".join(parts) or (metric.label if metric else "all"), []).append(place)
    return found


def _stepped(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return a staircase as the points of a line: flat up to each step."""
    xs, ys = list(x[:1]), list(y[:1])
    for place in range(1, len(x)):
        xs += [x[place], x[place]]
        ys += [y[place - 1], y[place]]
    return xs, ys


def _or(value: Any, other: float) -> float:
    return other if value is None else float(value)


def _drawn(lines: Sequence[Any], canvas: Canvas, *, log_x: bool) -> list[str]:
    from nncli.report.pictures.curves import draw_lines
    from nncli.report.pictures.looks import Look

    if not lines:
        return ["no group has a value to draw"]
    look = Look(canvas.width, HEIGHT, canvas.colored, canvas.unicode)
    return draw_lines(lines, look, log_x, log_y=False, whole=False)
