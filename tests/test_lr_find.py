"""The learning-rate range test, on problems whose best rate is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fixtures.small_runs import Data, data, resolved, trainer

from nncli.errors import UsageError
from nncli.kernels.assemble import assemble
from nncli.lr_find import RangeTest, Repeat, RisingTrainer, range_test, steepest
from nncli.model import Model
from nncli.spec import Spec
from nncli.trainer import parts_of


def find(spec: Spec, dataset: Data, **options: Any) -> RangeTest:
    given: Any = dataset
    model = Model.of(spec, dataset.width, dataset.outputs)
    return range_test(spec, given, model, **{"repeats": 2, "updates": 200, **options})


def rising(spec: Spec, dataset: Data) -> RisingTrainer:
    given: Any = dataset
    model = Model.of(spec, dataset.width, dataset.outputs)
    return RisingTrainer(spec, model, given, assemble(parts_of(spec, model, given)), 1)


def linear_regression(**options: Any) -> Spec:
    return resolved("regression", hidden="none", opt="sgd", batch_size="full", **options)


def largest_curvature(spec: Spec, dataset: Data) -> float:
    """The largest eigenvalue of the Hessian of a loss that is quadratic in its parameters.

    Second differences of a quadratic function are exact at any step.
    """
    training = trainer(spec, dataset)
    size = training.theta.size

    def loss(*places: int) -> float:
        theta = np.zeros(size)
        for place in places:
            theta[place] += 1
        return training.evaluate(dataset.train, theta).loss

    hessian = [[loss(i, j) - loss(i) - loss(j) + loss() for j in range(size)] for i in range(size)]
    return float(np.linalg.eigvalsh(np.array(hessian)).max())


@pytest.mark.parametrize("stretch", [1.0, 30.0])
@pytest.mark.parametrize("updates", [100, 400])
def test_the_suggestion_on_a_quadratic_problem(stretch: float, updates: int) -> None:
    """Gradient descent on a quadratic loss diverges above ``2 / lambda_max`` and nowhere below."""
    dataset = data("regression")
    dataset.scale = dataset.scale * stretch
    spec = linear_regression()
    limit = 2 / largest_curvature(spec, dataset)
    found = find(spec, dataset, updates=updates, lowest=1e-4 * limit, highest=1e4 * limit)
    assert found.suggestion is not None
    assert limit / 100 < found.suggestion < limit
    for each in found.repeats:
        assert each.diverged is not None
        # below the limit no step of descent raises the loss; above, each multiplies the error
        assert limit < each.diverged < 10 * limit
        assert each.steepest is not None
        assert each.steepest < limit


def test_losses_are_those_of_the_mini_batches() -> None:
    dataset = data("multiclass")
    spec = resolved("multiclass", batch_size=8)
    found = find(spec, dataset, lowest=1e-14, highest=1e-13, updates=6, repeats=1)
    training = trainer(spec, dataset)
    expected = training.evaluate(dataset.train, training.theta).loss
    # 23 rows in batches of 8, 8 and 7, twice; such rates move the loss by less than 1e-10
    for losses in (found.repeats[0].losses[:3], found.repeats[0].losses[3:]):
        mean = (8 * losses[0] + 8 * losses[1] + 7 * losses[2]) / 23
        assert mean == pytest.approx(expected, rel=1e-9)


def test_each_update_has_its_rate() -> None:
    dataset = data("regression")
    spec = linear_regression(schedule="constant", warmup=0)
    moves = []
    for rate in (0.01, 0.02):
        training = rising(spec, dataset)
        before = training.theta.copy()
        training.update(rate)
        moves.append(training.theta - before)
    # the numbers that move are near 1, their rounding 1e-16
    np.testing.assert_allclose(moves[1], 2 * moves[0], rtol=0, atol=1e-15)
    assert np.abs(moves[0]).max() > 1e-4


def test_the_rates_rise_exponentially() -> None:
    found = find(linear_regression(), data("regression"), lowest=1e-5, highest=1e-2, updates=31)
    np.testing.assert_allclose(np.log10(found.rates), np.linspace(-5, -2, 31), rtol=1e-12)


def test_what_does_not_count() -> None:
    dataset = data("binary")
    plain = resolved("binary", hidden="5", epochs=50)
    other = replace(
        plain, epochs=1, lr=3.0, schedule="cosine:0", warmup=2.0, early_stop=1, log_every=3,
        diagnose=True,
    )  # fmt: skip
    np.testing.assert_equal(find(plain, dataset).to_json(), find(other, dataset).to_json())


def test_repeats_differ_by_their_seed() -> None:
    dataset, spec = data("binary"), resolved("binary", seed=7)
    found = find(spec, dataset, repeats=3)
    assert [each.seed for each in found.repeats] == [7, 8, 9]
    assert len({each.losses[0] for each in found.repeats}) == 3
    (alone,) = find(replace(spec, seed=8), dataset, repeats=1).repeats
    np.testing.assert_array_equal(alone.losses, found.repeats[1].losses)


def test_small_batches_and_the_ends_of_epochs() -> None:
    found = find(resolved("multiclass", batch_size=1), data("multiclass"), highest=1e-3)
    for each in found.repeats:
        assert np.isfinite(each.losses).all()
        assert (each.losses > 0).all()
        assert each.diverged is None
        assert each.suggestion == each.steepest


def test_rates_that_are_all_too_high_get_no_suggestion() -> None:
    found = find(linear_regression(), data("regression"), lowest=1e3, highest=1e6)
    assert found.suggestion is None
    assert found.reason.endswith("give a smaller --lowest")


def test_no_fall_no_suggestion() -> None:
    found = find(linear_regression(), data("regression"), lowest=1e-30, highest=1e-25)
    assert found.suggestion is None
    assert "the loss fell at no rate" in found.reason


def test_an_optimizer_without_a_rate_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--opt lbfgs has no learning rate.*choose one of sgd"):
        find(resolved("binary", opt="lbfgs", batch_size=None), data("binary"))


def test_rates_must_rise() -> None:
    with pytest.raises(UsageError, match="the rate must rise"):
        find(linear_regression(), data("regression"), lowest=1.0, highest=1.0)


def test_the_steepest_fall_of_a_known_curve() -> None:
    """A logistic fall around update 100 that lags by its window of 10, and a rise from 160 on."""
    rates = np.geomspace(1e-6, 1.0, 200)
    place = np.arange(200)
    curve = 1 / (1 + np.exp((place - 110) / 5)) + np.where(place > 160, 0.1 * (place - 160), 0)
    assert steepest(rates, curve, 10) == rates[100]
    curve[180:] = np.nan
    assert steepest(rates, curve, 10) == rates[100]
    assert steepest(rates, np.linspace(1, 2, 200), 10) is None


def test_a_repeat_that_diverged_counts_as_infinite() -> None:
    rates = np.geomspace(0.1, 10, 3)
    losses = np.array([[1.0, 2.0, np.nan], [1.5, 1.0, 0.5], [2.0, 3.0, 4.0]])
    repeats = tuple(Repeat(n, row, row, None, None) for n, row in enumerate(losses))
    low, middle, high = RangeTest(rates, repeats).band()
    np.testing.assert_array_equal(low, [1.0, 1.0, 0.5])
    np.testing.assert_array_equal(middle, [1.5, 2.0, 4.0])
    np.testing.assert_array_equal(high, [2.0, 3.0, np.inf])


def test_the_suggestion_is_the_median_of_the_repeats() -> None:
    rates, none = np.geomspace(1e-4, 10, 3), np.ones(3)
    repeats = tuple(Repeat(n, none, none, rate, 0.001) for n, rate in enumerate([0.1, 3.456, 7.0]))
    assert RangeTest(rates, repeats).suggestion == 0.35
    assert RangeTest(rates, repeats[:1]).suggestion == 0.01
