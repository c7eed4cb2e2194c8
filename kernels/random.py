"""Random numbers inside the loop: a function of (key, position) and nothing else.

All of a run's keys come from one 64-bit number that its ``numpy.random.Generator`` draws. The order
of an epoch's rows and every dropout mask can be worked out from the key and the position in the
run. So there is no generator to share between ranks, none to store for resuming, and a frozen key
freezes the masks for a gradient check.
"""

from __future__ import annotations

import numpy as np

from nncli.kernels.jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@kernel
def mix(h):
    """Scramble the bits of a uint64 (the finalizer of SplitMix64, Steele et al. 2014)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@kernel
def derive(key, position):
    """Return the key of one part of what ``key`` stands for: an epoch, an update, a layer."""
    return mix(np.uint64(key) + _GOLDEN * (np.uint64(position) + np.uint64(1)))


@kernel
def shuffle(key, values, shuffled):
    """Write a random permutation of ``values`` (n,) into ``shuffled`` (Fisher-Yates, inside out).

    A place among the first i is drawn by scaling 32 random bits, so that orders differ in
    probability by less than n / 2^32.
    """
    for i in range(values.size):
        bits = derive(key, i) >> np.uint64(32)
        place = np.int64((bits * np.uint64(i + 1)) >> np.uint64(32))
        shuffled[i] = shuffled[place]
        shuffled[place] = values[i]
