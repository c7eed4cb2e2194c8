"""Holm's correction against tables that others computed, and what it can at best come to."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.statistics.multiplicity import ALPHA, holm, pairs_needed, smallest_p

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # by hand
        ([0.50, 0.003, 0.32, 0.054, 0.0003], [0.64, 0.012, 0.64, 0.162, 0.0015]),  # pingouin's help
        ([0.04], [0.04]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
        ([], []),
    ],
)
def test_published_tables(p_values: list[float], corrected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(corrected, abs=1e-12)


def closed(p_values: list[float]) -> list[float]:
    """Holm's test as the closure of Bonferroni's: the worst over all sets that hold the test."""
    k = len(p_values)
    found = []
    for index in range(k):
        sets = [
            chosen
            for size in range(1, k + 1)
            for chosen in itertools.combinations(range(k), size)
            if index in chosen
        ]
        found.append(max(min(1.0, len(c) * min(p_values[i] for i in c)) for c in sets))
    return found


@given(P_VALUES)
def test_it_is_the_closure_of_bonferroni(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(closed(p_values), abs=1e-12)


@given(P_VALUES, st.data())
def test_no_corrected_value_falls_when_a_p_value_rises(
    p_values: list[float], data: st.DataObject
) -> None:
    """So what the smallest p-values come to bounds what any could: the word "too few seeds"."""
    higher = [data.draw(st.floats(p, 1)) for p in p_values]
    pairs = zip(holm(p_values), holm(higher), strict=True)
    assert all(low <= high + 1e-15 for low, high in pairs)


def test_the_smallest_p_value() -> None:
    assert [smallest_p(n) for n in (0, 1, 2, 5, 6)] == [1, 1, 0.5, 0.0625, 0.03125]


@pytest.mark.parametrize("comparisons", [1, 2, 3, 10, 50, 1000])
def test_pairs_needed_is_the_least_number(comparisons: int) -> None:
    needed = pairs_needed(comparisons)
    assert max(holm([smallest_p(needed)] * comparisons)) <= ALPHA
    assert max(holm([smallest_p(needed - 1)] * comparisons)) > ALPHA
    assert pairs_needed(1) == 6
