"""Batch Normalization alone: against the oracle, by differences, and its identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest

from nncli.kernels import normalization

Maker = Callable[[Callable[..., Any]], Any]

ROWS, UNITS = 7, 5
#: Where gamma and the running mean stand in ``theta``; beta and the variance are behind them.
GAMMA, RUNNING = 2, 20
EPS, MOMENTUM = 1e-2, 0.3


class Case:
    """All that the kernels take, filled at random."""

    def __init__(self, dtype: str, rows: int = ROWS, shift: float = 0.0) -> None:
        rng = np.random.default_rng(4)
        self.x = (rng.standard_normal((rows, UNITS)) * [1, 2, 0.1, 5, 1] + shift).astype(dtype)
        self.theta = rng.uniform(0.5, 2, 40).astype(dtype)
        self.normed = np.full_like(self.x, np.nan)
        self.y = np.full_like(self.x, np.nan)
        self.mean, self.inverse = (np.full(UNITS, np.nan, dtype) for _ in range(2))
        self.normal = np.array([MOMENTUM, EPS], dtype)

    def part(self, start: int, theta: Any = None) -> Any:
        """The array of the units that begins at ``theta[start]``."""
        return (self.theta if theta is None else theta)[start : start + UNITS]

    def run(self, kernel: Any, start: int = 0, stop: int = UNITS, into: Any = None) -> None:
        y = self.y if into is None else into
        kernel(
            *(self.x, self.normed, y, self.theta, GAMMA, RUNNING, self.mean, self.inverse),
            *(self.normal, start, stop),
        )

    def expected(self) -> tuple[Any, Any]:
        """The oracle's normalization by the batch, in float64."""
        theta = self.theta.astype("float64")
        return oracle.by_batch(
            self.x.astype("float64"),
            *(self.part(start, theta) for start in (GAMMA, GAMMA + UNITS)),
            tuple(self.part(start, theta) for start in (RUNNING, RUNNING + UNITS)),
            *(EPS, MOMENTUM),
        )


def tolerance(dtype: str) -> float:
    """A few dozen roundings of numbers below 20."""
    return 500 * float(np.finfo(dtype).eps)


@pytest.mark.parametrize("rows", [ROWS, 2, 1])
@pytest.mark.parametrize("ranges", [[(0, UNITS)], [(0, 2), (2, UNITS)]])
def test_by_the_batch(made: Maker, dtype: str, rows: int, ranges: list[tuple[int, int]]) -> None:
    case = Case(dtype, rows)
    before = case.theta.copy()
    found, running = case.expected()
    for start, stop in ranges:
        case.run(made(normalization.normalize_batch), start, stop)
    close = {"rtol": 0, "atol": tolerance(dtype)}
    np.testing.assert_allclose(case.y, found.y, **close)
    np.testing.assert_allclose(case.normed, found.n, **close)
    np.testing.assert_allclose(case.inverse, 1 / found.deviation, **close)
    np.testing.assert_allclose(case.part(RUNNING), running[0], **close)
    np.testing.assert_allclose(case.part(RUNNING + UNITS), running[1], **close)
    if rows == 1:  # of which the running statistics learn nothing
        np.testing.assert_array_equal(case.theta, before)
    changed = np.flatnonzero(case.theta != before)
    assert set(changed) <= set(range(RUNNING, RUNNING + 2 * UNITS))


def test_only_the_own_columns_are_written(made: Maker, dtype: str) -> None:
    case, whole = Case(dtype), Case(dtype)
    before = case.theta.copy()
    case.run(made(normalization.normalize_batch), 1, 3)
    whole.run(made(normalization.normalize_batch))
    others = [0, 3, 4]
    assert np.isnan(case.y[:, others]).all()
    assert np.isnan(case.normed[:, others]).all()
    assert np.isnan(case.mean[others]).all()
    for start in (RUNNING, RUNNING + UNITS):
        np.testing.assert_array_equal(case.part(start)[others], case.part(start, before)[others])
    # a column's sums do not depend on who else is summed
    np.testing.assert_array_equal(case.y[:, 1:3], whole.y[:, 1:3])


@pytest.mark.parametrize("name", ["normalize_batch", "normalize_running"])
def test_in_place(made: Maker, dtype: str, name: str) -> None:
    apart, same = Case(dtype), Case(dtype)
    apart.run(made(getattr(normalization, name)))
    same.run(made(getattr(normalization, name)), into=same.x)
    np.testing.assert_array_equal(same.x, apart.y)


@pytest.mark.parametrize("rows", [ROWS, 1])
def test_by_running_statistics(made: Maker, dtype: str, rows: int) -> None:
    case = Case(dtype, rows)
    before = case.theta.copy()
    case.run(made(normalization.normalize_running))
    gamma, beta, *running = (
        case.part(start).astype("float64")
        for start in (GAMMA, GAMMA + UNITS, RUNNING, RUNNING + UNITS)
    )
    expected = oracle.by_running(case.x.astype("float64"), gamma, beta, tuple(running), EPS)
    np.testing.assert_allclose(case.y, expected, rtol=0, atol=tolerance(dtype))
    np.testing.assert_array_equal(case.theta, before)
    assert np.isnan(case.normed).all()


def test_gamma_and_beta_of_the_batch_change_nothing(made: Maker, dtype: str) -> None:
    """With ``gamma = sqrt(D z + eps)`` and ``beta = E z`` it is the identity."""
    case = Case(dtype, shift=3.0)
    exact = case.x.astype("float64")
    case.part(GAMMA)[:] = np.sqrt(exact.var(axis=0) + EPS)
    case.part(GAMMA + UNITS)[:] = exact.mean(axis=0)
    case.run(made(normalization.normalize_batch))
    np.testing.assert_allclose(case.y, case.x, rtol=0, atol=tolerance(dtype))

    case.part(RUNNING)[:] = exact.mean(axis=0)
    case.part(RUNNING + UNITS)[:] = exact.var(axis=0)
    case.run(made(normalization.normalize_running))
    np.testing.assert_allclose(case.y, case.x, rtol=0, atol=tolerance(dtype))


def test_a_large_mean_leaves_the_deviation_right(made: Maker) -> None:
    """Squares of 1e4 + n less the square of the mean would have lost n in float32."""
    case = Case("float32", shift=1e4)
    case.run(made(normalization.normalize_batch))
    found, _ = case.expected()
    # the column of deviation 0.1 keeps one part in 100 of it: 1e4 is rounded by 5e-4 itself
    np.testing.assert_allclose(case.inverse, 1 / found.deviation, rtol=2e-2)


def test_backward(made: Maker, dtype: str) -> None:
    case = Case(dtype)
    found, _ = case.expected()
    case.run(made(normalization.normalize_batch))
    d = np.random.default_rng(5).standard_normal(case.x.shape).astype(dtype)
    d_x, d_gamma, d_beta = oracle.pullback(found, d.astype("float64"))
    d_theta = np.full_like(case.theta, np.nan)
    for start, stop in ((0, 2), (2, UNITS)):
        made(normalization.normalize_backward)(
            d, case.normed, case.theta, d_theta, GAMMA, case.inverse, start, stop
        )
    close = {"rtol": 0, "atol": 10 * tolerance(dtype)}  # divided by a deviation of 0.1
    np.testing.assert_allclose(d, d_x, **close)
    np.testing.assert_allclose(case.part(GAMMA, d_theta), d_gamma, **close)
    np.testing.assert_allclose(case.part(GAMMA + UNITS, d_theta), d_beta, **close)
    written = np.flatnonzero(~np.isnan(d_theta))
    assert written.tolist() == list(range(GAMMA, GAMMA + 2 * UNITS))


def test_backward_by_central_differences(made: Maker) -> None:
    """Of ``sum(c * y)`` with fixed c, by x, gamma and beta."""
    forward = made(normalization.normalize_batch)
    c = np.random.default_rng(6).standard_normal((ROWS, UNITS))
    step = 1e-6

    def value(place: int, move: float, of_x: bool) -> float:
        case = Case("float64")
        (case.x.reshape(-1) if of_x else case.theta)[place] += move
        case.run(forward)
        return float((c * case.y).sum())

    def slope(place: int, of_x: bool) -> float:
        return (value(place, step, of_x) - value(place, -step, of_x)) / (2 * step)

    case, d = Case("float64"), c.copy()
    case.run(forward)
    d_theta = np.zeros_like(case.theta)
    made(normalization.normalize_backward)(
        d, case.normed, case.theta, d_theta, GAMMA, case.inverse, 0, UNITS
    )
    numeric = [slope(place, True) for place in range(case.x.size)]
    # third derivatives of up to 1000, where the deviation is 0.1, times step^2; 1e-15 / step
    np.testing.assert_allclose(d.ravel(), numeric, rtol=1e-6, atol=1e-7)
    numeric = [slope(place, False) for place in range(GAMMA, GAMMA + 2 * UNITS)]
    np.testing.assert_allclose(d_theta[GAMMA : GAMMA + 2 * UNITS], numeric, rtol=1e-7, atol=1e-7)


def test_nan_and_infinity_are_seen(made: Maker, dtype: str) -> None:
    for strange in (np.nan, np.inf):
        case = Case(dtype)
        case.x[2, 1] = strange
        case.run(made(normalization.normalize_batch))
        assert np.isnan(case.y[:, 1]).any()
        assert np.isfinite(case.y[:, [0, 2, 3, 4]]).all()
        assert not np.isfinite(case.part(RUNNING)[1])


def test_a_column_that_does_not_vary_is_finite(made: Maker, dtype: str) -> None:
    case = Case(dtype)
    case.x[:, 3] = 7
    case.run(made(normalization.normalize_batch))
    # the mean of seven sevens may be rounded; eps keeps what is left of it small
    np.testing.assert_allclose(
        case.y[:, 3], case.part(GAMMA + UNITS)[3], rtol=0, atol=tolerance(dtype)
    )
