"""What must be said beside a comparison of groups: how runs were paired, and which were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nncli.metrics import Metric
from nncli.report.compare.compared import described, listed, narrowness
from nncli.report.text import plural

if TYPE_CHECKING:
    from nncli.report.compare.versus import Versus


def notes_of(
    found: Sequence[Versus],
    by: Sequence[str],
    reference: Mapping[str, Any],
    paired_by: Sequence[str],
    metric: Metric,
    *,
    chosen: bool,
) -> tuple[str, ...]:
    """Return the sentences that belong to these comparisons."""
    return (
        *_how(found, reference, paired_by, metric, chosen),
        *_too_few(found),
        *narrowness([len(each.pairs.measured) for each in found]),
        *_pairs_left_out(found, by),
        *_against_the_mean(found, by),
    )


def _how(
    found: Sequence[Versus],
    reference: Mapping[str, Any],
    paired_by: Sequence[str],
    metric: Metric,
    chosen: bool,
) -> list[str]:
    against = described(list(reference), list(reference.values()))
    by = " and ".join(paired_by) or "nothing: all runs of a group are one"
    tests = sum(each.tested is not None for each in found)
    corrected = f"; p_holm is corrected for {plural(tests, 'comparison')}" if tests > 1 else ""
    notes = [f"{metric.label} minus that of {against}, paired by {by}{corrected}"]
    if chosen:
        notes.append(
            f"{against} was chosen as the best by these same runs (the best median, with failed "
            "runs as worst): it looks better than it is, and so do its differences"
        )
    return notes


def _too_few(found: Sequence[Versus]) -> list[str]:
    from nncli.statistics.multiplicity import pairs_needed

    sizes = [len(each.pairs) for each in found if each.tested is not None]
    if not sizes or min(sizes) >= (needed := pairs_needed(len(sizes))):
        return []
    return [
        f"with {plural(len(sizes), 'comparison')} a difference, whatever its size, can be shown "
        f"from {needed} pairs on"
    ]


def _pairs_left_out(found: Sequence[Versus], by: Sequence[str]) -> list[str]:
    def groups(condition: Sequence[bool]) -> str:
        return listed([described(by, e.group) for e, c in zip(found, condition, strict=True) if c])

    notes = []
    alone = [each.tested is None for each in found]
    if any(alone):
        notes.append(f"no pair with the reference: {groups(alone)}")
    diverged = [each.pairs.diverged > 0 for each in found]
    if any(diverged):
        pairs = plural(sum(each.pairs.diverged for each in found), "pair")
        notes.append(
            f"{pairs} with a diverged run, which counts as worst in test and effect, and is not in "
            f"the difference: {groups(diverged)}"
        )
    missing = sum(each.pairs.missing for each in found)
    if missing:
        notes.append(
            f"{plural(missing, 'pair')} left out, since a run of them has not ended well or lacks "
            f"the metric: {groups([each.pairs.missing > 0 for each in found])}"
        )
    unmatched = [each.pairs.unmatched > 0 for each in found]
    if any(unmatched):
        count = sum(each.pairs.unmatched for each in found)
        notes.append(f"{plural(count, 'seed')} on one side only, left out: {groups(unmatched)}")
    repeated = [each.repeated > 0 for each in found]
    if any(repeated):
        notes.append(
            "several runs of one seed in a group: a pair holds the mean of them, also of runs that "
            f"differ in more: {groups(repeated)}"
        )
    return notes


def _against_the_mean(found: Sequence[Versus], by: Sequence[str]) -> list[str]:
    """Say where ranks and mean point to different sides, and it is not by chance."""
    from nncli.statistics.multiplicity import ALPHA

    opposed = [
        described(by, each.group)
        for each in found
        if each.tested is not None
        and each.tested.p <= ALPHA
        and len(each.pairs.measured)
        and each.pairs.measured.mean() * each.tested.effect < 0
    ]
    if not opposed:
        return []
    return [f"mean difference and effect, which is of ranks, differ in sign: {listed(opposed)}"]
