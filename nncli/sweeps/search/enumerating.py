"""Samplers that do not look at results: grid, random and quasi-random.

Trial ``number`` is a function of the space, the sampler's seed and the number alone. So a sweep
that goes on later, and several processes on one sweep, propose the same trials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import UsageError
from nncli.sweeps.search.guides import Guide

if TYPE_CHECKING:
    from nncli.sweeps.search.pruning import Judge
    from nncli.sweeps.space.space import Space

#: Draws in a row that constraints may refuse before a sampler gives up. About a second.
TRIES = 10_000

#: Sobol points that are computed at a time; the sequence is balanced at powers of two.
BLOCK = 128


class GridGuide(Guide):
    """Every combination in the order of the grid, made one by one."""

    def __init__(self, space: Space, judge: Judge | None = None) -> None:
        # Conditions and constraints leave out combinations that are known only one by one.
        pared = space.conditional or space.constraints
        super().__init__(None if pared else space.bound(), judge)
        self._space = space
        self._points = space.grid()
        self._next = 0

    def _propose(self, number: int) -> dict[str, Any] | None:
        if number < self._next:
            self._points, self._next = self._space.grid(), 0
        skipped = number - self._next
        self._next = number + 1
        return next(islice(self._points, skipped, None), None)


class RandomGuide(Guide):
    """Independent draws; trial ``n`` has a generator of its own, seeded by the seed and ``n``."""

    def __init__(self, space: Space, trials: int, seed: int, judge: Judge | None = None) -> None:
        super().__init__(trials, judge)
        self._space, self._seed, self._trials = space, seed, trials

    def _propose(self, number: int) -> dict[str, Any] | None:
        return None if number >= self._trials else draw(self._space, [self._seed, number])


def draw(space: Space, seed: Sequence[int]) -> dict[str, Any]:
    """Return a random point of the space that its constraints allow.

    Raises UsageError where they allow hardly any.
    """
    generator = np.random.default_rng(seed)
    for _ in range(TRIES):
        params = space.point(generator.random(len(space.order)).tolist())
        if params is not None:
            return params
    raise hardly_anything(space)


def hardly_anything(space: Space) -> UsageError:
    """The error for constraints that refused every one of many draws."""
    return UsageError(
        f"the constraints refused {TRIES} draws in a row ({'; '.join(space.constraints)}): "
        "loosen them, or give ranges in which more points keep to them"
    )


class QuasiRandomGuide(Guide):
    """Scrambled Sobol points (Owen 1998): draws that fill the space more evenly than random ones.

    Trial ``n`` is the ``n``-th point of the sequence that the constraints allow.
    """

    def __init__(self, space: Space, trials: int, seed: int, judge: Judge | None = None) -> None:
        super().__init__(trials, judge)
        self._space, self._seed, self._trials = space, seed, trials
        self._points = self._allowed()
        self._next = 0

    def _propose(self, number: int) -> dict[str, Any] | None:
        if number >= self._trials:
            return None
        if number < self._next:
            self._points, self._next = self._allowed(), 0
        skipped = number - self._next
        self._next = number + 1
        return next(islice(self._points, skipped, None))

    def _allowed(self) -> Iterator[dict[str, Any]]:
        """Yield the points of the sequence that the constraints allow, without end."""
        from scipy.stats import qmc

        space = self._space
        # Axes with one value take no dimension: the first dimensions are the most even.
        places = [place for place, name in enumerate(space.order) if name in set(space.varied)]
        sequence = qmc.Sobol(max(1, len(places)), seed=np.random.default_rng(self._seed))
        shares, refused = [0.0] * len(space.order), 0
        while refused < TRIES:
            for point in sequence.random(BLOCK).tolist():
                for place, share in zip(places, point, strict=False):
                    shares[place] = share
                params = space.point(shares)
                refused = refused + 1 if params is None else 0
                if params is not None:
                    yield params
        raise hardly_anything(space)
