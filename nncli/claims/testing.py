"""The test of one claim on its sample: which it is, and its figures; other claims do not matter.

- Compared with runs: the tests of :mod:`nncli.statistics.paired` on the paired differences, less
  the margin, and Student's t; the larger p-value counts. The former assume no normal values, but
  that without an effect differences lie evenly about zero; the latter is on the mean, which is what
  is claimed and shown. Skewed differences deceive either alone.
- Compared with a number: Student's t. There is no pair to take a sign from, and a claim on the mean
  needs a scale. Of conditions, which hold or not, the exact binomial test instead.
- ``equals``: two one-sided t-tests (exact binomial ones of shares), so that the verdict is that of
  the 95% interval: inside the tolerance, outside it, or neither.
- Trends: the paired tests on Kendall's tau, one a unit.

Values that are all equal show no spread to measure a mean by: their sign is tested, which tells of
the typical run, and a note says how many runs may differ.

Where values are infinite there is no mean, and the signed ranks are tested, in which an infinity is
larger than all else. What has no value (NaN) counts against whatever is to be shown: against the
claim where it would be supported, for it where it would be refuted.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.claims.declaration import TRENDS, Claim
from nncli.claims.figures import (
    EQUIVALENCE,
    NO_CHANCE,
    SIGN,
    STUDENT,
    Figures,
    bound_of,
    is_number,
    sign,
)
from nncli.claims.samples import Sample
from nncli.claims.shares import equal_shares, is_binary, share_figures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nncli.statistics.resampling import Floats


def figures_of(claim: Claim, sample: Sample) -> Figures:
    """Return the figures of a claim, and its test."""
    import numpy as np

    if not len(sample.values):
        return Figures()
    with np.errstate(over="ignore", invalid="ignore"):  # of values up to 1.8e308
        return _figures(claim, sample.values)


def _figures(claim: Claim, values: Floats) -> Figures:
    import numpy as np

    oriented = _oriented(claim, values)
    holds = _on_claimed_side(claim, oriented)
    figures = replace(
        _described(claim, values),
        n=len(values),
        holds=int(holds.sum()),
        unknown=int(np.isnan(values).sum()),
    )
    if not claim.chance:
        return _without_chance(claim, oriented, holds, figures)
    if is_binary(claim, values):
        return share_figures(claim, values, figures)
    if claim.comparison == "equals":
        return _equality(claim, oriented, figures)
    return _direction(claim, oriented, figures)


def _oriented(claim: Claim, values: Floats) -> Floats:
    """Return how far each value lies on the claimed side; for ``equals``, above the number."""
    import numpy as np

    from nncli.statistics.paired import rounded_differences

    found: Floats = rounded_differences(values, np.full(len(values), bound_of(claim))) * claim.sign
    return found


def _on_claimed_side(claim: Claim, oriented: Floats) -> NDArray[np.bool_]:
    """Return which units are as claimed (units,); without chance a trend must hold throughout."""
    import numpy as np

    if claim.comparison == "equals":
        return np.abs(oriented) <= claim.within
    whole = claim.comparison in TRENDS and not claim.chance
    return oriented >= 1 if whole else oriented > 0


def _described(claim: Claim, values: Floats) -> Figures:
    """Return estimate and interval."""
    import numpy as np

    from nncli.statistics.means import student_interval
    from nncli.statistics.shares import exact_interval

    known = values[~np.isnan(values)]
    finite = known[np.isfinite(known)]
    notes = []
    if len(known) < len(values):
        notes.append(f"{len(values) - len(known)} of {len(values)} have no value")
    if len(known) and is_binary(claim, values):
        low, high = exact_interval(int(known.sum()), len(known))
        return Figures(estimate=float(known.mean()), low=low, high=high, notes=tuple(notes))
    if len(finite) < len(known):
        middle = float(np.median(known)) if is_number(claim) else None
        notes.append(
            f"{len(known) - len(finite)} of {len(known)} infinite (diverged, or not reached), "
            + ("which rank as such: no mean difference" if middle is None else "so the median")
        )
        return Figures(estimate=middle, notes=tuple(notes))
    if not len(finite):
        return Figures(notes=tuple(notes))
    with np.errstate(over="ignore", invalid="ignore"):
        ends = [_or_none(each) for each in student_interval(finite)]
        return Figures(estimate=float(finite.mean()), low=ends[0], high=ends[1], notes=tuple(notes))


def _without_chance(
    claim: Claim, oriented: Floats, holds: NDArray[np.bool_], figures: Figures
) -> Figures:
    import numpy as np

    known = not np.isnan(oriented).any()
    side = 1 if known and holds.all() else -1 if known and not holds.any() else 0
    return replace(figures, side=side, test=NO_CHANCE, low=None, high=None)


def _direction(claim: Claim, oriented: Floats, figures: Figures) -> Figures:
    """Test whether the oriented values are above zero."""
    import numpy as np

    lowest, highest = _ends(claim)
    worst = _tested(claim, np.where(np.isnan(oriented), lowest, oriented))
    if not np.isnan(oriented).any():
        found = worst
    else:
        best = _tested(claim, np.where(np.isnan(oriented), highest, oriented))
        found = worst if worst.side > 0 else best if best.side < 0 else replace(worst, p=1.0)
    return replace(
        figures,
        p=found.p,
        least=found.least,
        side=found.side,
        test=found.test,
        notes=(*figures.notes, *found.notes),
    )


def _ends(claim: Claim) -> tuple[float, float]:
    """Return the ends of what the oriented values can be: differences of conditions have some."""
    if claim.measured.is_share and not is_number(claim) and claim.comparison not in TRENDS:
        return -1 - claim.by, 1 - claim.by
    return -math.inf, math.inf


def _tested(claim: Claim, oriented: Floats) -> Figures:
    """Return the test of values without NaN."""
    import numpy as np

    from nncli.statistics.means import FEWEST, student_test
    from nncli.statistics.multiplicity import smallest_p
    from nncli.statistics.paired import paired_test
    from nncli.statistics.shares import equals_test

    n = len(oriented)
    if not np.isfinite(oriented).all():
        tested = paired_test(oriented)
        return Figures(p=tested.p, least=smallest_p(n), side=sign(tested.effect), test=tested.test)
    side = sign(float(oriented.mean()))
    if (oriented == oriented[0]).all() and (is_number(claim) or claim.by):
        lowest, highest = _ends(claim)
        least = smallest_p(n)
        if side and math.isfinite(lowest):
            least = equals_test(oriented[0], n, 0.0, lowest if side > 0 else highest)
        p = least if side else 1.0
        return Figures(p=p, least=least, side=side, test=SIGN, notes=_all_equal(n))
    of_mean = student_test(oriented)
    if _is_of_the_mean(claim):
        least = 0.0 if n >= FEWEST else 1.0
        return Figures(p=max(of_mean, least), least=least, side=side, test=STUDENT)
    tested = paired_test(oriented)
    p = max(tested.p, of_mean) if sign(tested.effect) == side else 1.0
    return Figures(p=p, least=smallest_p(n), side=side, test=f"{tested.test}, {STUDENT}")


def _all_equal(n: int) -> tuple[str, ...]:
    """Return the note on ``n`` values that are all equal."""
    from nncli.statistics.shares import exact_interval

    _, most = exact_interval(0, n)
    return (f"all are equal: it tells of the typical run, up to {most:.0%} may differ",)


def _is_of_the_mean(claim: Claim) -> bool:
    """Say whether the mean itself is tested, not whether values lie evenly about zero.

    Differences of conditions are -1, 0 and 1: less a margin, most of them lie on one side of zero
    while their mean, the difference of the shares, may be on the other.
    """
    return is_number(claim) or bool(claim.by and claim.measured.is_share)


def _equality(claim: Claim, apart: Floats, figures: Figures) -> Figures:
    """Test whether values lie within the tolerance, or outside it."""
    import numpy as np

    from nncli.statistics.means import FEWEST, equivalence_test
    from nncli.statistics.multiplicity import smallest_p

    n, within = len(apart), claim.within
    if not np.isfinite(apart).all():
        return _apart(apart, within, figures)
    side = 1 if abs(float(apart.mean())) <= within else -1
    if (apart == apart[0]).all():
        p = equal_shares(abs(apart[0]), n, within) if claim.measured.is_share else smallest_p(n)
        notes = (*figures.notes, *_all_equal(n))
        return replace(figures, p=p, least=p, side=side, test=SIGN, notes=notes)
    least = 0.0 if n >= FEWEST else 1.0
    p = max(equivalence_test(apart, within), least)
    return replace(figures, p=p, least=least, side=side, test=EQUIVALENCE)


def _apart(apart: Floats, within: float, figures: Figures) -> Figures:
    """Test whether values of which some are infinite lie beyond the tolerance, on either side."""
    import numpy as np

    from nncli.statistics.multiplicity import smallest_p
    from nncli.statistics.paired import paired_test

    sides = [
        paired_test(np.where(np.isnan(d), -np.inf, d)) for d in (apart - within, -apart - within)
    ]
    beyond = [tested.p for tested in sides if tested.effect > 0]
    p = min(1.0, 2 * min(beyond, default=1.0))
    least = min(1.0, 2 * smallest_p(len(apart)))
    side = -1 if beyond else 0
    return replace(figures, p=p, least=least, side=side, test=sides[0].test)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
