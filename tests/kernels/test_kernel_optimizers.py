"""Optimizers against the papers' update rules and PyTorch's, in every form, and on ranges."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import oracle
import pytest
from fixtures.comparing import assert_close

from nncli.kernels import hyper as h
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.kernels.schedules import mu_of

Maker = Callable[[Callable[..., Any]], Any]
SIZE, STEPS = 37, 6
#: Those that are an update of a range; L-BFGS is driven from Python.
UPDATES = [name for name, entry in OPTIMIZERS.parts.items() if entry.update is not None]
FORMS = [
    (name, inside, correction)
    for name in UPDATES
    for inside in ([False, True] if OPTIMIZERS[name].eps_inside else [False])
    for correction in (h.BIAS_CORRECTIONS if OPTIMIZERS[name].bias_correction else ["standard"])
]
STORED = np.load(Path(__file__).parents[1] / "fixtures" / "torch_trajectories.npz")
TORCH: dict[str, dict[str, Any]] = json.loads(str(STORED["header"]))["optimizers"]


def settings(name: str, inside: bool = False, correction: str = "standard") -> SimpleNamespace:
    # eps is large, so that where it stands is seen; the betas differ from their defaults
    return SimpleNamespace(
        opt=name, momentum=0.8, rho=0.85, beta1=0.7, beta2=0.9, eps=1e-2, eps_inside=inside,
        bias_correction=correction, momentum_decay=0.3,
    )  # fmt: skip


def hyper_of(spec: SimpleNamespace, rate: float, step: int) -> Any:
    """The vector of hyper-parameters at update ``step``, as the training loop sets it."""
    values = np.zeros(h.SIZE)
    values[[h.RATE, h.STEP, h.MOMENTUM, h.RHO]] = rate, step, spec.momentum, spec.rho
    values[[h.BETA1, h.BETA2, h.EPS]] = spec.beta1, spec.beta2, spec.eps
    values[h.EPS_INSIDE] = spec.eps_inside
    values[h.BIAS_CORRECTION] = h.BIAS_CORRECTIONS[spec.bias_correction]
    mus = [mu_of(spec.beta1, spec.momentum_decay, t) for t in range(1, step + 2)]
    values[[h.MU, h.MU_NEXT, h.MU_PRODUCT]] = mus[-2], mus[-1], np.prod(mus[:-1])
    return values


@pytest.mark.parametrize(("name", "inside", "correction"), FORMS)
def test_steps_are_the_update_rule(
    made: Maker, name: str, inside: bool, correction: str, dtype: str
) -> None:
    spec = settings(name, inside, correction)
    rng = np.random.default_rng(5)
    theta = rng.standard_normal(SIZE).astype(dtype)
    state = np.zeros((max(1, OPTIMIZERS[name].slots), SIZE), dtype)
    exact, optimizer = theta.astype("float64"), oracle.Optimizer(spec)
    for step in range(1, STEPS + 1):
        d_theta = rng.standard_normal(SIZE).astype(dtype)
        rate = 0.1 / step  # a schedule: Momentum's v holds the rate of its own step
        made(OPTIMIZERS[name].update)(theta, d_theta, state, 0, SIZE, hyper_of(spec, rate, step))
        exact = optimizer.step(exact, d_theta.astype("float64"), rate)
    # six steps of about eight roundings, each of a number below the largest weight; the root's
    # derivative makes more of one where v is near zero, which no eps outside it damps
    assert_close(theta, exact, 8 * STEPS)


@pytest.mark.parametrize("name", UPDATES)
def test_steps_are_pytorch_s(made: Maker, name: str) -> None:
    """Twenty given gradients, zero at first in some places and always in one."""
    gradients, expected = STORED[f"optimizer/{name}/g"], STORED[f"optimizer/{name}/theta"]
    spec = settings(name)
    vars(spec).update(TORCH[name])
    theta, update = expected[0].copy(), made(OPTIMIZERS[name].update)
    state = np.zeros((max(1, OPTIMIZERS[name].slots), theta.size))
    for step, g in enumerate(gradients, 1):
        update(theta, g.copy(), state, 0, theta.size, hyper_of(spec, spec.lr, step))
        # a dozen roundings a step
        assert_close(theta, expected[step], 12 * step)
    assert np.ptp(expected, axis=0)[1:].min() > 1e-3  # all but the first place have moved


def test_every_optimizer_has_been_compared_with_pytorch() -> None:
    assert set(TORCH) == set(UPDATES)
    assert set(OPTIMIZERS.names()) - set(UPDATES) == {"lbfgs"}


def test_momentum_of_nadam_rises_to_beta1(made: Maker) -> None:
    mu = made(mu_of)
    assert mu(0.9, 0.004, 0.0) == pytest.approx(0.45)
    assert mu(0.9, 0.004, 1.0) == pytest.approx(0.9 * (1 - 0.5 * 0.96**0.004))
    assert mu(0.9, 0.004, 1e6) == pytest.approx(0.9)


@pytest.mark.parametrize("name", UPDATES)
def test_a_gradient_that_is_nan_is_seen(made: Maker, name: str, dtype: str) -> None:
    theta, state = np.ones(9, dtype), np.zeros((3, 9), dtype)
    d_theta = np.ones(9, dtype)
    d_theta[4] = np.nan
    update = made(OPTIMIZERS[name].update)
    update(theta, d_theta, state, 0, 9, hyper_of(settings(name), 0.1, 1))
    assert np.isnan(theta[4])
    assert np.isfinite(np.delete(theta, 4)).all()


@pytest.mark.parametrize("name", UPDATES)
def test_only_the_range_is_touched_and_ranges_make_up_the_whole(
    made: Maker, name: str, dtype: str
) -> None:
    spec = settings(name)
    rng = np.random.default_rng(6)
    start = rng.standard_normal(SIZE).astype(dtype)
    d_theta = rng.standard_normal(SIZE).astype(dtype)
    slots = max(1, OPTIMIZERS[name].slots)
    update = made(OPTIMIZERS[name].update)

    whole, whole_state = start.copy(), np.zeros((slots, SIZE), dtype)
    update(whole, d_theta, whole_state, 0, SIZE, hyper_of(spec, 0.1, 1))
    parts, state = start.copy(), np.zeros((slots, SIZE), dtype)
    update(parts, d_theta, state, 3, 20, hyper_of(spec, 0.1, 1))
    assert (parts[:3] == start[:3]).all()
    assert (parts[20:] == start[20:]).all()
    assert not state[:, :3].any()
    assert not state[:, 20:].any()
    update(parts, d_theta, state, 0, 3, hyper_of(spec, 0.1, 1))
    update(parts, d_theta, state, 20, SIZE, hyper_of(spec, 0.1, 1))
    np.testing.assert_array_equal(parts, whole)
    np.testing.assert_array_equal(state, whole_state)


@pytest.mark.parametrize("name", UPDATES)
def test_the_parts_of_the_state_that_it_declares_are_used(made: Maker, name: str) -> None:
    slots = OPTIMIZERS[name].slots
    state = np.zeros((slots + 1, SIZE))
    spec = settings(name)
    made(OPTIMIZERS[name].update)(
        np.ones(SIZE), np.ones(SIZE), state, 0, SIZE, hyper_of(spec, 0.1, 1)
    )
    assert [bool(row.any()) for row in state] == [True] * slots + [False]


@pytest.mark.parametrize("name", [n for n in UPDATES if "eps" in OPTIMIZERS[n].uses])
def test_a_gradient_that_was_always_zero_moves_nothing(made: Maker, name: str, dtype: str) -> None:
    spec = settings(name)
    spec.eps = 1e-8
    theta, state = np.ones(9, dtype), np.zeros((3, 9), dtype)
    made(OPTIMIZERS[name].update)(theta, np.zeros(9, dtype), state, 0, 9, hyper_of(spec, 0.1, 1))
    assert (theta == 1).all()


def test_hyper_parameters_stand_in_different_places() -> None:
    places = [getattr(h, name) for name in h.__dict__ if name.isupper()]
    numbers = [each for each in places if isinstance(each, int) and not isinstance(each, bool)]
    assert sorted(numbers) == list(range(h.SIZE + 1))
