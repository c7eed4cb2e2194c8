"""Hashed random numbers: the hash, the orders of rows, the dropout masks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest

from nncli.kernels.dropout import dropout_backward, dropout_forward
from nncli.kernels.jit import native
from nncli.kernels.random import derive, mix, shuffle

Maker = Callable[[Callable[..., Any]], Any]
KEY = 0x0123456789ABCDEF

#: A chi-square statistic above its mean by this many deviations is no chance.
DEVIATIONS = 5


def chi_square_deviations(counts: Any, cells: int) -> float:
    """How far counts are from equal ones, in deviations of the chi-square distribution."""
    seen = np.zeros(cells)
    seen[: len(counts)] = counts
    expected = seen.sum() / cells
    statistic = ((seen - expected) ** 2 / expected).sum()
    return float((statistic - (cells - 1)) / math.sqrt(2 * (cells - 1)))


def test_derive_is_splitmix64(made: Maker) -> None:
    """The first outputs of the published generator from the state 0."""
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    assert [int(made(derive)(np.uint64(0), i)) for i in range(4)] == known
    assert [oracle.derive(0, i) for i in range(4)] == known


@pytest.mark.parametrize("key", [0, 1, KEY, 2**63 - 1, 2**64 - 1])
def test_hashes_equal_those_of_unbounded_integers(made: Maker, key: int) -> None:
    assert int(made(mix)(np.uint64(key))) == oracle.mix(key)
    for position in (0, 1, 7, 2**40):
        assert int(made(derive)(np.uint64(key), np.int64(position))) == oracle.derive(key, position)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
def test_shuffle_is_the_oracle_s_permutation(made: Maker, size: int) -> None:
    values = np.random.default_rng(0).permutation(10 * size)[:size].astype(np.int64)
    result = np.full(size, -1, np.int64)
    made(shuffle)(np.uint64(KEY), values, result)
    assert result.tolist() == oracle.shuffled(KEY, values.tolist())
    assert sorted(result) == sorted(values)


def test_every_order_is_equally_likely() -> None:
    values, order = np.arange(5), np.empty(5, np.int64)
    counts: Counter[tuple[int, ...]] = Counter()
    for key in range(24_000):  # neighbouring keys, the hardest case
        native(shuffle)(np.uint64(key), values, order)
        counts[tuple(order.tolist())] += 1
    assert abs(chi_square_deviations(list(counts.values()), math.factorial(5))) < DEVIATIONS


def test_every_row_is_equally_likely_at_every_place_of_a_long_order() -> None:
    size, orders = 100, 20_000
    values, order = np.arange(size), np.empty(size, np.int64)
    first, last = Counter[int](), Counter[int]()
    for number in range(orders):
        native(shuffle)(np.uint64(oracle.derive(KEY, number)), values, order)
        first[int(order[0])] += 1
        last[int(order[-1])] += 1
    assert abs(chi_square_deviations(list(first.values()), size)) < DEVIATIONS
    assert abs(chi_square_deviations(list(last.values()), size)) < DEVIATIONS


def test_orders_of_different_keys_share_places_as_chance_has_it() -> None:
    size = 2000
    values, orders = np.arange(size), np.empty((60, size), np.int64)
    for number in range(60):
        native(shuffle)(np.uint64(number), values, orders[number])
    same = (orders[1:] == orders[:-1]).sum()  # Poisson with mean 1 for each pair
    assert abs(same - 59) < DEVIATIONS * math.sqrt(59)


# --- dropout ----------------------------------------------------------------------------------


def mask_of(key: int, rate: float, rows: int, units: int, made: Maker = native) -> Any:
    ones, h = np.ones((rows, units)), np.full((rows, units), np.nan)
    made(dropout_forward)(ones, h, np.uint64(key), rate, 0, units)
    return h


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_are_those_of_the_oracle(made: Maker, rate: float, dtype: str) -> None:
    a = np.random.default_rng(1).standard_normal((6, 11)).astype(dtype)
    h = np.full_like(a, np.nan)
    made(dropout_forward)(a, h, np.uint64(KEY), rate, 0, 11)
    mask = oracle.dropout_mask(KEY, 6, 11, rate)
    assert 0 < mask.sum() < mask.size
    # a factor that is rounded, and a product that is
    np.testing.assert_allclose(h, a * mask / (1 - rate), rtol=2 * float(np.finfo(dtype).eps))


def test_backward_has_the_mask_of_forward(made: Maker, dtype: str) -> None:
    a = np.ones((6, 11), dtype)
    h, d = np.empty_like(a), a.copy()
    made(dropout_forward)(a, h, np.uint64(KEY), 0.4, 0, 11)
    made(dropout_backward)(d, np.uint64(KEY), 0.4, 0, 11)
    np.testing.assert_array_equal(d, h)


def test_slices_make_up_the_whole_mask(made: Maker) -> None:
    a, h, d = np.ones((6, 11)), np.full((6, 11), np.nan), np.ones((6, 11))
    for start, stop in ((0, 4), (4, 4), (4, 11)):
        made(dropout_forward)(a, h, np.uint64(KEY), 0.4, start, stop)
        made(dropout_backward)(d, np.uint64(KEY), 0.4, start, stop)
    np.testing.assert_array_equal(h, mask_of(KEY, 0.4, 6, 11))
    np.testing.assert_array_equal(d, h)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.95])
def test_the_share_of_dropped_units_is_the_rate(rate: float) -> None:
    h = mask_of(KEY, rate, 1000, 300)
    deviation = math.sqrt(rate * (1 - rate) / h.size)
    assert abs((h == 0).mean() - rate) < DEVIATIONS * deviation
    assert abs((h == 0).mean(axis=0) - rate).max() < 6 * deviation * math.sqrt(300)
    np.testing.assert_allclose(h[h > 0], 1 / (1 - rate))  # so that the mean stays 1


@pytest.mark.parametrize("other", ["unit", "row", "layer", "update", "epoch", "next key"])
def test_masks_are_independent(other: str) -> None:
    def key(epoch: int = 0, update: int = 0, layer: int = 0) -> int:
        return oracle.derive(oracle.derive(oracle.derive(KEY, epoch), update), layer)

    mask = mask_of(key(), 0.5, 500, 200) > 0
    second = {
        "unit": lambda: np.roll(mask, 1, axis=1),
        "row": lambda: np.roll(mask, 1, axis=0),
        "layer": lambda: mask_of(key(layer=1), 0.5, 500, 200) > 0,
        "update": lambda: mask_of(key(update=1), 0.5, 500, 200) > 0,
        "epoch": lambda: mask_of(key(epoch=1), 0.5, 500, 200) > 0,
        "next key": lambda: mask_of(KEY + 2**32, 0.5, 500, 200) > 0,
    }[other]()
    equal = (mask == second).mean()  # of independent fair coins: a half
    assert abs(equal - 0.5) < DEVIATIONS * 0.5 / math.sqrt(mask.size)
