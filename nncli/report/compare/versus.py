"""Groups against a reference, pair by pair: the difference, how sure it is, and that in one word.

How runs are paired stands in :mod:`~nncli.report.compare.pairing`, which test is taken and why in
:mod:`nncli.statistics.paired`. A run that diverged is a result, and the worst there is: leaving it
out would favour settings that diverge, and any number in its place would be invented. So in a pair
with one the difference is infinite, which ranks above all others, and the tests and the effect take
it as such; the mean difference and its interval, which have no meaning there, are of the other
pairs, and a note says so. Runs that failed, were interrupted or pruned say nothing about how good a
setting is: their pairs are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.errors import UsageError
from nncli.metrics import Metric
from nncli.report.compare.compared import Compared, described, finite
from nncli.report.compare.grouping import Key, keys_of, places_by_key
from nncli.report.compare.outcomes import outcomes_of
from nncli.report.compare.pairing import PAIRED_BY, Arm, Pairs, arms_of, pairs_of
from nncli.report.compare.reference import BEST, best_group, named_reference
from nncli.report.compare.versus_notes import notes_of
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.statistics.paired import Tested
    from nncli.statistics.resampling import Floats

COLUMNS = (
    *("pairs", "difference", "ci_low", "ci_high", "p", "p_holm", "effect", "test", "verdict"),
)

#: All that a comparison can say.
BETTER, WORSE, NO_DIFFERENCE, TOO_FEW = "better", "worse", "no difference shown", "too few seeds"
VERDICTS = (BETTER, WORSE, NO_DIFFERENCE, TOO_FEW)

_NOBODY = Arm({}, frozenset(), 0)


@dataclass(frozen=True)
class Versus:
    """One group against its reference; ``tested`` is None without a pair."""

    group: Key
    reference: Key
    pairs: Pairs
    repeated: int
    tested: Tested | None


def compare_groups(
    table: Table,
    by: Sequence[str],
    reference: Mapping[str, str] | str,
    metric: Metric,
    *,
    paired_by: Sequence[str] | None = None,
) -> Compared:
    """Compare every group of runs with a reference.

    With ``by`` act and opt, the reference ``{"act": "relu"}`` compares each (act, opt) with (relu,
    the same opt); ``{"act": "relu", "opt": "sgd"}`` and ``"best"`` compare all with one group.
    Within two groups runs are paired by ``paired_by``, which is the data set and the seed where
    nothing is said, as far as ``table`` has and ``by`` lacks them.

    A row a group that is no reference: ``difference`` is the mean of group minus reference, with
    the ends of a 95% BCa interval; ``p`` is two-sided, ``p_holm`` corrected for all rows;
    ``effect`` is the matched-pairs rank-biserial correlation, with the sign of the difference.
    ``verdict`` is better or worse where ``p_holm`` is at most 0.05; too few seeds where it could
    not have been so had all pairs had one sign; else no difference shown. What is not defined is
    None.

    Raises UsageError for a reference that no group has, and where nothing is left to compare.
    """
    if paired_by is None:
        paired_by = [name for name in PAIRED_BY if name in table.columns and name not in by]
    groups = places_by_key(keys_of(table, by))
    if not groups:
        raise UsageError("nothing to compare: no run matches; expected runs of at least two groups")
    fields = _fields(table, groups, by, reference, metric)
    arms = arms_of(table, groups, paired_by, metric)
    found = []
    for group in groups:
        partner = tuple(fields.get(name, value) for name, value in zip(by, group, strict=True))
        if partner != group:
            found.append(_versus(group, partner, arms))
    if not found:
        raise UsageError(
            f"nothing to compare: all runs are of {described(by, next(iter(groups)))}; expected "
            "at least two groups: choose other runs or another --by"
        )
    columns: dict[str, list[Any]] = {
        name: [each.group[index] for each in found] for index, name in enumerate(by)
    }
    columns |= _figures(found, metric)
    notes = notes_of(found, by, fields, paired_by, metric, chosen=reference == BEST)
    return Compared(Table(columns), notes)


def _fields(
    table: Table,
    groups: Mapping[Key, Sequence[int]],
    by: Sequence[str],
    reference: Mapping[str, str] | str,
    metric: Metric,
) -> dict[str, Any]:
    """Return the fields in which a reference differs from the groups, with their values."""
    if not isinstance(reference, str):
        return named_reference(list(groups), by, reference)
    if reference != BEST:
        raise UsageError(f"--vs {reference}: expected FIELD=VALUE or {BEST}")
    outcomes = outcomes_of(table, metric)
    best = best_group(groups, outcomes, table[metric.label], metric)
    return dict(zip(by, best, strict=True))


def _versus(group: Key, reference: Key, arms: Mapping[Key, Arm]) -> Versus:
    from nncli.statistics.paired import paired_test

    ours, theirs = arms[group], arms.get(reference, _NOBODY)
    pairs = pairs_of(ours, theirs)
    tested = paired_test(pairs.differences) if len(pairs) else None
    return Versus(group, reference, pairs, ours.repeated + theirs.repeated, tested)


def _figures(found: Sequence[Versus], metric: Metric) -> dict[str, list[Any]]:
    """Return the columns after those of the fields."""
    from nncli.statistics.multiplicity import holm, smallest_p

    tests = {each.group: each.tested for each in found if each.tested is not None}
    sizes = {each.group: len(each.pairs) for each in found}
    corrected = dict(zip(tests, holm([tested.p for tested in tests.values()]), strict=True))
    least = dict(zip(tests, holm([smallest_p(sizes[group]) for group in tests]), strict=True))
    rows: list[tuple[Any, ...]] = []
    for each in found:
        figures = (sizes[each.group], *_difference(each.pairs.measured))
        if (tested := each.tested) is None:
            rows.append((*figures, None, None, None, None, TOO_FEW))
            continue
        p_holm = corrected[each.group]
        side = _side(each.pairs, tested)
        verdict = _verdict(p_holm, least[each.group], better=(side > 0) == metric.larger_is_better)
        rows.append((*figures, tested.p, p_holm, tested.effect, tested.test, verdict))
    return dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))


def _difference(measured: Floats) -> tuple[float | None, float | None, float | None]:
    """Return the mean of differences, and the ends of its interval."""
    import numpy as np

    from nncli.statistics.intervals import mean_intervals

    if not len(measured):
        return None, None, None
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = mean_intervals(measured[None])
        return finite(measured.mean()), finite(low[0]), finite(high[0])


def _side(pairs: Pairs, tested: Tested) -> float:
    """Return a number with the sign of what was tested: the mean difference, or that of ranks."""
    from nncli.statistics.paired import PERMUTATION

    return float(pairs.differences.mean()) if tested.test == PERMUTATION else tested.effect


def _verdict(p_holm: float, least: float, *, better: bool) -> str:
    """Return what a comparison shows, given the corrected p-value and the least it could be."""
    from nncli.statistics.multiplicity import ALPHA

    if least > ALPHA:
        return TOO_FEW
    if p_holm > ALPHA:
        return NO_DIFFERENCE
    return BETTER if better else WORSE
