"""What a view of a report gives: tables, words, and perhaps a picture to draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nncli.metrics import Metric
from nncli.report.formats.document import Document
from nncli.tables import Table


@dataclass(frozen=True)
class Canvas:
    """Where pictures are drawn: how wide, and what the place can show."""

    width: int
    colored: bool
    unicode: bool


@dataclass(frozen=True)
class Figure:
    """A figure for a file, as :func:`nncli.report.figures.save` takes it."""

    kind: str
    content: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One thing that a report shows; see :class:`Document` for what the fields mean.

    ``draw`` gives the lines of a picture, which stands in place of the tables ``drawn`` for people.
    ``figure`` is what ``--plot`` draws, ``nothing`` says why there is nothing to show.
    """

    tables: Mapping[str, Table]
    title: str = ""
    notes: Sequence[str] = ()
    captions: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    best: Mapping[str, Mapping[str, Collection[int]]] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    records: Mapping[str, Callable[[], Iterable[Mapping[str, Any]]]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    lead: str = ""
    draw: Callable[[Canvas], list[str]] | None = None
    drawn: Collection[str] = ()
    figure: Figure | None = None
    nothing: str = ""


def document_of(views: Sequence[View]) -> Document:
    """Return all views as one document."""
    return Document(
        title="\n".join(view.title for view in views if view.title),
        notes=[note for view in views for note in view.notes],
        tables=_joined(view.tables for view in views),
        captions=_joined(view.captions for view in views),
        measures=_joined(view.measures for view in views),
        best=_joined(view.best for view in views),
        ranks=_joined(view.ranks for view in views),
        records=_joined(view.records for view in views),
        about=_joined(view.about for view in views),
        lead=views[0].lead if views else "",
    )


def _joined(parts: Any) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def best_places(table: Table, metric: Metric, columns: Sequence[str]) -> dict[str, list[int]]:
    """Return where in each column the best value of a metric stands; nothing of a single row."""
    found: dict[str, list[int]] = {}
    for name in columns if len(table) > 1 else ():
        values = [(v, p) for p, v in enumerate(table[name]) if v is not None and math.isfinite(v)]
        if values:
            top = (max if metric.larger_is_better else min)(value for value, _ in values)
            found[name] = [place for value, place in values if value == top]
    return found
