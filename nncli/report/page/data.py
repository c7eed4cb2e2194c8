"""What a page shows, as plain tables; it knows neither the database nor HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nncli.tables import Table

#: What the tables of a section may be drawn as, by columns of these names; tables without them, and
#: those of the kind ``table``, are shown as they are.
#: ``lines``: fields that name the line, x, ``n``, ``mean``, ``ci_low``, ``ci_high``;
#: ``steps``: fields that name the line, ``tau``, ``share``;
#: ``layers``: ``run``, ``epoch``, ``layer``, statistics;
#: ``heat_map``: two fields (y, x), ``n``, ``mean``; or x, y and a value alone;
#: ``confusion``: ``title``, ``true``, ``predicted``, ``count``;
#: ``boundary``: ``title``, two features, ``class``, and a second table alike of points;
#: ``points``: ``target``, ``true``, ``predicted``;
#: ``parallel``: ``run``, ``status``, fields, a metric.
#: ``title`` and ``target`` may be left out.
KINDS = (
    *("table", "lines", "steps", "layers", "heat_map", "confusion", "boundary", "points"),
    "parallel",
)


@dataclass(frozen=True)
class Section:
    """A further part of a page: tables by title, drawn as ``kind`` says where they fit it."""

    title: str
    notes: tuple[str, ...]
    tables: Mapping[str, Table]
    kind: str = "table"


#: The columns of an experiment's tables that the page knows; ``groups`` are as reports have them.
VERDICTS = (
    *("verdict", "claim", "measure", "estimate", "interval", "n", "p_holm", "test", "reason"),
)
CURVES = ("picture", "line", "epoch", "n", "mean", "low", "high")


@dataclass(frozen=True)
class Experiment:
    """An experiment: what it asks, what its runs show, and what became of its claims.

    ``text`` is Markdown. ``verdicts`` has the columns ``VERDICTS``, where ``measure`` says
    what decides a claim, ``interval`` is a text, and ``test`` the name of the test that ``p_holm``
    is of, after Holm's correction. ``curves`` has ``CURVES``: for each line and epoch the mean,
    lowest and highest value of ``metric`` over so many runs. A ``picture`` has axes of its own, and
    an empty name where it is the only one.
    """

    title: str
    text: str
    verdicts: Table
    curves: Table
    groups: Table
    metric: str
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageData:
    """All that one page holds.

    ``runs`` has a row a run, and any fields: the page chooses which to show first. It needs the
    column ``run``. ``curves`` is long: ``run``, ``epoch``, ``updates``, ``seconds`` and metrics, by
    run and epoch. ``metric`` is the column of ``runs`` that matters most, None for the usual one.
    ``created`` is UTC, as the store has times. ``notes`` stand at the head of the page, ``remarks``
    above the tables ``groups`` and ``comparison``. ``experiments`` stand before all runs.
    """

    title: str
    database: str
    runs: Table
    curves: Table
    groups: Table | None = None
    comparison: Table | None = None
    sections: tuple[Section, ...] = ()
    created: str = ""
    notes: tuple[str, ...] = ()
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metric: str | None = None
    experiments: tuple[Experiment, ...] = ()
