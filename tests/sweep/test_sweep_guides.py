"""Samplers and pruners: what they propose, what they learn, what they stop, what they refuse."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from nncli.errors import UsageError
from nncli.sweeps.search import guides
from nncli.sweeps.search.guides import Guide, make_guide
from nncli.sweeps.search.objectives import read_objective
from nncli.sweeps.space.dimensions import Choices, Dimension, Real, Whole
from nncli.sweeps.space.space import Space

Params = dict[str, Any]
Values = tuple[float, ...] | None

RATES: dict[str, Dimension] = {"lr": Real(1e-4, 1.0, log=True), "momentum": Real(0.0, 0.9)}
MIXED: dict[str, Dimension] = {
    "opt": Choices(("sgd", "momentum", "adam")),
    "hidden": Choices(("32", "64,64", "none")),
    "lr": Real(1e-4, 1.0, log=True),
    "batch_size": Whole(8, 64, 8),
    "epochs": Choices((10,)),
    "early_stop": Whole(1, 40, log=True),
    "momentum": Real(0.0, 0.9),
}
#: Asks often, or for costly proposals.
SLOW_GP = pytest.param("gp", marks=pytest.mark.slow)

WHEN = {"momentum": {"opt": ("momentum",)}}


def space(
    axes: dict[str, Dimension] = RATES,
    when: dict[str, Any] | None = None,
    constraints: tuple[str, ...] = (),
) -> Space:
    return Space(axes, when or {}, constraints)


def guide(
    over: Space | None = None,
    sampler: str | None = "random",
    trials: int | None = 40,
    seed: int = 0,
    *objectives: str,
    pruner: str | None = None,
    epochs: int = 30,
    seeds: int = 1,
) -> Guide:
    return make_guide(
        over or space(),
        sampler=sampler,
        trials=trials,
        seed=seed,
        objectives=[read_objective(text) for text in objectives or ("val_loss",)],
        pruner=pruner,
        epochs=epochs,
        seeds=seeds,
    )


def bowl(params: Params) -> Values:
    """A quadratic in the logarithm of the rate; its least value is 0."""
    return ((math.log10(params["lr"]) + 2.6) ** 2 + 4 * (params["momentum"] - 0.3) ** 2,)


def branin(params: Params) -> Values:
    """Branin's function less its minimum, over the rates' ranges stretched to its domain."""
    x = 15 * (math.log10(params["lr"]) + 4) / 4 - 5
    y = 15 * params["momentum"] / 0.9
    ridge = (y - 5.1 * x**2 / (4 * math.pi**2) + 5 * x / math.pi - 6) ** 2
    return (ridge + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887,)


def sweep(one: Guide, worth: Callable[[Params], Values], first: int = 0) -> list[Params]:
    """Try all trials from ``first`` on, one at a time, and return their params."""
    tried = []
    number = first
    while (params := one.propose(number)) is not None:
        tried.append(params)
        one.finish(number, worth(params), False)
        number += 1
    return tried


def best(one: Guide, worth: Callable[[Params], Values]) -> float:
    return min(values[0] for params in sweep(one, worth) if (values := worth(params)))


# Samplers that enumerate


def test_a_grid_proposes_every_combination_in_order() -> None:
    over = space({"act": Choices(("relu", "tanh")), "batch_size": Whole(8, 24, 8)})
    one = guide(over, None, None)
    assert one.total == 6
    assert not one.learns
    assert sweep(one, bowl_of_nothing) == list(over.grid())
    assert one.propose(6) is None
    assert one.propose(4) == list(over.grid())[4]  # asked again


def bowl_of_nothing(params: Params) -> Values:
    return (0.0,)


def test_a_grid_goes_on_after_trials_that_others_have() -> None:
    over = space({"act": Choices(("relu", "tanh")), "batch_size": Whole(8, 24, 8)})
    points = list(over.grid())
    one = guide(over, "grid", None)
    one.adopt(0, points[0])
    one.adopt(1, points[1])
    assert one.propose(2) == points[2]
    one.adopt(3, points[3])
    assert one.propose(4) == points[4]


def test_a_grid_is_not_made_before_it_is_needed() -> None:
    vast: dict[str, Dimension] = {name: Whole(1, 10**6) for name in ("early_stop", "log_every")}
    one = guide(space(vast), "grid", None)
    assert one.total == 10**12
    assert one.propose(0) == {"early_stop": 1, "log_every": 1}


def test_a_pared_grid_knows_its_total_at_the_end_only() -> None:
    axes: dict[str, Dimension] = {
        "opt": Choices(("sgd", "momentum")),
        "momentum": Choices((0.5, 0.9)),
    }
    assert guide(space(axes, WHEN), "grid", None).total is None
    assert len(sweep(guide(space(axes, WHEN), "grid", None), bowl_of_nothing)) == 3


@pytest.mark.parametrize("sampler", ["random", "quasi"])
@pytest.mark.parametrize("constraints", [(), ("lr < 0.1",)])
def test_a_draw_depends_on_the_seed_and_the_number_alone(
    sampler: str, constraints: tuple[str, ...]
) -> None:
    over = space(MIXED, WHEN, constraints)
    points = sweep(guide(over, sampler, 300, 5), bowl_of_nothing)
    assert len({str(point) for point in points}) == 300
    assert guide(over, sampler, 300, 5).propose(217) == points[217]
    other = guide(over, sampler, 400, 5)
    for number in range(130):
        other.adopt(number, {})
    assert [other.propose(number) for number in range(130, 300)] == points[130:]
    assert other.propose(3) == points[3]
    assert guide(over, sampler, 300, 6).propose(0) != points[0]


@pytest.mark.parametrize("sampler", ["random", "quasi", "tpe", "cmaes", "nsga2"])
def test_draws_keep_to_the_space(sampler: str) -> None:
    over = space(MIXED, WHEN, ("lr < 0.1 or opt == 'sgd'",))
    for params in sweep(guide(over, sampler, 40), lambda params: (params["lr"],)):
        assert params.keys() - {"momentum"} == MIXED.keys() - {"momentum"}
        assert ("momentum" in params) == (params["opt"] == "momentum")
        for name, value in params.items():
            assert value in MIXED[name]
            assert type(value) in (str, int, float)
        assert over.allows(params)


def test_quasi_random_draws_fill_the_space_more_evenly() -> None:
    axes: dict[str, Dimension] = {"dropout": Real(0.0, 1.0), "momentum": Real(0.0, 1.0)}
    axes |= {"epochs": Choices((5,))}

    def discrepancy(sampler: str, seed: int) -> float:
        points = sweep(guide(space(axes), sampler, 64, seed), bowl_of_nothing)
        return float(qmc.discrepancy([[each["dropout"], each["momentum"]] for each in points]))

    even = [discrepancy("quasi", seed) for seed in range(10)]
    uneven = [discrepancy("random", seed) for seed in range(10)]
    # The centred L2 discrepancy, a square, falls as n^-2 (up to logarithms) against n^-1: at n = 64
    # by far more than a factor of 4, even at the worst of ten seeds against the best.
    assert max(even) < min(uneven) / 4


def test_other_names_of_samplers() -> None:
    one = guide(None, "sobol").propose(7)
    assert one == guide(None, "qmc").propose(7) == guide(None, "quasi-random").propose(7)
    assert guide(None, None, 40).propose(7) == guide(None, "random").propose(7)
    assert guide(None, "cma-es").propose(0) == guide(None, "cmaes").propose(0)


@pytest.mark.parametrize("sampler", ["random", "quasi", "tpe"])
def test_constraints_that_refuse_everything_are_named(sampler: str) -> None:
    one = guide(space(RATES, None, ("lr > 2",)), sampler)
    with pytest.raises(UsageError, match=r"refused 10000 draws in a row \(lr > 2\)"):
        one.propose(0)


# Samplers that learn


@pytest.mark.parametrize("worth", [bowl, branin])
@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_a_sampler_finds_the_optimum_better_than_random(
    sampler: str, worth: Callable[[Params], Values]
) -> None:
    seeds = range(12)
    learned = [best(guide(None, sampler, 60, seed), worth) for seed in seeds]
    drawn = [best(guide(None, "random", 60, seed), worth) for seed in seeds]
    # Round a minimum in two dimensions the expected best of n draws is proportional to 1/n: to be
    # twice as good, random draws would need twice the trials. (Here it is 3 to 20 times as good.)
    assert statistics.median(learned) < statistics.median(drawn) / 2
    # Two equal samplers would differ so in 1 of 50 such tests (9 of 12 in 1 of 14).
    assert sum(a < b for a, b in zip(learned, drawn, strict=True)) >= 10


@pytest.mark.parametrize(
    ("worth", "trials"),
    [(bowl, 15), pytest.param(branin, 40, marks=pytest.mark.slow)],
)
def test_a_gaussian_process_finds_the_optimum_better_than_random(
    worth: Callable[[Params], Values], trials: int
) -> None:
    pytest.importorskip("torch")
    drawn = [best(guide(None, "random", trials, seed), worth) for seed in range(12)]
    learned = [best(guide(None, "gp", trials, seed), worth) for seed in range(3)]
    # As above; with three seeds all of them, since a proposal costs tenths of a second.
    assert max(learned) < statistics.median(drawn) / 2


@pytest.mark.parametrize(
    ("sampler", "trials", "killed"),
    [("tpe", 30, 22), ("gp", 13, 11), ("cmaes", 40, 27), ("nsga2", 40, 27)],
)
@pytest.mark.parametrize("form", ["mixed", "plain"])
def test_a_killed_sweep_goes_on_as_if_it_had_not_been(
    sampler: str, trials: int, killed: int, form: str
) -> None:
    if sampler == "gp":
        pytest.importorskip("torch")
    over = space() if form == "plain" else space(MIXED, WHEN, ("lr < 0.5 or opt == 'sgd'",))

    def worth(params: Params) -> Values:
        values = bowl({"momentum": 0.3, **params})
        return None if params["lr"] > 0.2 else values

    whole = sweep(guide(over, sampler, trials, 3), worth)

    # One trial after the other, and the trial that was running is done now.
    restored = guide(over, sampler, trials, 3)
    for number in range(killed):
        restored.adopt(number, whole[number])
        restored.finish(number, worth(whole[number]), False)
    assert sweep(restored, worth, killed) == whole[killed:]

    # All trials first, and then what came of them.
    restored = guide(over, sampler, trials, 3)
    for number in range(killed):
        restored.adopt(number, whole[number])
        restored.adopt(number, whole[number])
    for number in range(killed):
        restored.finish(number, worth(whole[number]), False)
        restored.finish(number, (0.0,), False)
    assert sweep(restored, worth, killed) == whole[killed:]


def after(sampler: str, count: int, seed: int = 0) -> Guide:
    """Return a guide with trials that are finished."""
    one = guide(None, sampler, count + 20, seed)
    for number in range(count):
        params = one.propose(number)
        assert params is not None
        one.finish(number, bowl(params), False)
    return one


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_trials_of_another_process_count_as_those_of_this_one(sampler: str) -> None:
    ours, theirs = after(sampler, 20), after(sampler, 20)
    running = [ours.propose(number) for number in range(20, 24)]
    assert len({str(params) for params in running}) == 4
    for number, params in enumerate(running[:3], 20):
        assert params is not None
        theirs.adopt(number, params)
    assert theirs.propose(23) == running[3]
    for number, params in enumerate(running[:3], 20):
        theirs.adopt(number, params or {})  # seen again
    theirs.adopt(0, {"lr": 0.5, "momentum": 0.5})  # finished long ago
    assert theirs.propose(24) == ours.propose(24)


def test_widths_are_texts_as_everywhere() -> None:
    over = space({"hidden": Whole(4, 64, log=True), "lr": RATES["lr"]})

    def worth(params: Params) -> Values:
        return (abs(int(params["hidden"]) - 20),)

    for sampler in ("tpe", "cmaes"):
        whole = sweep(guide(over, sampler, 25), worth)
        assert {type(params["hidden"]) for params in whole} == {str}
        restored = guide(over, sampler, 25)
        for number, params in enumerate(whole[:20]):
            restored.adopt(number, params)
            restored.finish(number, worth(params), False)
        assert sweep(restored, worth, 20) == whole[20:]


def test_running_trials_are_kept_away_from() -> None:
    kept = 0
    for seed in range(12):
        alone = after("tpe", 20, seed).propose(35) or {}
        one = after("tpe", 20, seed)
        for number in range(20, 35):
            one.adopt(number, alone)
        kept += one.propose(35) != alone
    # With one seed, one number and the same finished trials the proposal would be the same; with
    # fifteen running trials at that very point, each counted as a bad one, another of the sampler's
    # 24 candidates should look better, unless all the others are far worse.
    assert kept >= 10


def test_a_number_that_another_process_took_has_its_params() -> None:
    one, other = after("tpe", 12), after("tpe", 12)
    taken = {"lr": 0.5, "momentum": 0.8}
    lost = one.propose(12)
    assert lost != taken
    one.adopt(12, taken)
    other.adopt(12, taken)
    assert one.propose(13) == other.propose(13)


@pytest.mark.parametrize(("sampler", "trials"), [("tpe", 60), ("cmaes", 120), ("gp", 16)])
@pytest.mark.parametrize("pruned", [True, False])
def test_failed_and_pruned_trials_are_avoided(sampler: str, trials: int, pruned: bool) -> None:
    if sampler == "gp":
        pytest.importorskip("torch")
    one = guide(None, sampler, trials)
    failed = []
    for number in range(trials):
        params = one.propose(number)
        assert params is not None
        bad = params["momentum"] > 0.4
        failed.append(bad)
        values = (abs(math.log10(params["lr"]) + 2.6),)  # which says nothing of the momentum
        one.finish(number, values if not bad or pruned else None, bad and pruned)
    # Draws that have learnt nothing fail at 5/9 of the trials.
    learned = failed[-(trials // 3) :]
    assert sum(learned) < len(learned) * 5 / 9 * 0.8


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", SLOW_GP])
def test_several_objectives_are_sought_at_once(sampler: str) -> None:
    if sampler == "gp":
        pytest.importorskip("torch")
    trials = 14 if sampler == "gp" else 80

    def worth(params: Params) -> Values:
        if params["momentum"] > 0.85:
            return None
        return (1 - (params["momentum"] - 0.2) ** 2, (params["momentum"] - 0.4) ** 2)

    def on_front(name: str) -> float:
        one = guide(None, name, trials, 1, "val_accuracy", "parameters")
        tried = sweep(one, worth)[10:]
        return sum(0.2 <= params["momentum"] <= 0.4 for params in tried) / len(tried)

    # The front is 2/9 of the range, which is the share of random draws on it.
    assert on_front(sampler) > 2 * 2 / 9


def test_proposals_come_to_an_end() -> None:
    assert len(sweep(guide(None, "tpe", 12), bowl)) == 12


# Pruners


def epochs_of(one: Guide, qualities: list[float], epochs: int) -> list[int]:
    """Train trials whose loss falls to their quality; return how many epochs each has had."""
    every = one.look_every
    assert every is not None
    had = []
    for number, quality in enumerate(qualities):
        assert one.propose(number) is not None
        stopped = False
        epoch = 0
        while epoch < epochs and not stopped:
            epoch += 1
            if epoch % every == 0:
                stopped = one.report(number, epoch, quality + math.exp(-5 * epoch / epochs))
        one.finish(number, None if stopped else (quality,), stopped)
        had.append(epoch)
    return had


@pytest.mark.parametrize("pruner", ["median", "median:3", "halving", "halving:2", "hyperband"])
@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
@pytest.mark.parametrize("epochs", [30, 400])
def test_a_pruner_stops_bad_trials_and_keeps_the_best(
    pruner: str, sampler: str, epochs: int
) -> None:
    over = space({"early_stop": Whole(1, 60)})
    one = guide(over, sampler, None if sampler == "grid" else 60, pruner=pruner, epochs=epochs)
    qualities = np.random.default_rng(0).permutation(60).tolist()
    had = epochs_of(one, qualities, epochs)
    whole = [
        quality for quality, had_epochs in zip(qualities, had, strict=True) if had_epochs == epochs
    ]
    stopped = set(qualities) - set(whole)
    assert 0 in whole
    # Curves do not cross: who is better at an epoch is better at the end. The median stops half of
    # the trials, halving more, and of hyperband's three brackets one stops nobody.
    assert len(stopped) > 60 / 4
    assert sum(had) < 60 * epochs * 0.85
    assert statistics.mean(whole) < statistics.mean(stopped)


def test_the_median_waits_for_trials_and_epochs() -> None:
    one = guide(None, "random", pruner="median:2", epochs=30)
    assert one.look_every == 1
    for number in range(3):
        one.propose(number)
    assert not one.report(2, 20, 99.0)  # no trial is finished
    for number in range(2):
        assert not any(one.report(number, epoch, 1.0) for epoch in range(1, 31))
        one.finish(number, (1.0,), False)
    one.propose(3)
    assert not any(one.report(3, epoch, 2.0) for epoch in (1, 2))
    assert one.report(3, 3, 2.0)
    assert one.report(3, 4, 0.0)  # stopped is stopped, for the other seeds too
    one.propose(4)
    assert not one.report(4, 30, 2.0)  # there is nothing left to save
    assert not one.report(4, 3, 0.5)


def test_a_larger_objective_can_be_the_better_one() -> None:
    one = guide(None, "random", 40, 0, "val_accuracy", pruner="median:1")
    one.propose(0)
    assert not one.report(0, 10, 0.9)
    one.finish(0, (0.9,), False)
    one.propose(1)
    one.propose(2)
    assert one.report(1, 10, 0.8)
    assert not one.report(2, 10, 0.95)


@pytest.mark.parametrize(
    ("pruner", "epochs", "every"),
    [
        ("median", 1, None),
        ("median", 100, 1),
        ("median", 1000, 10),
        ("halving", 1, None),
        ("halving", 30, 4),
        ("halving:2", 100, 25),
        ("hyperband", 900, 100),
        ("wilcoxon", 100, None),
        (None, 100, None),
    ],
)
def test_how_often_a_pruner_looks(pruner: str | None, epochs: int, every: int | None) -> None:
    assert guide(None, "random", pruner=pruner, epochs=epochs, seeds=5).look_every == every


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband", "wilcoxon"])
def test_what_is_not_finite_is_pruned_at_once(pruner: str, value: float) -> None:
    one = guide(None, "random", pruner=pruner, seeds=5)
    one.propose(0)
    assert one.report(0, 1, value)
    one.finish(0, None, True)
    one.propose(1)
    assert one.report_seed(1, 0, value)


def test_wilcoxon_leaves_out_seeds_of_what_is_worse_on_all() -> None:
    one = guide(None, "random", pruner="wilcoxon", seeds=6)
    hardness = [3.0, 1.0, 4.0, 2.0, 5.0, 0.0]
    for number in range(3):
        one.propose(number)
    assert not any(one.report_seed(0, place, value) for place, value in enumerate(hardness))
    one.finish(0, (statistics.mean(hardness),), False)
    # Four pairs of one sign are the fewest with a p-value, 1/16, below 0.1.
    answers = [one.report_seed(1, place, value + 0.1) for place, value in enumerate(hardness)]
    assert answers == [False, False, False, True, True, True]
    assert not any(one.report_seed(2, place, value - 0.1) for place, value in enumerate(hardness))
    assert not one.report(2, 3, 99.0)  # epochs are not judged


@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband"])
def test_a_restored_pruner_stops_what_the_first_would_have(pruner: str) -> None:
    first = guide(None, "random", pruner=pruner, epochs=30)
    every = first.look_every or 1
    qualities = np.random.default_rng(1).permutation(40).tolist()

    def train(one: Guide, number: int) -> int:
        for epoch in range(every, 31, every):
            if one.report(number, epoch, float(qualities[number])):
                return epoch
        return 30

    def end(one: Guide, number: int, had: int) -> None:
        stopped = had < 30
        one.finish(number, None if stopped else (float(qualities[number]),), stopped)

    had = []
    for number in range(40):
        first.propose(number)
        had.append(train(first, number))
        end(first, number, had[-1])
    again = guide(None, "random", pruner=pruner, epochs=30)
    for number in range(25):
        again.adopt(number, first.propose(number) or {})
        for epoch in range(every, had[number] + 1, every):
            again.report(number, epoch, float(qualities[number]))
        end(again, number, had[number])
    for number in range(25, 40):
        again.propose(number)
        assert train(again, number) == had[number]
        end(again, number, had[number])


# Threads


@pytest.mark.parametrize("sampler", ["grid", "random", "quasi", "tpe", "cmaes"])
def test_threads_share_a_guide(sampler: str) -> None:
    axes = {**RATES, "act": Choices(("relu", "tanh"))}
    if sampler == "grid":
        axes = {"act": Choices(("relu", "tanh")), "early_stop": Whole(1, 20)}
    one = guide(space(axes), sampler, None if sampler == "grid" else 40, pruner="median:2")
    numbers, turn = iter(range(1000)), threading.Lock()
    tried: dict[int, Params] = {}
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while True:
                with turn:
                    number = next(numbers)
                    params = one.propose(number)
                if params is None:
                    return
                tried[number] = params
                stopped = any(one.report(number, epoch, number % 7 + 0.1) for epoch in range(1, 31))
                one.finish(number, None if stopped else (number % 7 + 0.1,), stopped)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(tried) == list(range(40))


# What is refused


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"sampler": "grid", "trials": None}, "--lr is a range .* lin:a:b:n .* --sampler random"),
        ({"sampler": None, "trials": None}, "--lr is a range .* lin:a:b:n .* --sampler random"),
        ({"over": space({"early_stop": Whole(1, 9)}), "sampler": "grid"}, "leave --trials out"),
        ({"sampler": "tpe", "trials": None}, "say how many trials"),
        ({"sampler": "quasi", "trials": 0}, "expected at least 1"),
        ({"sampler": "tbe"}, "unknown sampler 'tbe'.*did you mean 'tpe'"),
        ({"pruner": "medain"}, "unknown pruner 'medain'.*did you mean 'median'"),
        ({"pruner": "median:0"}, "trials before it judges: expected a whole number from 1"),
        ({"pruner": "halving:1"}, "reduction factor: expected a whole number from 2"),
        ({"pruner": "hyperband:x"}, "reduction factor"),
        ({"pruner": "wilcoxon:0.7"}, "a number between 0 and 0.5"),
        ({"pruner": "wilcoxon:inf"}, "a number between 0 and 0.5"),
        ({"pruner": "wilcoxon"}, "from 4 seeds on, .* at least 5, and there is 1"),
        ({"pruner": "wilcoxon:0.05", "seeds": 5}, "from 5 seeds on, .* at least 6.*are 5"),
    ],
)
def test_what_does_not_go_together_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        guide(**asked)


@pytest.mark.parametrize(
    ("objectives", "asked", "says"),
    [
        (("val_loss", "parameters"), {"pruner": "median"}, "one objective, and there are 2"),
        (("test_loss",), {"pruner": "halving"}, "known only at the end"),
    ],
)
def test_a_pruner_needs_one_objective_that_it_can_follow(
    objectives: tuple[str, ...], asked: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        guide(None, "random", 40, 0, *objectives, **asked)


def test_cmaes_needs_numbers_and_one_objective() -> None:
    with pytest.raises(UsageError, match="no range is in every trial"):
        guide(space({"act": Choices(("relu", "tanh"))}), "cmaes")
    conditional: dict[str, Dimension] = {name: MIXED[name] for name in ("opt", "momentum")}
    with pytest.raises(UsageError, match="no range is in every trial"):
        guide(space(conditional, WHEN), "cmaes")
    with pytest.raises(UsageError, match="seeks one objective, and there are 2"):
        guide(None, "cmaes", 40, 0, "val_loss", "parameters")


@pytest.mark.parametrize(
    ("asked", "missing", "says"),
    [
        ({"sampler": "tpe"}, "optuna", r"--sampler tpe needs optuna, .* 'nncli\[optuna\]'"),
        ({"sampler": "cmaes"}, "cmaes", r"--sampler cmaes needs cmaes, .* 'nncli\[optuna\]'"),
        ({"sampler": "gp"}, "torch", r"--sampler gp needs torch, .* 'nncli\[gp\]'"),
        ({"pruner": "median"}, "optuna", r"--pruner median needs optuna, .* 'nncli\[optuna\]'"),
    ],
)
def test_what_is_not_installed_is_named(
    asked: dict[str, Any], missing: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guides, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(UsageError, match=says):
        guide(**asked)


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, nncli.sweeps.search.guides, nncli.sweeps.search.objectives\n"
        "import nncli.sweeps.search.pruning\n"
        "nncli.sweeps.search.pruning.read_pruner('median')\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"optuna", "torch", "scipy", "numpy", "sqlalchemy"} & set(done.stdout.split())


def test_optuna_is_silent(
    capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    sweep(guide(space(MIXED, WHEN), "tpe", 14, pruner="hyperband"), lambda params: (params["lr"],))
    sweep(guide(space(MIXED, WHEN), "cmaes", 14), lambda params: None)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
