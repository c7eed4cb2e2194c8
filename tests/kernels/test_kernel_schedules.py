"""Learning-rate schedules and warm-up against their sentences."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import oracle
import pytest

from nncli.kernels.schedules import SCHEDULES, rate_factor
from nncli.reading import schedule_numbers

Maker = Callable[[Callable[..., Any]], Any]
EPOCHS, BATCHES = 12, 5


def factors(made: Maker, schedule: str, warmup: float, plateau: float = 1.0) -> Any:
    numbers = np.array(schedule_numbers(schedule))
    return [
        made(rate_factor)(numbers, u // BATCHES, u, BATCHES, EPOCHS, warmup, plateau)
        for u in range(EPOCHS * BATCHES)
    ]


@pytest.mark.parametrize("warmup", [0.0, 0.1, 1.0, 2.5, 100.0])
@pytest.mark.parametrize(
    "schedule",
    [*SCHEDULES, "step:3:0.1", "step:5", "exp:0.5", "cosine:0.2", "plateau:2:0.1"],
)
def test_factors_are_the_formulas(made: Maker, schedule: str, warmup: float) -> None:
    spec = SimpleNamespace(schedule=schedule, warmup=warmup, lr=1.0, epochs=EPOCHS)
    expected = [
        oracle.scheduled(spec, u // BATCHES, u, BATCHES, 0.25) for u in range(EPOCHS * BATCHES)
    ]
    # a power, a cosine and a few products
    np.testing.assert_allclose(factors(made, schedule, warmup, 0.25), expected, rtol=1e-14)


def test_known_values(made: Maker) -> None:
    assert factors(made, "step:4:0.5", 0)[::BATCHES] == [1] * 4 + [0.5] * 4 + [0.25] * 4
    cosine = factors(made, "cosine:0.1", 0)
    assert cosine[0] == 1
    assert cosine[30] == pytest.approx(0.55)  # half way
    assert all(before > after for before, after in itertools.pairwise(cosine))
    assert cosine[-1] > 0.1
    assert factors(made, "constant", 2)[:11] == pytest.approx([*(i / 10 for i in range(1, 11)), 1])
    roots = factors(made, "inverse_root", 0)
    assert roots[::BATCHES][:9:3] == [1, 0.5, pytest.approx(7**-0.5)]
    assert roots[3 * BATCHES] == roots[4 * BATCHES - 1]  # it falls between epochs
    assert all(factors(made, name, 0)[0] == 1 for name in SCHEDULES)
