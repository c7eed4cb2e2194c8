"""The learning-rate range test: raise the rate until training breaks (Smith 2017, section 3.3).

From fresh weights the rate rises exponentially from update to update. While it is too low nothing
happens; then the loss falls; where it is too high the loss rises again and training diverges. The
test is repeated with other weights and orders of rows, since one run of it depends on chance.
Nothing is stored, and the weights are thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data import Dataset
from nncli.errors import UsageError
from nncli.kernels import control as c
from nncli.kernels.assemble import assemble
from nncli.kernels.optimizers import OPTIMIZERS
from nncli.model import Model
from nncli.spec import Spec
from nncli.trainer import Trainer, parts_of, threads_for

Array = NDArray[np.float64]

#: Training has diverged where the smoothed loss is so many times the best one before.
DIVERGED = 4.0

#: A best loss counts as at least this share of the first: near 0, four times the best is nothing.
LEAST = 0.1

#: A fall of the smoothed loss by a smaller share than this is chance, or rounding.
LEAST_FALL = 0.05

#: Losses are smoothed over so many updates: this share of all.
WINDOW = 1 / 25

#: How far below the rate at which it diverges training is safe, and still fast. The largest rate
#: that does not diverge is about the best one (Bengio 2012, section 3.1.1); but the test passes by
#: it in a few updates, and a whole training would have to bear it for thousands.
MARGIN = 10.0


@dataclass(frozen=True)
class Repeat:
    """One rise of the rate: ``losses`` and ``smoothed`` (updates,), NaN after it stopped.

    ``diverged`` is the rate at which it did, or None; ``steepest`` the one at which the loss fell
    fastest with the logarithm of the rate, or None if it never fell.
    """

    seed: int
    losses: Array
    smoothed: Array
    diverged: float | None
    steepest: float | None

    @property
    def suggestion(self) -> float | None:
        """Return a tenth of the rate that diverged, else the rate of the steepest fall."""
        return self.steepest if self.diverged is None else self.diverged / MARGIN


@dataclass(frozen=True)
class RangeTest:
    """All repeats over the same ``rates`` (updates,)."""

    rates: Array
    repeats: tuple[Repeat, ...]

    @cached_property
    def suggestions(self) -> list[float]:
        """Return what the repeats suggest, in order."""
        return sorted(each.suggestion for each in self.repeats if each.suggestion is not None)

    @property
    def suggestion(self) -> float | None:
        """Return the median of the repeats' suggestions, to two digits.

        None if there are none, or if it is a rate that was not tried.
        """
        if not self.suggestions or (found := float(np.median(self.suggestions))) < self.rates[0]:
            return None
        return float(f"{found:.2g}")

    @property
    def diverged(self) -> list[float]:
        """Return the rates at which repeats diverged, in order."""
        return sorted(each.diverged for each in self.repeats if each.diverged is not None)

    @property
    def steepest(self) -> list[float]:
        """Return the rates at which the loss fell fastest, in order."""
        return sorted(each.steepest for each in self.repeats if each.steepest is not None)

    @property
    def reason(self) -> str:
        """Return why that rate."""
        if self.suggestion is None:
            if self.suggestions:
                return "training diverges too near to the lowest rate: give a smaller --lowest"
            return "the loss fell at no rate: look at the data, or give a larger --highest"
        if len(self.diverged) * 2 > len(self.repeats):
            return f"1/{MARGIN:g} of the rate at which training diverges"
        return "the rate at which the loss falls fastest; training diverged at none"

    def band(self) -> tuple[Array, Array, Array]:
        """Return the lowest, median and highest smoothed loss at each rate, (updates,).

        A repeat that has diverged counts as infinite, lest its end look like a fall.
        """
        losses = np.array([each.smoothed for each in self.repeats])
        losses[np.isnan(losses)] = np.inf
        return losses.min(axis=0), np.median(losses, axis=0), losses.max(axis=0)

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``nncli lr-find --json`` prints; what was not measured is null."""
        return {
            "suggestion": self.suggestion,
            "reason": self.reason,
            "rates": self.rates.tolist(),
            "repeats": [
                {
                    "seed": each.seed,
                    "suggestion": each.suggestion,
                    "diverged": each.diverged,
                    "steepest": each.steepest,
                    "losses": each.losses.tolist(),
                    "smoothed": each.smoothed.tolist(),
                }
                for each in self.repeats
            ],
        }


def range_test(
    spec: Spec,
    dataset: Dataset,
    model: Model,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    updates: int = 300,
    repeats: int = 3,
    observe: Callable[[float], None] = lambda fraction: None,
) -> RangeTest:
    """Raise the rate from ``lowest`` to ``highest`` in ``updates`` steps, ``repeats`` times.

    ``spec`` is resolved; its own rate, schedule, warm-up and number of epochs do not count. Repeats
    have the seeds ``spec.seed``, ``spec.seed + 1`` and so on, on the same split. ``observe`` is
    told the share that is done. Raises UsageError for an optimizer without a rate.
    """
    check_has_rate(spec.opt)
    if not lowest < highest:
        raise UsageError(
            f"--lowest is {lowest:g} and --highest {highest:g}: the rate must rise, give a larger "
            "--highest"
        )
    rates = np.geomspace(lowest, highest, updates)
    # an epoch that is not logged is not validated and stops nothing; the last is never reached
    endless = replace(
        spec, epochs=updates + 1, log_every=updates + 1, schedule="constant",
        warmup=0.0, diagnose=False,
    )  # fmt: skip
    assembly = assemble(parts_of(endless, model, dataset))
    threads = threads_for(endless, model, dataset)
    done = []
    for number in range(repeats):
        own = replace(endless, seed=spec.seed + number)
        rising = RisingTrainer(own, model, dataset, assembly, threads)
        done.append(_repeat(rising, rates, partial(_tell, observe, number, repeats)))
    return RangeTest(rates, tuple(done))


def check_has_rate(opt: str) -> None:
    """Raise UsageError for an optimizer without a learning rate."""
    if "lr" not in OPTIMIZERS[opt].uses:
        fitting = [each.name for each in OPTIMIZERS.parts.values() if "lr" in each.uses]
        raise UsageError(
            f"--opt {opt} has no learning rate: a line search finds the length of every step; "
            f"choose one of {', '.join(fitting)}, or train without --lr"
        )


class RisingTrainer(Trainer):
    """A training whose rate is set for each update."""

    def update(self, rate: float) -> float:
        """Do one update at ``rate``; return the mean loss of its rows before it."""
        first = self.position * int(self._control[c.BATCH])
        rows = min(int(self._control[c.BATCH]), len(self.dataset.train) - first)
        self._numbers[c.RATE] = rate
        self.advance(1)
        return float(self._sums[:, c.SUM_LOSS].sum()) / rows


def _repeat(trainer: RisingTrainer, rates: Array, observe: Callable[[float], None]) -> Repeat:
    """Raise the rate until the last one, or until training diverges."""
    window = max(1, round(WINDOW * len(rates)))
    keep = 1 - 1 / window
    losses, smoothed = np.full((2, len(rates)), np.nan)
    mean = weight = 0.0
    first, best = None, np.inf
    diverged = None
    for place, rate in enumerate(rates):
        losses[place] = loss = trainer.update(float(rate))
        if not np.isfinite(loss):
            diverged = float(rate)
            break
        # a mean that forgets, without its bias towards the start
        mean = keep * mean + (1 - keep) * loss
        weight = keep * weight + (1 - keep)
        smoothed[place] = mean / weight
        if place + 1 < window:
            continue
        first = smoothed[place] if first is None else first
        best = min(best, smoothed[place])
        limit = DIVERGED * max(best, LEAST * first)
        if smoothed[place] > limit > 0:  # losses below 0, of a formula, have no such multiple
            diverged = float(rate)
            break
        observe((place + 1) / len(rates))
    observe(1.0)
    return Repeat(trainer.spec.seed, losses, smoothed, diverged, steepest(rates, smoothed, window))


def _tell(observe: Callable[[float], None], number: int, repeats: int, share: float) -> None:
    """Turn the share of repeat ``number`` that is done into that of all."""
    observe((number + share) / repeats)


def steepest(rates: Array, smoothed: Array, window: int) -> float | None:
    """Return the rate at which ``smoothed`` falls fastest with log rate, before its smallest value.

    Slopes are those over ``window`` updates. The rate is that in their middle, less another window,
    by which the smoothed loss lags behind. None if there is no fall worth the name.
    """
    known = smoothed[np.isfinite(smoothed)]
    if len(known) <= 2 * window:
        return None
    least = window + int(known[window:].argmin())
    if known[window] - known[least] <= LEAST_FALL * abs(known[window]):
        return None
    change = known[window : least + 1] - known[: least + 1 - window]
    # the first window is a mean of few losses, and its changes are chance
    change = change[window:]
    if not len(change):
        return None
    return float(rates[window + int(change.argmin()) + window // 2 - window])
