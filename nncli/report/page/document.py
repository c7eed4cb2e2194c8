"""The page itself: shell, styles, program and data joined into one HTML text."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from nncli.metrics import usual_metric
from nncli.report.page.curves import pack_curves
from nncli.report.page.data import Experiment, PageData, Section
from nncli.report.page.embedding import policy, script_json
from nncli.report.page.fields import group_of
from nncli.report.page.markdown import blocks_of
from nncli.report.page.packing import pack_table
from nncli.tables import Table

#: The files of ``parts`` in the order in which they stand in the page.
STYLES = (
    "tones.css",
    "layout.css",
    "controls.css",
    "table.css",
    "plot.css",
    "detail.css",
    "experiments.css",
    "print.css",
)
EARLY = "early.js"
SCRIPTS = (
    *("elements.js", "numbers.js", "unpacking.js", "runs.js", "conditions.js", "themes.js"),
    *("columns.js", "run_table.js", "statistics.js", "series.js", "scales.js", "plot.js"),
    *(
        "hover.js",
        "charts.js",
        "tables.js",
        "pictures.js",
        "matrices.js",
        "planes.js",
        "sections.js",
        "experiments.js",
        "detail.js",
    ),
)
LIVE, START = "live.js", "start.js"

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def page(data: PageData, *, live: bool = False) -> str:
    """Return the page as one HTML text without any outside address.

    A ``live`` page asks the server that it came from for runs and curves.
    """
    style = _parts(STYLES)
    early, program = _parts((EARLY,)), _parts((*SCRIPTS, *((LIVE,) if live else ()), START))
    rules = policy([early, program], [style], connect="'self'" if live else "'none'")
    places = {
        "policy": html.escape(rules),
        "title": html.escape(data.title),
        "early": early,
        "style": style,
        "data": script_json(packed(data, live=live)),
        "program": program,
    }
    # In one pass: a text that looks like a place is not filled in.
    return _PLACE.sub(lambda found: places[found[1]], _parts(("shell.html",)))


def packed(data: PageData, *, live: bool = False) -> dict[str, Any]:
    """Return the data of a page as its program takes them."""
    return {
        "title": data.title,
        "database": data.database,
        "created": data.created,
        "notes": list(dict.fromkeys(data.notes)),
        "remarks": {name: list(dict.fromkeys(notes)) for name, notes in data.remarks.items()},
        "live": live,
        "metric": data.metric or usual_column(data.runs.names),
        "runs": pack_runs(data.runs),
        "curves": pack_curves(data.curves),
        "groups": pack_table(data.groups) if data.groups is not None else None,
        "comparison": pack_table(data.comparison) if data.comparison is not None else None,
        "sections": [_section(each) for each in data.sections],
        "experiments": [_experiment(each) for each in data.experiments],
    }


def pack_runs(runs: Table) -> dict[str, Any]:
    """Return the table of runs, with the heading under which each column stands."""
    packed_runs = pack_table(runs)
    for column in packed_runs["columns"]:
        column["group"] = group_of(column["name"])
    return packed_runs


def usual_column(names: tuple[str, ...]) -> str | None:
    """Return the column of the metric that a report shows where none was asked for."""
    bare = {name.removesuffix(":best") for name in names}
    label = usual_metric(bare).label
    return next((name for name in (label, label.removesuffix(":best")) if name in names), None)


def _section(section: Section) -> dict[str, Any]:
    tables = [
        {"title": title, **pack_table(table)} for title, table in _named(section.tables).items()
    ]
    return {
        "title": section.title,
        "notes": list(section.notes),
        "kind": section.kind,
        "tables": tables,
    }


def _experiment(experiment: Experiment) -> dict[str, Any]:
    return {
        "title": experiment.title,
        "facts": list(experiment.facts),
        "text": blocks_of(experiment.text),
        "verdicts": pack_table(experiment.verdicts),
        "curves": pack_table(experiment.curves),
        "groups": pack_table(experiment.groups),
        "metric": experiment.metric,
        "notes": list(dict.fromkeys(experiment.notes)),
    }


def _named(tables: Mapping[str, Table]) -> dict[str, Table]:
    return {str(title): table for title, table in tables.items()}


@lru_cache(maxsize=8)
def _parts(names: tuple[str, ...]) -> str:
    """Return files of ``parts``, one after the other."""
    folder = files("nncli.report.page") / "parts"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
