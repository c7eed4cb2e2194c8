"""What a claim is judged on: a number for each unit that chance drew, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nncli.statistics.resampling import Floats


@dataclass(frozen=True)
class Sample:
    """The measurements of a claim, one a unit: a seed, or a seed on a data set.

    ``values`` (units,) are differences where a claim compares with runs, ``ours - theirs``; the
    measured values where it compares with a number; and rank correlations of a trend, which without
    chance are those that are 1 where no step falls. Runs that never arrive or diverged are
    infinite; NaN is what has no value at all. ``ours`` and ``theirs`` are means over the units, or
    medians where a value is infinite. ``missing`` says why nothing can be decided, whatever the
    values are, and ``notes`` what else must be known.
    """

    values: Floats
    ours: float | None = None
    theirs: float | None = None
    missing: str = ""
    notes: tuple[str, ...] = ()


def no_sample(missing: str) -> Sample:
    """Return the sample of a claim of which nothing could be measured."""
    import numpy as np

    return Sample(np.empty(0), missing=missing)
