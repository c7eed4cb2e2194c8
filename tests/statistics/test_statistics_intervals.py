"""BCa intervals of means against SciPy, against all resamples counted out, and against truth."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from nncli.statistics import intervals
from nncli.statistics.intervals import cornish_fisher, mean_intervals
from nncli.statistics.resampling import DRAWS, all_resamples, drawn_resamples

NORMAL = NormalDist()


def lognormal(n: int, seed: int = 0) -> np.ndarray:
    """A skewed sample: bias and acceleration are not zero."""
    return np.random.default_rng(seed).lognormal(size=n)


def interval(sample: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    low, high = mean_intervals(np.asarray(sample, dtype=float)[None], level)
    return float(low[0]), float(high[0])


def counted_out(sample: list[Fraction], level: float) -> tuple[Fraction, Fraction]:
    """The formula on all n^n resamples, in exact arithmetic but for the normal distribution."""
    n = len(sample)
    mean = sum(sample) / n
    means = sorted(sum(each) / n for each in itertools.product(sample, repeat=n))
    below = sum(m < mean for m in means) / len(means) + sum(m == mean for m in means) / (
        2 * len(means)
    )
    u = [float(value - mean) for value in sample]
    acceleration = sum(x**3 for x in u) / (6 * sum(x**2 for x in u) ** 1.5)
    bias = NORMAL.inv_cdf(below)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        z = bias + NORMAL.inv_cdf(share)
        wanted = NORMAL.cdf(bias + z / (1 - acceleration * z))
        ends.append(means[math.ceil(wanted * len(means)) - 1])
    return ends[0], ends[1]


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
@pytest.mark.parametrize(
    "sample",
    [[1, 5], [0, 1, 7], [1, 2, 4, 9], [3, 1, 4, 1, 5], [2, 2, 2, 2, 9], [1, 2, 3, 4, 6, 9]],
)
def test_few_values_are_resampled_in_all_ways(sample: list[int], level: float) -> None:
    expected = counted_out([Fraction(each) for each in sample], level)
    # the quantile is one of the resampled means, so only rounding tells them apart
    assert interval(np.array(sample), level) == pytest.approx(
        [float(e) for e in expected], rel=1e-12
    )


def test_the_resamples_are_all_there_are() -> None:
    for n in range(2, 7):
        counts, probabilities = all_resamples(n)
        assert len(counts) == math.comb(2 * n - 1, n)
        assert (counts.sum(axis=1) == n).all()
        assert len({tuple(row) for row in counts.tolist()}) == len(counts)
        assert probabilities.sum() == pytest.approx(1, abs=1e-12)  # a sum of rounded quotients
    counts, probabilities = all_resamples(3)
    drawn = dict(zip(map(tuple, counts.astype(int).tolist()), probabilities, strict=True))
    assert drawn[1, 1, 1] == pytest.approx(6 / 27)
    assert drawn[2, 0, 1] == pytest.approx(3 / 27)
    assert drawn[0, 3, 0] == pytest.approx(1 / 27)


@pytest.mark.parametrize("n", [7, 12, 60, 100])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_drawn_resamples_give_what_scipy_makes_of_them(n: int, level: float) -> None:
    sample = np.sort(lognormal(n))
    drawn = SimpleNamespace(bootstrap_distribution=drawn_resamples(n) @ sample / n)
    expected = stats.bootstrap(
        (sample,),
        np.mean,
        method="BCa",
        confidence_level=level,
        n_resamples=0,
        bootstrap_result=drawn,
    ).confidence_interval
    # the same numbers, summed in another order
    assert interval(sample, level) == pytest.approx(tuple(expected), rel=1e-11)


@pytest.mark.parametrize("n", [7, 30, 100, 101, 400])
def test_the_interval_is_that_of_scipy_s_own_draws(n: int) -> None:
    sample = lognormal(n, seed=n)
    expected = stats.bootstrap(
        (sample,), np.mean, method="BCa", n_resamples=20_000, batch=2_000, rng=1
    ).confidence_interval
    error = sample.std() / math.sqrt(n)
    # an end drawn 2,000 times is off by 0.06 standard errors (normal quantile), more on the
    # long side; 5 of those
    assert interval(sample) == pytest.approx(tuple(expected), abs=0.3 * error)


def test_the_expansion_meets_the_draws_where_it_takes_over() -> None:
    """On both sides of the border the ends agree with many draws, far better than 2,000 do."""
    rng = np.random.default_rng(5)
    for sample in (rng.standard_exponential(101), rng.normal(size=101), rng.lognormal(size=300)):
        means = [rng.choice(sample, (4_000, len(sample))).mean(axis=1) for _ in range(15)]
        expected = stats.bootstrap(
            (sample,),
            np.mean,
            method="BCa",
            n_resamples=0,
            bootstrap_result=SimpleNamespace(bootstrap_distribution=np.concatenate(means)),
        ).confidence_interval
        error = sample.std() / math.sqrt(len(sample))
        # 60,000 draws are off by 0.011 standard errors; 4 of those, and the terms left out
        assert interval(sample) == pytest.approx(tuple(expected), abs=0.06 * error)


@pytest.mark.parametrize(("freedom", "error"), [(50, 2e-3), (800, 5e-5)])
def test_the_expansion_of_a_known_distribution(freedom: int, error: float) -> None:
    """Chi-squared has skewness sqrt(8 / n) and excess kurtosis 12 / n."""
    shares = np.array([0.005, 0.025, 0.16, 0.5, 0.84, 0.975, 0.995])
    exact = (stats.chi2.ppf(shares, freedom) - freedom) / math.sqrt(2 * freedom)
    s, k = np.array(math.sqrt(8 / freedom)), np.array(12 / freedom)
    found = cornish_fisher(stats.norm.ppf(shares), s, k)
    # the first term left out is of the order n^(-3/2): 0.003 and 4e-5; without the last two that
    # are kept the ends are off by 0.05 and 0.003
    assert found == pytest.approx(exact, abs=error)


@pytest.mark.parametrize("n", [101, 10_000])
def test_a_large_normal_sample_has_the_interval_of_the_textbook(n: int) -> None:
    sample = np.array([NORMAL.inv_cdf((i + 0.5) / n) for i in range(n)])
    half = 1.959964 * sample.std() / math.sqrt(n)
    # the excess kurtosis of such a sample of 101 is -0.3 in place of 0, which is 1e-4 of the end
    assert interval(sample) == pytest.approx((-half, half), rel=3e-4)


def test_other_samples_and_the_order_do_not_matter() -> None:
    for n in (4, 9, 150):
        samples = np.random.default_rng(n).lognormal(size=(50, n))
        low, high = mean_intervals(samples)
        shuffled = np.random.default_rng(1).permuted(samples, axis=1)
        for row in (0, 17, 49):
            # products of matrices of another shape may add up in another order
            assert interval(shuffled[row]) == pytest.approx((low[row], high[row]), rel=1e-12)


def test_the_same_again_to_the_bit() -> None:
    samples = np.random.default_rng(3).normal(size=(40, 20))
    first = mean_intervals(samples)
    drawn_resamples.cache_clear()
    assert np.array_equal(first, mean_intervals(samples))


@pytest.mark.parametrize("n", [3, 10, 200])
def test_it_moves_and_stretches_with_the_values(n: int) -> None:
    sample = lognormal(n, seed=2)
    low, high = interval(sample)
    assert interval(100 + 3 * sample) == pytest.approx((100 + 3 * low, 100 + 3 * high), rel=1e-10)
    # mirrored: quantiles of drawn means are between neighbours, so not mirrored to the last digit
    mirrored = interval(-sample)
    assert mirrored == pytest.approx((-high, -low), abs=0.1 * (high - low))


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e300])
def test_extreme_sizes_keep_their_digits(scale: float) -> None:
    for n in (4, 20, 150):
        sample = lognormal(n)
        low, high = interval(sample)
        assert interval(sample * scale) == pytest.approx((low * scale, high * scale), rel=1e-9)


def test_no_interval_of_one_value_or_of_equal_ones() -> None:
    for sample in ([1.0], [0.1, 0.1, 0.1], [0.3] * 20, [7.0] * 500):
        assert np.isnan(interval(np.array(sample))).all()
    low, _ = mean_intervals(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 4.0]]))
    assert np.isnan(low[0])
    assert np.isfinite(low[1])
    assert mean_intervals(np.empty((3, 0)))[0].shape == (3,)


def test_blocks_of_samples_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(3).normal(size=(25, 8))
    whole = mean_intervals(samples)
    monkeypatch.setattr(intervals, "_AT_ONCE", 4 * DRAWS)
    assert np.allclose(whole, mean_intervals(samples), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("n", "share"), [(3, 0.72), (5, 0.84), (10, 0.90), (30, 0.935)])
def test_how_often_the_interval_holds_the_mean(n: int, share: float) -> None:
    """What the notes of a report say of intervals of few values is what is measured."""
    low, high = mean_intervals(np.random.default_rng(11).normal(size=(3_000, n)))
    found = ((low <= 0) & (high >= 0)).mean()
    assert found == pytest.approx(share, abs=0.03)  # 3 standard errors of a share of 3,000


@pytest.mark.parametrize("n", [150, 5000])
def test_one_value_that_outweighs_all_others(n: int) -> None:
    """An expansion around the normal distribution would leave the range of the values."""
    values = np.r_[np.arange(n - 1) * 1e-6, 1000.0]
    (low,), (high,) = mean_intervals(values[None])
    assert values.min() <= low < values.mean() < high <= values.max()
    if n == 150:
        found = stats.bootstrap((values,), np.mean, n_resamples=9999, rng=1).confidence_interval
        # both ends are multiples of 1000/150 that draws of different size move by one
        assert abs(high - found.high) <= 2 * 1000 / n
        assert low == pytest.approx(found.low, abs=1e-3)
