"""Tests of paired differences: is their distribution symmetric about zero?

Pairs are runs with the same seed, so with the same split of the data and, where the networks agree,
the same first weights; what the seed does to both cancels in their difference.

Which test is decided by the number of pairs alone, never by what the data show.

- Up to ``FEW`` pairs: the exact sign-flip permutation test. Under the null hypothesis each
  difference could as well have had the other sign, so all 2^n ways to set the signs are counted.
  It assumes neither a normal distribution nor a large sample, and tests the mean that is shown.
- More pairs: Wilcoxon's signed-rank test. The ways grow as 2^n, a sample of them would bring chance
  into the report, and with ranks a few outlying runs do not decide.

A difference may be infinite, where one run of the pair has diverged: it is then larger than all
finite ones. A mean of such does not exist, so the sign-flip test takes their signed ranks instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nncli.statistics.resampling import Floats

#: Up to so many pairs all 2^n ways to set the signs are counted, 4,096 at 12.
FEW = 12

#: Differences are rounded at this digit of the larger value, so that 0.9 - 0.8 ties 0.8 - 0.7.
DIGITS = 12

PERMUTATION = "exact permutation"
RANK_PERMUTATION = "exact permutation of ranks"
WILCOXON = "Wilcoxon"


@dataclass(frozen=True)
class Tested:
    """The outcome of a test; ``effect`` is the matched-pairs rank-biserial correlation."""

    p: float
    effect: float
    test: str


def paired_test(differences: Floats) -> Tested:
    """Test the differences (pairs,) of one or more pairs, two-sided, by the rule of this module."""
    ranks = signed_ranks(differences)
    effect = rank_biserial(ranks)
    if len(differences) > FEW:
        return Tested(_wilcoxon(ranks), effect, WILCOXON)
    finite = bool(np.isfinite(differences).all())
    p = _sign_flips(differences if finite else ranks)
    return Tested(p, effect, PERMUTATION if finite else RANK_PERMUTATION)


def rounded_differences(ours: Floats, theirs: Floats) -> Floats:
    """Return ``ours - theirs`` (n,) without the digits that are rounding; NaN where either is.

    Two equal infinities, runs that both diverged, are a tie.
    """
    pairs = zip(ours.tolist(), theirs.tolist(), strict=True)
    return np.array([_rounded_difference(a, b) for a, b in pairs], dtype=float)


def _rounded_difference(a: float, b: float) -> float:
    if a == b:
        return 0.0
    larger = max(abs(a), abs(b))
    if not math.isfinite(a - b) or larger < math.ulp(0.0) * 10**DIGITS:
        return a - b
    return round(a - b, DIGITS - math.ceil(math.log10(larger)))


def signed_ranks(differences: Floats) -> Floats:
    """Return the rank (pairs,) of each difference by its size, with its sign; 0 for a tie.

    Ties between pairs have their mean rank, and differences of zero none (Wilcoxon 1945,
    "Individual comparisons by ranking methods").
    """
    from scipy.stats import rankdata

    ranks = np.zeros(len(differences))
    differ = differences != 0
    ranks[differ] = rankdata(np.abs(differences[differ])) * np.sign(differences[differ])
    return ranks


def rank_biserial(ranks: Floats) -> float:
    """Return the share of rank sum for one side minus that for the other, from -1 to 1.

        r = (sum of positive ranks - sum of negative ranks) / (sum of all)

    the matched-pairs rank-biserial correlation (Kerby 2014, "The simple difference formula").
    Unlike a standardized mean it exists where all differences are equal, and where a run has
    diverged. 0 where all pairs are tied.
    """
    whole = float(np.abs(ranks).sum())
    return float(ranks.sum()) / whole if whole else 0.0


def _sign_flips(differences: Floats) -> float:
    """Return the share of the 2^n ways to set the signs whose sum is as far from 0 as the real."""
    from scipy.stats import permutation_test

    if not differences.any():
        return 1.0
    if len(differences) == 1:
        return 1.0  # both signs are as far from zero; SciPy asks for two observations
    found = permutation_test(
        (differences,),
        lambda values, axis: values.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**FEW,  # no fewer than the ways there are: all are counted, none drawn
    )
    return float(found.pvalue)


def _wilcoxon(ranks: Floats) -> float:
    """Return Wilcoxon's p-value: exact up to 50 pairs without ties, else by a normal one."""
    from scipy.stats import wilcoxon

    if not ranks.any():
        return 1.0
    return float(wilcoxon(ranks[ranks != 0]).pvalue)
