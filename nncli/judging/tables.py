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
        *(claim.says, verdict.verdict, claim.expected, claim.of, verdict.sweep, claim.in_short),
        *(verdict.ours, verdict.theirs, verdict.estimate, low, high),
        *(verdict.n, verdict.p, verdict.p_holm, verdict.test, verdict.reason, claim.because),
    )
