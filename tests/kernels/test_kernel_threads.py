"""The sharing of work between ranks, and the barrier, with real threads."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli.kernels.jit import kernel, native
from nncli.kernels.threads import barrier, share

Maker = Callable[[Callable[..., Any]], Any]
SIZES = st.integers(0, 5000)
RANKS = st.integers(1, 17)
GRAINS = st.sampled_from([1, 2, 16, 64])


@given(size=SIZES, ranks=RANKS, grain=GRAINS)
@settings(max_examples=300, deadline=None)
def test_shares_are_a_fair_partition(size: int, ranks: int, grain: int) -> None:
    shares = [share(size, rank, ranks, grain) for rank in range(ranks)]
    assert shares == [native(share)(size, rank, ranks, grain) for rank in range(ranks)]
    assert shares[0][0] == 0
    assert shares[-1][1] == size
    for (_, stop), (start, _) in itertools.pairwise(shares):
        assert start == stop  # nothing twice, nothing left out
    for start, stop in shares:
        assert 0 <= start <= stop <= size
        assert start % grain == 0 or start == size  # no two ranks on one cache line
    lengths = [-(-(stop - start) // grain) for start, stop in shares]
    assert max(lengths) - min(lengths) <= 1


def test_one_rank_has_all() -> None:
    assert share(77, 0, 1, 16) == (0, 77)


@kernel
def march(rank, ranks, rounds, steps, counter, faults):  # type: ignore[no-untyped-def]
    """Step and meet, and see after each meeting whether everybody has stepped, and none twice."""
    for number in range(1, rounds + 1):
        steps[rank, 0] = number
        barrier(counter, ranks, number)
        for other in range(ranks):
            if steps[other, 0] < number or steps[other, 0] > number + 1:
                faults[rank] += 1


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_nobody_passes_a_barrier_before_everybody_has_come(ranks: int) -> None:
    rounds = 3000 if ranks < 3 else 300  # the third rank of a machine with two cores must wait
    steps, faults = np.zeros((ranks, 8), np.int64), np.zeros(ranks, np.int64)
    counter = np.zeros(1, np.int64)
    compiled = native(march)
    compiled(0, 1, 1, steps, np.zeros(1, np.int64), faults)  # compile before the threads start
    steps[:] = 0
    threads = [
        threading.Thread(target=compiled, args=(rank, ranks, rounds, steps, counter, faults))
        for rank in range(ranks)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert not any(each.is_alive() for each in threads)
    assert not faults.any()
    assert (steps[:, 0] == rounds).all()
    assert counter[0] == (ranks * rounds if ranks > 1 else 0)
