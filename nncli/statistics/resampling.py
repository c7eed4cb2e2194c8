"""The bootstrap's resamples of n values, each as how often it holds every value.

A resample's mean is a product of those counts and the values, so one matrix of counts serves all
samples of n values at once, and what is drawn for one sample depends on no other.
"""

from __future__ import annotations

import functools
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: Up to so many values all distinct resamples are enumerated: C(2n - 1, n) of them, 462 at 6.
MOST_ENUMERATED = 6

#: Resamples that are drawn of more values; DiCiccio & Efron 1996 take as many for BCa.
DRAWS = 2000

#: Draws are the same in every report, on every machine.
SEED = 2002


@functools.cache
def all_resamples(n: int) -> tuple[Floats, Floats]:
    """Return all distinct resamples of ``n`` values, and how probable each is.

    Counts (resamples, n), each row with the sum n, and probabilities (resamples,): that of counts
    k is multinomial, ``n! / (k_1! ... k_n!) / n^n``. The distribution of a statistic over them is
    the ideal bootstrap's, without an error of simulation (Fisher & Hall 1991, "Bootstrap algorithms
    for small samples").
    """
    counts = [[n]]
    for _ in range(n - 1):  # the last number of each row is split into two, in all ways
        counts = [
            [*row[:-1], first, row[-1] - first] for row in counts for first in range(row[-1] + 1)
        ]
    ways = [math.factorial(n) // math.prod(map(math.factorial, row)) for row in counts]
    return np.array(counts, dtype=float), np.array(ways, dtype=float) / n**n


@functools.cache
def drawn_resamples(n: int) -> Floats:
    """Return ``DRAWS`` resamples of ``n`` values as counts (draws, n), always the same for an n."""
    draws = np.random.default_rng((SEED, n)).integers(n, size=(DRAWS, n))
    places = draws + n * np.arange(DRAWS)[:, None]
    return np.bincount(places.ravel(), minlength=DRAWS * n).reshape(DRAWS, n).astype(float)
