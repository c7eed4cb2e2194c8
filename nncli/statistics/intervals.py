"""Bootstrap intervals of means: bias-corrected and accelerated (BCa), of many samples at once.

``scipy.stats.bootstrap`` computes the same, one sample at a time or with draws that depend on which
samples stand together; with its import it takes several times what a whole report may. So the
resamples are shared by all samples of n values (see :mod:`~nncli.statistics.resampling`), and the
tests hold the result against SciPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from nncli.statistics.resampling import (
    DRAWS,
    MOST_ENUMERATED,
    Floats,
    all_resamples,
    drawn_resamples,
)

#: The probability with which an interval is meant to hold the mean.
LEVEL = 0.95

#: Above so many values an expansion is more precise than ``DRAWS`` draws, whose end points have a
#: standard error of 6% of the mean's.
MOST_DRAWN = 100

#: Skewness of the mean above which the expansion fails, as where one value outweighs all others,
#: and how many values are drawn from all the same: their counts take 32 MB.
MOST_SKEWED, MOST_DRAWN_IF_SKEWED = 0.8, 2000

#: Means of resamples at one time, which bounds memory: 16 MB.
_AT_ONCE = 2_000_000

#: Means of resamples closer than this, of values between -1 and 1, differ by rounding alone.
_EQUAL = 1e-12

_NORMAL = NormalDist()


def mean_intervals(samples: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the lower and upper ends (groups,) of BCa intervals of the means of ``samples``.

    ``samples`` (groups, n) holds finite values. The interval goes from the quantile a1 to the
    quantile a2 of the resampled means; with Phi the normal distribution function,

        a = Phi(z0 + (z0 + z) / (1 - acceleration (z0 + z)))       for z at (1 -+ level) / 2,
        z0 = Phi^-1(share of resampled means below the mean),      ties counted half,
        acceleration = sum u^3 / (6 (sum u^2)^(3/2)),              u = value - mean

    (Efron 1987, "Better bootstrap confidence intervals"; the acceleration is the jackknife's, which
    for a mean is the above). NaN where there is no interval: of one value, and of equal ones, whose
    resamples have no spread. The order of the values does not matter, nor does any other sample.
    """
    groups, n = samples.shape
    low, high = np.full(groups, np.nan), np.full(groups, np.nan)
    if n < 2:
        return low, high
    ordered = np.sort(samples, axis=1)
    center = ordered.mean(axis=1)
    deviations = ordered - center[:, None]
    scale = np.abs(deviations).max(axis=1)
    varied = np.flatnonzero((ordered[:, 0] < ordered[:, -1]) & np.isfinite(scale) & (scale > 0))
    at_once = max(1, _AT_ONCE // max(DRAWS, n))
    for start in range(0, len(varied), at_once):
        some = varied[start : start + at_once]
        scaled = deviations[some] / scale[some, None]
        ends = _ends(scaled, level)
        low[some], high[some] = (center[some] + scale[some] * end for end in ends)
    return low, high


def _ends(u: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of the intervals of samples (groups, n) with mean 0 and largest size 1."""
    squares = (u**2).sum(axis=1)
    acceleration = (u**3).sum(axis=1) / (6 * squares**1.5)
    if u.shape[1] <= MOST_ENUMERATED:
        return _by_all_resamples(u, acceleration, level)
    if u.shape[1] <= MOST_DRAWN:
        return _by_drawn_resamples(u, acceleration, level)
    low, high = _by_expansion(u, acceleration, level)
    skewed = np.abs(6 * acceleration) > MOST_SKEWED
    if skewed.any() and u.shape[1] <= MOST_DRAWN_IF_SKEWED:
        low[skewed], high[skewed] = _by_drawn_resamples(u[skewed], acceleration[skewed], level)
    # of more values that one outweighs: no mean of resamples lies outside the values
    return np.maximum(low, u.min(axis=1)), np.minimum(high, u.max(axis=1))


def _by_all_resamples(u: Floats, acceleration: Floats, level: float) -> tuple[Floats, Floats]:
    counts, probabilities = all_resamples(u.shape[1])
    means = u @ counts.T / u.shape[1]
    below = (means < -_EQUAL) @ probabilities / 2 + (means <= _EQUAL) @ probabilities / 2
    order = np.argsort(means, axis=1)
    means = np.take_along_axis(means, order, axis=1)
    cumulated = np.cumsum(probabilities[order], axis=1)
    low, high = _levels(below, acceleration, level)
    return _weighted_quantiles(means, cumulated, low), _weighted_quantiles(means, cumulated, high)


def _by_drawn_resamples(u: Floats, acceleration: Floats, level: float) -> tuple[Floats, Floats]:
    means = u @ drawn_resamples(u.shape[1]).T / u.shape[1]
    means.sort(axis=1)
    below = (means < -_EQUAL).mean(axis=1) / 2 + (means <= _EQUAL).mean(axis=1) / 2
    low, high = _levels(below, acceleration, level)
    return _quantiles(means, low), _quantiles(means, high)


def _by_expansion(u: Floats, acceleration: Floats, level: float) -> tuple[Floats, Floats]:
    n, squares = u.shape[1], (u**2).sum(axis=1)
    skewness, kurtosis = 6 * acceleration, (u**4).sum(axis=1) / squares**2 - 3 / n  # of the mean
    shares = _levels(0.5 + _NORMAL.pdf(0) * skewness / 6, acceleration, level)
    low, high = (cornish_fisher(_each(_NORMAL.inv_cdf, a), skewness, kurtosis) for a in shares)
    error = np.sqrt(squares) / n
    return low * error, high * error


def _levels(below: Floats, acceleration: Floats, level: float) -> tuple[Floats, Floats]:
    """Return a1 and a2 of :func:`mean_intervals`, given the share of means below the mean.

    ``1 - acceleration (z0 + z)`` is above zero: the sum of cubes is at most the power 3/2 of that
    of squares, so the acceleration is at most 1/6, and z0 + z stays below 6.
    """
    bias = _each(_NORMAL.inv_cdf, np.clip(below, 0.5 / DRAWS, 1 - 0.5 / DRAWS))
    ends = []
    for side in (-1, 1):
        z = bias + _NORMAL.inv_cdf((1 + side * level) / 2)
        ends.append(_each(_NORMAL.cdf, bias + z / (1 - acceleration * z)))
    return ends[0], ends[1]


def _quantiles(means: Floats, shares: Floats) -> Floats:
    """Return the quantile of each row of sorted means (groups, draws), between its neighbours."""
    places = shares * (means.shape[1] - 1)
    left = np.floor(places).astype(int)
    right = np.minimum(left + 1, means.shape[1] - 1)
    rows = np.arange(len(means))
    weight = places - left
    found: Floats = means[rows, left] * (1 - weight) + means[rows, right] * weight
    return found


def _weighted_quantiles(means: Floats, cumulated: Floats, shares: Floats) -> Floats:
    """Return the smallest mean of each row whose cumulated probability reaches the share."""
    places = (cumulated < shares[:, None] - _EQUAL).sum(axis=1)
    found: Floats = means[np.arange(len(means)), np.minimum(places, means.shape[1] - 1)]
    return found


def cornish_fisher(z: Floats, skewness: Floats, kurtosis: Floats) -> Floats:
    """Return quantiles of a nearly normal variable with mean 0 and variance 1.

    With ``z`` those of the normal distribution, the skewness s and the excess kurtosis k, which of
    a mean of n values are 1/sqrt(n) and 1/n of one value's,

        z + s (z^2 - 1) / 6 + k (z^3 - 3 z) / 24 - s^2 (2 z^3 - 5 z) / 36

    (Hall 1992, "The Bootstrap and Edgeworth Expansion", 2.5). What it leaves out is of the order of
    n^(-3/2). The distribution's value at 0 is 1/2 + pdf(0) s / 6, likewise.
    """
    found: Floats = (
        z
        + skewness * (z**2 - 1) / 6
        + kurtosis * (z**3 - 3 * z) / 24
        - skewness**2 * (2 * z**3 - 5 * z) / 36
    )
    return found


def _each(function: Callable[[float], float], values: Floats) -> Floats:
    """Return a function of the standard library at each value: SciPy's would cost its import."""
    return np.array([function(value) for value in values.tolist()])
