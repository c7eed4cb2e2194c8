"""Verdicts as a table, a row a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.judging.verdicts import Verdict

COLUMNS = (
    *("claim", "verdict", "expected", "of", "sweep", "value", "ours", "theirs", "estimate"),
    *("ci_low", "ci_high", "n", "p", "p_holm", "test", "reason", "because"),
)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return the table of verdicts; ``claim`` is the sentence, ``value`` what decides it."""
    return Table.of_rows(COLUMNS, [row_of(each) for each in verdicts])


def row_of(verdict: Verdict) -> tuple[Any, ...]:
    """Return the values of ``COLUMNS``."""
    low, high = verdict.interval or (None, None)
    claim = verdict.claim
    return (
        *(claim.says, verdict.verdict, claim.expected, claim.of, verdict.sweep, in_short(verdict)),
        *(verdict.ours, verdict.theirs, verdict.estimate, low, high),
        *(verdict.n, verdict.p, verdict.p_holm, verdict.test, verdict.reason, claim.because),
    )


def in_short(verdict: Verdict) -> str:
    """Return what decides a claim: ``train_error:min of hidden=4 below hidden=none``."""
    claim = verdict.claim
    at = f" at epoch {claim.epoch}" if claim.epoch is not None else ""
    of = f" of {claim.runs}" if claim.runs else ""
    other = claim.other if isinstance(claim.other, str) else f"{claim.other:g}"
    words = claim.comparison.replace("_", " ")
    margin = f" by {claim.by:g}" if claim.by else ""
    within = f" within {claim.within:g}" if claim.within else ""
    return f"{claim.value}{at}{of} {words} {other}{margin}{within}"
