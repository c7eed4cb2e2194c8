"""How much a result depends on the learning rate, for each group of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import UsageError
from nncli.metrics import Metric
from nncli.report.compare.compared import Compared, shown
from nncli.report.compare.grouping import Key, keys_of, places_by_key
from nncli.report.compare.groups import group_runs
from nncli.tables import Table

RATE = "lr"


@dataclass(frozen=True)
class Sensitivity:
    """``curve`` has a row a group and rate, as :func:`~nncli.report.compare.groups.group_runs`:
    ``mean`` against the rate with the band from ``ci_low`` to ``ci_high``. ``summary`` has a row a
    group, see :func:`rate_sensitivity`.
    """

    curve: Compared
    summary: Compared


def rate_sensitivity(
    table: Table, by: Sequence[str], metric: Metric, rate: str = RATE
) -> Sensitivity:
    """Return the metric against the learning rate for each group of the fields ``by``.

    Columns of the summary: ``by``, the number of ``rates``, the ``best_rate`` with its ``mean``,
    and the neighbouring rates from ``low_rate`` to ``high_rate``, ``decades`` = log10(high / low)
    apart, whose means lie within the best rate's interval or beyond its good end: between them it
    hardly matters which is taken. They are None where the best rate has no interval. Rates at which
    no run ended well are counted in ``failed_rates``; they end such a stretch.

    Raises UsageError for a rate that is not positive.
    """
    others = [name for name in by if name != rate]
    rates = keys_of(table, [rate])
    wrong = next((r for (r,) in rates if r is not None and not _is_rate(r)), None)
    if wrong is not None:
        raise UsageError(f"{rate} is {wrong!r}: expected a positive number to compare rates by")
    kept = [place for place, (r,) in enumerate(rates) if r is not None]
    curve = group_runs(table.take(kept), (*others, rate), metric)
    if len(kept) < len(rates):
        lacking = f"{len(rates) - len(kept)} of {len(rates)} runs have no {rate}, and are left out"
        curve = Compared(curve.table, (*curve.notes, lacking))
    groups = {
        key: curve.table.take(places)
        for key, places in places_by_key(keys_of(curve.table, others)).items()
    }
    rows = [(*key, *_summary(group, metric, rate)) for key, group in groups.items()]
    names = (
        *(*others, "rates", "failed_rates", "best_rate", "mean"),
        *("low_rate", "high_rate", "decades"),
    )
    summary = Table.of_rows(names, rows)
    tried = [list(group[rate]) for group in groups.values()]
    return Sensitivity(curve, Compared(summary, _notes(list(groups), summary, tried, metric)))


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


def _summary(curve: Table, metric: Metric, rate: str) -> tuple[Any, ...]:
    """Return the row of one group, whose rates come in order."""
    rates, means = list(curve[rate]), list(curve["mean"])
    good = [place for place, mean in enumerate(means) if mean is not None]
    counts = (len(rates), len(rates) - len(good))
    if not good:
        return (*counts, None, None, None, None, None)
    sign = -1 if metric.larger_is_better else 1
    best = min(good, key=lambda place: sign * means[place])
    worse_end = curve["ci_low" if metric.larger_is_better else "ci_high"][best]
    if worse_end is None:
        return (*counts, rates[best], means[best], None, None, None)

    def as_good(place: int) -> bool:
        return means[place] is not None and sign * means[place] <= sign * worse_end

    low = high = best
    while low > 0 and as_good(low - 1):
        low -= 1
    while high + 1 < len(rates) and as_good(high + 1):
        high += 1
    decades = math.log10(rates[high] / rates[low])
    return (*counts, rates[best], means[best], rates[low], rates[high], decades)


def _notes(
    keys: Sequence[Key], summary: Table, tried: Sequence[Sequence[float]], metric: Metric
) -> tuple[str, ...]:
    """Return what is to be known of the summary: by what a rate is best, and where it may not be.

    ``tried`` are the rates of each group, in their order.
    """
    notes = [f"the best rate is that of the best mean of {metric.label}"]
    few = sum(len(rates) < 3 for rates in tried)
    if few:
        notes.append(f"fewer than three rates tried in {few} of {len(tried)} groups")
    for word, beyond, end in (("lowest", "lower", 0), ("highest", "higher", -1)):
        best = zip(keys, tried, summary["best_rate"], strict=True)
        at_end = [key for key, rates, rate in best if len(rates) > 1 and rate == rates[end]]
        if at_end:
            named = "; ".join(", ".join(map(shown, key)) for key in at_end if key)
            whose = f" of {named}" if named else ""
            notes.append(f"the best rate{whose} is the {word} that was tried: try {beyond}")
    return tuple(notes)
