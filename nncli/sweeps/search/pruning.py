"""Pruners: which trials are not worth going on with.

``median`` stops a trial that is worse than the median of the finished ones at the same epoch,
``halving`` and ``hyperband`` let only the best share go on at a few epochs (Li et al. 2018, 2020),
and ``wilcoxon`` leaves out a trial's remaining seeds once it is significantly worse than the best
trial on the same seeds, unless its mean so far is better than the mean of the best. The decisions
are Optuna's. Its study here holds curves alone, no params, so that every sampler can be had with
every pruner.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nncli.errors import UsageError, unknown_choice
from nncli.sweeps.search.objectives import Objective

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner


@dataclass(frozen=True)
class Pruner:
    """A pruner that can be asked for, its one number and the values that this may have."""

    name: str
    meaning: str
    usual: float
    fits: Callable[[float], bool]
    expected: str


def _is_whole(lowest: int) -> Callable[[float], bool]:
    return lambda value: value == int(value) and value >= lowest


PRUNERS = {
    each.name: each
    for each in (
        Pruner("median", "trials before it judges", 5, _is_whole(1), "a whole number from 1"),
        Pruner("halving", "reduction factor", 3, _is_whole(2), "a whole number from 2"),
        Pruner("hyperband", "reduction factor", 3, _is_whole(2), "a whole number from 2"),
        Pruner(
            "wilcoxon", "p-value", 0.1, lambda value: 0 < value < 0.5, "a number between 0 and 0.5"
        ),
    )
}


@dataclass(frozen=True)
class PrunerForm:
    """A pruner as it was asked for: ``median:5`` is the name and its number."""

    name: str
    number: float

    def check(self, objectives: Sequence[Objective], seeds: int) -> None:
        """Raise UsageError where the pruner has nothing to judge by."""
        if len(objectives) > 1:
            raise UsageError(
                f"--pruner {self.name} judges by one objective, and there are {len(objectives)}: "
                "name one, or leave --pruner out"
            )
        if self.name == "wilcoxon":
            self._check_seeds(seeds)
        elif not objectives[0].by_epoch:
            raise UsageError(
                f"--pruner {self.name} follows an objective from epoch to epoch, and "
                f"{objectives[0].metric} is known only at the end: choose val_loss, or leave "
                "--pruner out"
            )

    def _check_seeds(self, seeds: int) -> None:
        # The one-sided test on n pairs has no p-value below 2^-n: all differences of one sign.
        deciding = math.floor(-math.log2(self.number)) + 1
        if seeds <= deciding:
            raise UsageError(
                "--pruner wilcoxon compares trials seed by seed, to leave out seeds: at a p-value "
                f"of {self.number:g} it can tell from {deciding} seeds on, so that it needs at "
                f"least {deciding + 1}, and there {'is 1' if seeds == 1 else f'are {seeds}'}: "
                f"give --seeds {deciding + 1} or more, or choose --pruner median"
            )

    def rungs(self, epochs: int) -> list[int]:
        """Return the epochs before the last at which halving and hyperband let the best go on."""
        factor = int(self.number)
        first = math.ceil(epochs / factor**2)
        return [rung for rung in (first, first * factor) if rung < epochs]

    def look_every(self, epochs: int) -> int | None:
        """Return how many epochs apart the pruner looks; ``None`` if at none."""
        if self.name == "wilcoxon":
            return None
        if self.name == "median":
            return max(1, epochs // 100) if epochs > 1 else None
        return min(self.rungs(epochs), default=None)


def read_pruner(text: str) -> PrunerForm:
    """Read ``NAME`` or ``NAME:NUMBER``, such as ``median`` or ``halving:4``."""
    name, colon, given = text.strip().lower().replace("-", "_").partition(":")
    name = {"successive_halving": "halving", "asha": "halving"}.get(name, name)
    if name not in PRUNERS:
        raise unknown_choice("pruner", name, PRUNERS)
    pruner = PRUNERS[name]
    if not colon:
        return PrunerForm(name, pruner.usual)
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not pruner.fits(number):
        raise UsageError(
            f"--pruner {text}: the number of {name} is its {pruner.meaning}: expected "
            f"{pruner.expected}, such as {name}:{pruner.usual:g}"
        )
    return PrunerForm(name, number)


class Judge:
    """Hears curves and says which trials to stop. All methods may be called from several threads.

    A trial is judged at multiples of ``look_every`` before its last epoch; a value for an epoch
    that it was judged at already is ignored. A trial that another process runs is only heard of
    when it is done, if at all, and competes from then on.
    """

    def __init__(self, form: PrunerForm, minimizes: bool, epochs: int) -> None:
        from nncli.sweeps.search.optuna_quietly import optuna, quiet

        quiet()
        self.look_every = form.look_every(epochs)
        self._by_seed = form.name == "wilcoxon"
        self._epochs = epochs
        self._study = optuna.create_study(
            # Hyperband draws a trial's bracket by the study's name and the trial's number.
            study_name="sweep",
            direction="minimize" if minimizes else "maximize",
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=_make(form, epochs),
        )
        self._trials: list[Trial] = []
        self._going: set[int] = set()
        self._judged: dict[int, int] = {}  # up to which epoch
        self._stopped: set[int] = set()
        self._lock = threading.Lock()

    def begin(self, number: int) -> None:
        """Make place for a trial; numbers in Optuna's study are ours."""
        with self._lock:
            while len(self._trials) <= number:
                self._going.add(len(self._trials))
                self._trials.append(self._study.ask())

    def report(self, number: int, step: int, value: float) -> bool:
        """Hear a value after epoch ``step``; True: stop the trial. Non-finite ones stop it."""
        with self._lock:
            if self._is_stopped(number, value):
                return True
            if self._by_seed or self.look_every is None or step % self.look_every:
                return False
            if step >= self._epochs or step <= self._judged.get(number, 0):
                return False
            self._judged[number] = step
            return self._stops(number, step, value)

    def report_seed(self, number: int, place: int, value: float) -> bool:
        """Hear the value of a whole run; True: leave out the trial's other seeds."""
        with self._lock:
            if self._is_stopped(number, value):
                return True
            return self._by_seed and self._stops(number, place, value)

    def finish(self, number: int, values: Sequence[float] | None, pruned: bool) -> None:
        """Hear how a trial ended; only one that completed is a standard for others."""
        from nncli.sweeps.search.optuna_quietly import optuna

        with self._lock:
            if number not in self._going:
                return
            self._going.remove(number)
            self._judged.pop(number, None)
            states = optuna.trial.TrialState
            trial = self._trials[number]
            if pruned:
                self._study.tell(trial, state=states.PRUNED)
            elif values is None or not math.isfinite(values[0]):
                self._study.tell(trial, state=states.FAIL)
            else:
                self._study.tell(trial, values[0])

    def _is_stopped(self, number: int, value: float) -> bool:
        if not math.isfinite(value):
            self._stopped.add(number)
        return number in self._stopped

    def _stops(self, number: int, step: int, value: float) -> bool:
        if number not in self._going:
            return False
        self._trials[number].report(value, step)
        if self._trials[number].should_prune():
            self._stopped.add(number)
        return number in self._stopped


def _make(form: PrunerForm, epochs: int) -> BasePruner:
    """Return Optuna's pruner, with what suits small networks.

    The median judges after a tenth of the epochs. Halving judges at about a ninth and a third of
    them (with the usual factor), since the first epochs say little of a small network; hyperband
    has brackets that begin at the one, at the other, and one that stops nobody.
    """
    from nncli.sweeps.search.optuna_quietly import optuna

    pruners = optuna.pruners
    if form.name == "median":
        return pruners.MedianPruner(
            n_startup_trials=int(form.number), n_warmup_steps=math.ceil(epochs / 10)
        )
    if form.name == "wilcoxon":
        return pruners.WilcoxonPruner(p_threshold=form.number)
    factor = int(form.number)
    first = math.ceil(epochs / factor**2)
    if form.name == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=first, reduction_factor=factor)
    return pruners.HyperbandPruner(
        min_resource=first, max_resource=first * factor**2, reduction_factor=factor
    )
