"""The curves of a page: a run's rows packed by column, and thinned to what can be seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nncli.report.page.packing import pack
from nncli.tables import Table

#: What every row of a curve has beside its metrics.
AXES = ("epoch", "updates", "seconds")

#: Values of all curves of a page; a value takes five to six bytes, so that these are 5 MB.
BUDGET = 900_000

#: Rows of one run: more than a screen has columns, and fewer than which never are kept.
MOST_ROWS, FEWEST_ROWS = 3000, 100


def pack_curves(curves: Table, *, budget: int = BUDGET) -> dict[str, Any]:
    """Return ``{"metrics", "runs"}``, with ``rows``, ``of``, axes and metrics for each run.

    ``of`` is how many rows there were before thinning.
    """
    metrics = [n for n in curves.names if n != "run" and n not in AXES and _measured(curves[n])]
    spans = list(_spans(curves["run"])) if len(curves) else []
    most = rows_a_run(len(spans), len(metrics), budget)
    packed = {}
    for run, start, stop in spans:
        columns = {name: curves[name][start:stop] for name in (*AXES, *metrics)}
        kept = thinned_rows([columns[name] for name in metrics], stop - start, most)
        if len(kept) < stop - start:
            columns = {name: [values[row] for row in kept] for name, values in columns.items()}
        packed[str(run)] = _pack_run(columns, len(kept), stop - start)
    return {"metrics": metrics, "runs": packed}


def rows_a_run(runs: int, metrics: int, budget: int = BUDGET) -> int:
    """Return how many rows each run may have, so that all keep within ``budget`` values."""
    share = budget // max(1, runs * (metrics + 1))
    return max(FEWEST_ROWS, min(MOST_ROWS, share))


def thinned_rows(metrics: Sequence[Sequence[Any]], rows: int, most: int) -> Sequence[int]:
    """Return the places of about ``most`` rows, or fewer, that show the shape of every metric.

    Each stretch keeps the lowest and highest value of every metric and the first that is no
    number; the first and last row are kept.
    """
    if rows <= most or not metrics:
        return range(rows)
    stretches = max(1, most // (2 * len(metrics)))
    kept = {0, rows - 1}
    for part in range(stretches):
        start, stop = part * rows // stretches, (part + 1) * rows // stretches
        for values in metrics:
            kept.update(_extremes(values, start, stop))
    return sorted(kept)


def _extremes(values: Sequence[Any], start: int, stop: int) -> Iterator[int]:
    places = [p for p in range(start, stop) if values[p] is not None]
    finite = [p for p in places if math.isfinite(values[p])]
    if finite:
        yield min(finite, key=values.__getitem__)
        yield max(finite, key=values.__getitem__)
    if len(finite) < len(places):
        yield next(p for p in places if not math.isfinite(values[p]))


def _pack_run(columns: Mapping[str, Sequence[Any]], rows: int, of: int) -> dict[str, Any]:
    packed: dict[str, Any] = {"rows": rows}
    if of != rows:
        packed["of"] = of
    for name, values in columns.items():
        if name in AXES or _measured(values):
            packed[name] = pack(values, short=True)
    return packed


def _measured(values: Sequence[Any]) -> bool:
    return any(value is not None for value in values)


def _spans(runs: Sequence[Any]) -> Iterator[tuple[Any, int, int]]:
    """Yield each run with the rows it has, which stand together."""
    start = 0
    for place in range(1, len(runs) + 1):
        if place == len(runs) or runs[place] != runs[start]:
            yield runs[start], start, place
            start = place
