"""Many tests at once: Holm's correction, and what it leaves within reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: A difference is shown where the corrected p-value is at most this.
ALPHA = 0.05


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of k tests, corrected so that they bound the chance of any false one.

    With p_(1) <= ... <= p_(k),

        corrected p_(i) = min(1, max over j <= i of (k - j + 1) p_(j))

    (Holm 1979, "A simple sequentially rejective multiple test procedure"). No assumption is made on
    how the tests depend on each other: here they share a reference.
    """
    k = len(p_values)
    corrected, largest = [0.0] * k, 0.0
    for place, index in enumerate(sorted(range(k), key=lambda each: p_values[each])):
        largest = max(largest, (k - place) * p_values[index])
        corrected[index] = min(1.0, largest)
    return corrected


def smallest_p(pairs: int) -> float:
    """Return the smallest p-value that a two-sided test of ``pairs`` signed differences can give.

    It is that of differences which all have one sign, 2 of the 2^pairs ways to set the signs, for
    the sign-flip test and for Wilcoxon's exact one alike.
    """
    return min(1.0, 2.0 ** (1 - pairs))


def pairs_needed(comparisons: int) -> int:
    """Return the pairs with which each of several equal tests can reach ``ALPHA`` after Holm's.

    ``comparisons * 2^(1 - pairs) <= ALPHA``.
    """
    return 1 + math.ceil(math.log2(comparisons / ALPHA))
