"""What the claims on a stored sweep come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.claims import Claim
from nncli.claims.declaration import UNDECIDED
from nncli.claims.judging import Judged, judge_samples
from nncli.claims.samples import Sample, no_sample
from nncli.judging.checking import check_claims
from nncli.judging.progress import what_is_missing
from nncli.judging.reading import Readings
from nncli.judging.sampling import sample_of

if TYPE_CHECKING:
    from nncli.store.finding import ReportStore

ONLY_FULL = "it is judged on the full runs, not on those of --quick"


@dataclass(frozen=True)
class Verdict:
    """A claim, and what it came to on a sweep.

    ``ours`` and ``theirs`` are the means of both sides, medians where a value is infinite;
    ``estimate`` is their difference, or the mean or correlation that is judged, with its 95%
    ``interval``. None is what does not exist. ``n`` counts units: seeds, or pairs of runs.
    """

    claim: Claim
    sweep: int
    verdict: str
    reason: str
    n: int
    ours: float | None = None
    theirs: float | None = None
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    p_holm: float | None = None
    test: str | None = None

    @property
    def is_opposite(self) -> bool:
        """Say whether it is decided, and otherwise than it is known to come out."""
        return self.verdict not in (UNDECIDED, self.claim.expected)

    def to_json(self) -> dict[str, Any]:
        """Return the columns of a verdict's table as JSON values, and the claim as ``declared``.

        JSON has no infinities: such a number is None, and ``nonfinite`` names it.
        """
        from nncli.judging.tables import COLUMNS, row_of

        values = dict(zip(COLUMNS, row_of(self), strict=True))
        values["of"] = list(self.claim.of)
        odd = {name: str(value) for name, value in values.items() if not _is_plain(value)}
        found = {name: None if name in odd else value for name, value in values.items()}
        found["declared"] = self.claim.to_json()
        return {**found, "nonfinite": odd} if odd else found


def judge(
    store: ReportStore,
    sweep_id: int,
    claims: Sequence[Claim],
    *,
    quick: bool = False,
    command: str = "",
) -> list[Verdict]:
    """Return what each of the claims of an experiment comes to on a stored sweep, in their order.

    ``quick`` says that the sweep is the short form of the experiment, and ``command`` goes on with
    one that is not done, where that is not ``nncli sweep``. Raises UsageError for a claim
    over a field that there is not, and StoreError for an unknown sweep.
    """
    check_claims(claims)
    missing = what_is_missing(store, store.find_sweep(sweep_id), command)
    judged = [claim for claim in claims if not (quick and claim.full)]
    readings = Readings(store, sweep_id, judged) if judged else None
    samples: list[Sample] = []
    for claim in claims:
        if quick and claim.full:
            samples.append(no_sample(ONLY_FULL))
            continue
        assert readings is not None
        samples.append(_completed(sample_of(claim, readings), missing))
    found = judge_samples(claims, samples)
    return [
        _verdict(claim, sweep_id, sample, each)
        for claim, sample, each in zip(claims, samples, found, strict=True)
    ]


def _completed(sample: Sample, missing: str) -> Sample:
    """Return a sample that cannot be decided on where the sweep lacks runs."""
    if not missing:
        return sample
    return Sample(sample.values, sample.ours, sample.theirs, missing, sample.notes)


def _verdict(claim: Claim, sweep_id: int, sample: Sample, judged: Judged) -> Verdict:
    figures = judged.figures
    low, high = figures.low, figures.high
    return Verdict(
        claim=claim,
        sweep=sweep_id,
        verdict=judged.verdict,
        reason=judged.reason,
        n=figures.n,
        ours=_defined(sample.ours),
        theirs=_defined(sample.theirs),
        estimate=_defined(figures.estimate),
        interval=None if low is None or high is None else (low, high),
        p=figures.p,
        p_holm=judged.p_holm,
        test=figures.test or None,
    )


def _defined(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _is_plain(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
