"""What claims measure of runs, read for all runs of a sweep at once: one question a sort of term.

A run that diverged has the worst value of every metric: infinite, on the bad side. What it has
measured before is that of a shorter run, and would flatter it. Its network has no number of linear
regions: NaN, which is against every claim. Other fields, the statistics of its layers, and what it
took to a target that it had reached, are as they are stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.claims import Claim
from nncli.claims.declaration import DRAWN
from nncli.claims.values import FieldTerm, LayerTerm, PiecesTerm, Term, TimeTerm
from nncli.judging.checking import fields_of
from nncli.metrics import CURVE_METRICS, TEST_METRICS
from nncli.report.compare.targets import COSTS, decisive_rows, read_target, times_to_target
from nncli.store.finding.fields import check_field
from nncli.store.finding.query import Query
from nncli.store.records import WHOLE
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

#: Statuses of runs that have a result; a divergence is one.
RESULTS = (*WHOLE, "diverged")

#: Runs whose curves are in memory at a time.
AT_ONCE = 2000

_ALWAYS = ("run", "status", *DRAWN)
_METRICS = (*CURVE_METRICS, *TEST_METRICS)


@dataclass(frozen=True)
class Lack:
    """Why a run has no value: what it lacks, in words that follow ``every run``."""

    reason: str


class Readings:
    """The runs of a sweep, and what some claims measure of them."""

    def __init__(self, store: ReportStore, sweep_id: int, claims: Iterable[Claim]) -> None:
        self._store = store
        self._sweep = sweep_id
        fields = dict.fromkeys(_ALWAYS)
        for claim in claims:
            fields |= dict.fromkeys(fields_of(claim))
            named = claim.measured.of_kind(FieldTerm).values()
            fields |= dict.fromkeys(term.name for term in named if isinstance(term, FieldTerm))
        query = Query(tuple(fields), of_sweeps=(sweep_id,), sort="run")
        self.runs = store.find(query).table
        self._places = {run: place for place, run in enumerate(self.runs["run"])}
        self._layers: dict[int | None, dict[int, list[Mapping[str, Any]]]] = {}
        self._times: dict[str, Table] = {}

    def matching(self, condition: str | None) -> list[int]:
        """Return the places of the runs for which a condition holds; of all without one."""
        if condition is None:
            return list(range(len(self.runs)))
        query = Query(("run",), where=condition, of_sweeps=(self._sweep,), sort="run")
        found = self._store.find(query).table["run"]
        return [self._places[run] for run in found if run in self._places]

    def values(self, claim: Claim, places: Sequence[int]) -> list[float | Lack]:
        """Return the value of each of some runs, by their places, or what it lacks."""
        terms = claim.measured.terms
        columns = {name: self._term(term, claim, places) for name, term in terms.items()}
        found: list[float | Lack] = []
        for row in zip(*columns.values(), strict=True):
            lacks = [each for each in row if isinstance(each, Lack)]
            known = dict(zip(columns, row, strict=True))
            found.append(lacks[0] if lacks else claim.measured.of(known))
        return found

    def _term(self, term: Term, claim: Claim, places: Sequence[int]) -> list[Any]:
        match term:
            case FieldTerm():
                return [self._field(term.name, place) for place in places]
            case LayerTerm():
                return [self._layer(term, claim.epoch, place) for place in places]
            case TimeTerm():
                return [self._time(term, place) for place in places]
            case PiecesTerm():
                return self._pieces(term, places)

    def _field(self, name: str, place: int) -> Any:
        value = self.runs[name][place]
        field = check_field(name)
        metric = name.replace("-", "_").partition(":")[0].removeprefix("best_")
        is_number = field.kind in ("number", "whole", "mixed")
        if metric in _METRICS:
            diverged = self.runs["status"][place] == "diverged"
            if diverged or (value is not None and not math.isfinite(value)):
                return -math.inf if metric.endswith("_accuracy") else math.inf
        if value is None and is_number:
            watched = field.source == "layer_stats"
            return Lack(_NOT_WATCHED if watched else f"has no {name}")
        return value

    def _layer(self, term: LayerTerm, epoch: int | None, place: int) -> Any:
        if epoch not in self._layers:
            self._layers[epoch] = self._layers_at(epoch)
        rows = self._layers[epoch].get(self.runs["run"][place])
        if not rows:
            if epoch is None or not self._is_watched(place):
                return Lack(_NOT_WATCHED)
            return Lack(f"has logged nothing of its layers at epoch {epoch}")
        if not -len(rows) <= term.layer <= len(rows):
            return Lack(f"has no layer {term.layer}, but {len(rows)}")
        value = rows[term.layer - (term.layer > 0)][term.statistic]
        return Lack(f"has no {term.statistic} of layer {term.layer}") if value is None else value

    def _layers_at(self, epoch: int | None) -> dict[int, list[Mapping[str, Any]]]:
        """Return the statistics of all layers by run, in the order of the layers."""
        table = self._store.layer_stats_at(Query((), of_sweeps=(self._sweep,)), epoch)
        found: dict[int, list[Mapping[str, Any]]] = {}
        for row in table.records():
            found.setdefault(row["run"], []).append(row)
        return found

    def _is_watched(self, place: int) -> bool:
        if None not in self._layers:
            self._layers[None] = self._layers_at(None)
        return self.runs["run"][place] in self._layers[None]

    def _time(self, term: TimeTerm, place: int) -> float | Lack:
        if term.target not in self._times:
            self._times[term.target] = self._timed(term.target)
        timed = self._times[term.target]
        reached = timed["reached"][place]
        if reached is None:
            return Lack(f"has no {read_target(term.target).metric.name}")
        return float(timed[COSTS[term.cost][1]][place]) if reached else math.inf

    def _timed(self, text: str) -> Table:
        target = read_target(text)
        ids, names = list(self.runs["run"]), [target.metric.name]
        pages = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)] or [[]]
        curves = [decisive_rows(self._store.curves_of(page, names), target) for page in pages]
        return times_to_target(self.runs, Table.joined(curves), target).table

    def _pieces(self, term: PiecesTerm, places: Sequence[int]) -> list[Any]:
        from nncli.judging.regions import regions_of

        ids = [self.runs["run"][place] for place in places]
        statuses = [self.runs["status"][place] for place in places]
        # The weights that a diverged run keeps are those of an epoch before: of a shorter run.
        ended = [run for run, status in zip(ids, statuses, strict=True) if status != "diverged"]
        count: Callable[..., Mapping[int, Any]] = regions_of
        found = count(self._store, ended, of_rows=term.of_rows)
        counted = [found.get(run, math.nan) for run in ids]
        return [Lack(each) if isinstance(each, str) else each for each in counted]


_NOT_WATCHED = "was not watched: set diagnose = true, and run it again"
