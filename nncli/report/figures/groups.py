"""Groups on paper: the mean of a metric with its interval, a line a group, and the best run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nncli.report.compare.compared import shown
from nncli.report.figures.paper import COLUMN, GREY, Drawn, color, legend, mark, panel, words
from nncli.report.pictures.axes import Axis
from nncli.report.text import plural
from nncli.tables import Table

#: Inches of a group, and of what is above and below all of them.
ROW, REST = 0.21, 0.55

#: Groups that fit on a page.
MOST_GROUPS = 40


def group_intervals(
    table: Table,
    by: Sequence[str],
    label: str,
    *,
    width: float = COLUMN,
    height: float | None = None,
) -> Drawn:
    """Return the figure of a table as :func:`~nncli.report.compare.groups.group_runs` gives it.

    The groups stand in the order of the table. At the right: how many runs a mean is of, and how
    many failed.
    """
    from matplotlib.lines import Line2D

    count = min(len(table), MOST_GROUPS)
    kept = table.take(range(count))
    figure, axes = panel(width, height, REST + ROW * count)
    paint = color(0)
    ends: list[float] = []
    for row, record in enumerate(kept.records()):
        mean, low, high = record["mean"], record["ci_low"], record["ci_high"]
        known = [v for v in (mean, low, high, record["best"]) if _finite(v)]
        ends += known
        if _finite(low) and _finite(high):
            axes.plot([low, high], [row, row], color=paint, linewidth=1.6, solid_capstyle="butt")
        if _finite(mean):
            axes.plot([mean], [row], "o", color=paint, markersize=4)
        if _finite(record["best"]):
            axes.plot(
                [record["best"]], [row], "D", color=color(1), markersize=3, fillstyle="none",
                markeredgewidth=0.8,
            )  # fmt: skip
        counts = f"{record['n']}" + (f" ({record['failed']} failed)" if record["failed"] else "")
        axes.annotate(
            counts, (1.0, row), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", va="center", color=GREY,
        )  # fmt: skip
    axes.annotate(
        "runs", (1.0, 1.0), xycoords="axes fraction", xytext=(4, 2),
        textcoords="offset points", va="bottom", color=GREY,
    )  # fmt: skip
    axes.set_ylim(count - 0.5, -0.5)
    names = [", ".join(shown(value) for value in key) for key in kept.pick(by).rows()]
    axes.set_yticks(range(count), [words(name, 30) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel(", ".join(by))
    if ends:
        mark(axes, "x", Axis.of(ends), 4 if max(map(len, names)) < 14 else 3)
    axes.set_xlabel(label)
    entries = [
        (Line2D([], [], color=paint, marker="o", markersize=4), "mean, 95% interval"),
        (
            Line2D([], [], color=color(1), marker="D", markersize=3, fillstyle="none",
                   linestyle="", markeredgewidth=0.8),
            "best run",
        ),
    ]  # fmt: skip
    legend(figure, entries)
    notes = []
    if len(table) > count:
        notes.append(f"the first {count} of {len(table)} groups are drawn")
    if empty := sum(not n for n in kept["n"]):
        notes.append(f"no run with a value of {label} in {plural(empty, 'group')}")
    return Drawn(figure, tuple(notes))


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
