"""Verdicts: the claims of an experiment are one family, and their tests are corrected together.

An experiment that makes ten claims has ten chances to be right by accident. Holm's correction keeps
the chance that any verdict of the family is an accident below 5%, whatever test stands behind it;
so a claim that would be shown alone may be undecided among others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nncli.claims.declaration import REFUTED, SUPPORTED, TRENDS, UNDECIDED, Claim
from nncli.claims.figures import BINOMIAL, Figures, bound_of, is_number
from nncli.claims.samples import Sample
from nncli.claims.testing import figures_of


@dataclass(frozen=True)
class Judged:
    """What a claim came to: one of ``VERDICTS``, its figures, and why in words."""

    verdict: str
    figures: Figures
    p_holm: float | None
    reason: str


def judge_samples(claims: Sequence[Claim], samples: Sequence[Sample]) -> list[Judged]:
    """Return what each claim of an experiment comes to on its sample."""
    from nncli.statistics.multiplicity import holm

    figures = [figures_of(claim, sample) for claim, sample in zip(claims, samples, strict=True)]
    tested = [place for place, each in enumerate(figures) if each.p is not None]
    corrected = dict(zip(tested, holm([figures[p].p or 0.0 for p in tested]), strict=True))
    least = dict(zip(tested, holm([figures[p].least for p in tested]), strict=True))
    return [
        _judged(claim, sample, each, corrected.get(place), least.get(place, 0.0), len(tested))
        for place, (claim, sample, each) in enumerate(zip(claims, samples, figures, strict=True))
    ]


def _judged(
    claim: Claim,
    sample: Sample,
    figures: Figures,
    p_holm: float | None,
    least: float,
    family: int,
) -> Judged:
    from nncli.statistics.multiplicity import ALPHA

    decided = figures.side != 0 and (p_holm is None or p_holm <= ALPHA)
    if sample.missing or not figures.n:
        verdict, why = UNDECIDED, sample.missing or "nothing was measured"
    elif decided:
        verdict = SUPPORTED if figures.side > 0 else REFUTED
        why = _why(claim, figures)
    else:
        verdict, why = UNDECIDED, _why_not(claim, figures, least, family)
    reason = "; ".join((why, *figures.notes, *sample.notes))
    return Judged(verdict, figures, p_holm, reason)


def _why(claim: Claim, figures: Figures) -> str:
    """Say in how many units it is as claimed."""
    n, holds = figures.n, figures.holds
    if figures.p is None:
        held = "so it is" if figures.side > 0 else "so it is not"
        return f"{held}, and chance plays no part"
    if claim.comparison == "equals":
        where = "within" if figures.side > 0 else "outside"
        return f"the mean lies {where} {claim.within:g} of it"
    return f"so in {holds} of {n} {_units(claim, n)}"


def _why_not(claim: Claim, figures: Figures, least: float, family: int) -> str:
    """Say why neither side is shown, and what would help."""
    from nncli.statistics.means import FEWEST
    from nncli.statistics.multiplicity import ALPHA, pairs_needed

    n, units = figures.n, _units(claim, figures.n)
    if figures.p is None and figures.unknown:
        return f"{figures.unknown} of {n} {units} have no value"
    if figures.p is None:
        return f"{figures.holds} of {n} {units} are as claimed: chance does play a part"
    among = f" among {family} claims" if family > 1 else ""
    if figures.test == BINOMIAL and (most := _too_few_to_hold(claim, n)):
        return f"too few seeds: {n}, of which all would have to hold; at least {most} are needed"
    if least > ALPHA:
        many = FEWEST if n < FEWEST and is_number(claim) else pairs_needed(family)
        return f"too few seeds: {n} {units}; at least {many} are needed{among}"
    if figures.p <= ALPHA and figures.side:
        side = "as claimed" if figures.side > 0 else "against it"
        return f"{side} if it stood alone, not after Holm's correction{among}: more seeds"
    if claim.comparison == "equals":
        return f"the interval is neither within {claim.within:g} of it nor outside it: more seeds"
    if figures.holds == n:
        return (
            f"as claimed in {n} of {n} {units}, but too unevenly to be sure of the mean: more seeds"
        )
    return f"no difference shown: as claimed in {figures.holds} of {n} {units}"


def _too_few_to_hold(claim: Claim, n: int) -> int:
    """Return how many runs are needed if not even all of ``n`` show a share; 0 if they do."""
    from nncli.statistics.shares import needed

    if claim.comparison == "equals":
        return 0
    bound = bound_of(claim)
    most = needed(bound if claim.sign > 0 else 1 - bound)
    return most if n < most else 0


def _units(claim: Claim, n: int) -> str:
    word = "seed" if is_number(claim) or claim.comparison in TRENDS else "pair"
    return word if n == 1 else f"{word}s"
