"""Hashed random numbers, in Python's unbounded integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TWO_64 = 2**64


def mix(h: int) -> int:
    """SplitMix64's finalizer (Steele, Lea & Flood 2014)."""
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 % TWO_64
    h = (h ^ (h >> 27)) * 0x94D049BB133111EB % TWO_64
    return h ^ (h >> 31)


def derive(key: int, position: int) -> int:
    """The output of SplitMix64 number ``position`` from the state ``key``."""
    return mix((key + 0x9E3779B97F4A7C15 * (position + 1)) % TWO_64)


def shuffled(key: int, values: list[int]) -> list[int]:
    """Fisher-Yates inside out: value i swaps in at a place drawn from 0..i."""
    result: list[int] = []
    for i, value in enumerate(values):
        place = (derive(key, i) >> 32) * (i + 1) >> 32
        result.append(value)
        result[i], result[place] = result[place], result[i]
    return result


def dropout_mask(key: int, rows: int, units: int, rate: float) -> Array:
    """1 where the hash of (key, unit's number in the batch) is above ``rate`` of its range."""
    limit = int(rate * TWO_64)
    hashes = [mix((key + place) % TWO_64) for place in range(rows * units)]
    return np.array([float(each >= limit) for each in hashes]).reshape(rows, units)
