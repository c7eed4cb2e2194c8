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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nncli.claims.declaration import TRENDS, Claim
from nncli.claims.samples import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nncli.statistics.resampling import Floats

STUDENT, BINOMIAL = "Student's t", "exact binomial"
EQUIVALENCE, EQUIVALENCE_OF_SHARES = "two one-sided t", "two one-sided binomial"
SIGN = "sign"
NO_CHANCE = "none: no chance"


@dataclass(frozen=True)
class Figures:
    """What a sample shows of a claim, before others are known.

    ``estimate`` is the mean of the values (of trends, of their correlations; of values of which
    some are infinite the median, and of such differences nothing), from ``low`` to ``high`` its
    95% interval. ``p`` is two-sided; None is no test. ``least`` is the smallest that so many units
    could have. ``side`` is 1 where the sample lies on the claimed side, -1 where on the other;
    ``holds`` counts the units there, ``unknown`` those without a value.
    """

    n: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    least: float = 0.0
    side: int = 0
    holds: int = 0
    unknown: int = 0
    test: str = ""
    notes: tuple[str, ...] = ()


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
    if _is_binary(claim, values):
        return _share(claim, values, figures)
    if claim.comparison == "equals":
        return _equality(claim, oriented, figures)
    return _direction(claim, oriented, figures)


def bound_of(claim: Claim) -> float:
    """Return the number that is claimed to lie on one side of the values: margin included."""
    number = float(claim.other) if is_number(claim) else 0.0
    return number + claim.sign * claim.by


def is_number(claim: Claim) -> bool:
    """Say whether the values are compared with a number."""
    return not isinstance(claim.other, str)


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
    if len(known) and _is_binary(claim, values):
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


def _is_binary(claim: Claim, values: Floats) -> bool:
    """Say whether a share is compared with a number, each unit being one trial of it."""
    import numpy as np

    binary = bool(((values == 0) | (values == 1) | np.isnan(values)).all())
    return claim.measured.is_share and is_number(claim) and binary


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
        return Figures(p=tested.p, least=smallest_p(n), side=_sign(tested.effect), test=tested.test)
    side = _sign(float(oriented.mean()))
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
    p = max(tested.p, of_mean) if _sign(tested.effect) == side else 1.0
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


def _share(claim: Claim, values: Floats, figures: Figures) -> Figures:
    """Test how often a condition holds, against a number.

    Where it is not known of some units, they may hold or not: the largest p-value counts, and none
    where that would change sides.
    """
    import numpy as np

    n, successes, unknown = len(values), int(np.nansum(values)), int(np.isnan(values).sum())
    tested = _share_equals if claim.comparison == "equals" else _share_beyond
    ways = [tested(claim, successes + more, n) for more in range(unknown + 1)]
    found = max(ways, key=lambda way: way.p or 0.0)
    if len({way.side for way in ways}) > 1:
        found = replace(found, p=1.0, side=0)
    return replace(figures, p=found.p, least=found.least, side=found.side, test=found.test)


def _share_beyond(claim: Claim, successes: int, n: int) -> Figures:
    """Test whether a share lies on the claimed side of a number."""
    from nncli.statistics.shares import share_test

    bound = bound_of(claim)
    least = min(share_test(0, n, bound), share_test(n, n, bound))
    side = _sign(successes / n - bound) * claim.sign
    return Figures(p=share_test(successes, n, bound), least=least, side=side, test=BINOMIAL)


def _share_equals(claim: Claim, successes: int, n: int) -> Figures:
    """Test whether a share lies within the tolerance, or outside it."""
    from nncli.statistics.shares import equivalence_of_shares

    low, high = bound_of(claim) - claim.within, bound_of(claim) + claim.within
    ways = [equivalence_of_shares(k, n, low, high) for k in range(n + 1)]
    side = 1 if low <= successes / n <= high else -1
    return Figures(p=ways[successes], least=min(ways), side=side, test=EQUIVALENCE_OF_SHARES)


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
        p = _equal_shares(abs(apart[0]), n, within) if claim.measured.is_share else smallest_p(n)
        notes = (*figures.notes, *_all_equal(n))
        return replace(figures, p=p, least=p, side=side, test=SIGN, notes=notes)
    least = 0.0 if n >= FEWEST else 1.0
    p = max(equivalence_test(apart, within), least)
    return replace(figures, p=p, least=least, side=side, test=EQUIVALENCE)


def _equal_shares(apart: float, n: int, within: float) -> float:
    """Return the p-value of ``n`` differences of conditions that are all ``apart`` from 0."""
    from nncli.statistics.shares import equals_test

    if apart > within:
        return equals_test(apart, n, within, -1.0)
    return max(equals_test(apart, n, end * within, end) for end in (-1.0, 1.0))


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


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
