"""Means of a few values: Student's t interval, and the tests that go with it.

``scipy.special`` gives the distribution; it is loaded inside the functions, since ``scipy.stats``
and a report that needs neither cost more than all else here.
"""

from __future__ import annotations

import math

from nncli.statistics.intervals import LEVEL
from nncli.statistics.multiplicity import smallest_p
from nncli.statistics.resampling import Floats

#: Fewer values have an interval that says nothing: with two its half width is 12.7 errors.
FEWEST = 3


def student_interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return the ends of Student's t interval of the mean of ``values`` (n,), all finite.

        mean -+ t s / sqrt(n)       with t the quantile (1 + level) / 2 of n - 1 degrees of freedom

    (Student 1908, "The probable error of a mean"). NaN of one value, and of equal ones, which show
    no spread. It is exact for values that are normal; of few values it is wider than a bootstrap
    interval, which then holds the mean less often than it says.
    """
    error = standard_error(values)
    if not error > 0:
        return math.nan, math.nan
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * error
    mean = float(values.mean())
    return mean - half, mean + half


def standard_error(values: Floats) -> float:
    """Return the standard error of the mean of ``values`` (n,): NaN of one, 0 of equal ones."""
    if len(values) < 2:
        return math.nan
    if values.min() == values.max():  # whose mean may differ from them by rounding
        return 0.0
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def student_test(differences: Floats) -> float:
    """Return the two-sided p-value that ``differences`` (n,) are zero in the mean.

    It is at most 1 - level where the interval of that level leaves zero out. Where all are equal
    there is no spread to measure them by, and the sign test takes its place: 2^(1 - n).
    """
    error = standard_error(differences)
    if not error > 0:
        return smallest_p(len(differences)) if differences.any() else 1.0
    return min(1.0, 2 * _above(abs(float(differences.mean())) / error, len(differences)))


def equivalence_test(differences: Floats, within: float) -> float:
    """Return the p-value that the mean of ``differences`` (n,) is not where it is seen to be.

    Of a mean between ``-within`` and ``within`` it is twice the larger p-value of the two one-sided
    tests that it is not (Schuirmann 1987, "A comparison of the two one-sided tests procedure"), of
    one beyond them twice that of the test that it is not beyond. Either is at most 1 - level where
    the interval of that level lies wholly inside, or wholly outside. Equal differences are tested
    as by :func:`student_test`.
    """
    error = standard_error(differences)
    if not error > 0:
        return smallest_p(len(differences))
    distance = abs(within - abs(float(differences.mean())))
    return min(1.0, 2 * _above(distance / error, len(differences)))


def _above(t: float, n: int) -> float:
    """Return the probability that Student's t of ``n`` values is above ``t``."""
    from scipy.special import stdtr

    return float(stdtr(n - 1, -t))
