"""Trends: does a value rise with a quantity? Rank correlation of one series after another."""

from __future__ import annotations

import numpy as np

from nncli.statistics.resampling import Floats


def kendall_tau(levels: Floats, values: Floats) -> float:
    """Return Kendall's tau-b of ``values`` (n,) at ``levels`` (n,), from -1 to 1.

        tau_b = (concordant - discordant) / sqrt(pairs that differ in level * those in value)

    (Kendall 1945, "The treatment of ties in ranking problems"). It asks for the order alone, so
    values may be infinite. 0 where all values are equal: there is no trend; NaN where a value is.
    """
    rising, falling, levels_differ, values_differ = _counts(levels, values)
    if np.isnan(values).any():
        return float("nan")
    both = float(np.sqrt(float(levels_differ) * float(values_differ)))
    return (rising - falling) / both if both else 0.0


def steadiness(levels: Floats, values: Floats) -> float:
    """Return Goodman and Kruskal's gamma: 1 where values never fall and somewhere rise.

    ``(concordant - discordant) / (concordant + discordant)``, 0 without either. NaN where a value
    is.
    """
    rising, falling, _, _ = _counts(levels, values)
    if np.isnan(values).any():
        return float("nan")
    return (rising - falling) / (rising + falling) if rising + falling else 0.0


def _counts(levels: Floats, values: Floats) -> tuple[int, int, int, int]:
    """Count pairs: concordant, discordant, of different levels, and of different values."""
    first, second = np.triu_indices(len(levels), 1)
    by_level = _signs(levels[first], levels[second])
    by_value = _signs(values[first], values[second])
    agree = by_level * by_value
    counted = (agree > 0, agree < 0, by_level, by_value)
    rising, falling, levels_differ, values_differ = (int(np.count_nonzero(c)) for c in counted)
    return rising, falling, levels_differ, values_differ


def _signs(one: Floats, other: Floats) -> Floats:
    """Return 1 where ``other`` is larger, -1 where it is smaller; two infinities may be equal."""
    signs: Floats = (other > one).astype(float) - (other < one).astype(float)
    return signs
