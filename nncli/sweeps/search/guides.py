"""The guide of a sweep: what it tries next, and which trials are not worth going on with.

A guide joins a sampler, which proposes trials, with a pruner, which breaks them off. The samplers
that enumerate (grid, random, quasi-random) stand in ``enumerating.py``, those of Optuna in
``optuna_guide.py``, the pruners in ``pruning.py``; each is imported only when it is asked for.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nncli.errors import UsageError, unknown_choice
from nncli.options import flag_of
from nncli.sweeps.search.objectives import Objective

if TYPE_CHECKING:
    from nncli.sweeps.search.pruning import Judge
    from nncli.sweeps.space.space import Space

#: The samplers, and what is said of them.
SAMPLERS = {
    "grid": "every combination",
    "random": "independent draws",
    "quasi": "draws that fill the space evenly (scrambled Sobol points)",
    "tpe": "tree-structured Parzen estimator",
    "cmaes": "covariance matrix adaptation, for numbers",
    "gp": "Gaussian process, for few and costly trials",
    "nsga2": "genetic algorithm, for several objectives",
}

#: Other names of samplers.
ALIASES = {
    "sobol": "quasi",
    "qmc": "quasi",
    "quasirandom": "quasi",
    "quasi_random": "quasi",
    "cma": "cmaes",
    "cma_es": "cmaes",
    "nsgaii": "nsga2",
}

#: Samplers that need Optuna, with the packages and the extra of nncli that brings them.
NEEDS = {
    "tpe": (("optuna",), "optuna"),
    "cmaes": (("optuna", "cmaes"), "optuna"),
    "gp": (("optuna", "torch"), "gp"),
    "nsga2": (("optuna",), "optuna"),
}


class Guide(ABC):
    """Proposes the trials of a sweep by number and hears how they go.

    ``total`` is how many trials there will be, ``None`` where that is known only at the end;
    ``learns`` says whether proposals depend on results. All methods may be called from several
    threads; the pruner has a lock of its own, so that runs need not wait for a proposal.
    """

    learns = False

    def __init__(self, total: int | None, judge: Judge | None = None) -> None:
        self.total = total
        self._judge = judge
        self._lock = threading.RLock()

    @property
    def look_every(self) -> int | None:
        """Return how many epochs apart ``report`` is wanted; ``None`` where it is not."""
        return None if self._judge is None else self._judge.look_every

    @abstractmethod
    def _propose(self, number: int) -> dict[str, Any] | None:
        """Return the params of a trial; the lock is held."""

    def propose(self, number: int) -> dict[str, Any] | None:
        """Return the params of trial ``number``, or ``None`` if there are no more.

        Numbers come in order, without those that were adopted.
        """
        with self._lock:
            params = self._propose(number)
        if params is not None and self._judge is not None:
            self._judge.begin(number)
        return params

    def adopt(self, number: int, params: Mapping[str, Any]) -> None:
        """Take in a trial that exists already: another process has it, or it was restored.

        It counts as running until it is finished. Its params take the place of a proposal of that
        number. For the pruner, report what is stored of its curve before it is finished.
        """
        if self._judge is not None:
            self._judge.begin(number)

    def report(self, number: int, step: int, value: float) -> bool:
        """Hear the objective of a trial's first seed after epoch ``step``; True: prune it now."""
        return self._judge is not None and self._judge.report(number, step, value)

    def report_seed(self, number: int, place: int, value: float) -> bool:
        """Hear the objective of the run with seed number ``place``; True: leave out the others."""
        return self._judge is not None and self._judge.report_seed(number, place, value)

    def finish(self, number: int, values: Sequence[float] | None, pruned: bool) -> None:
        """Hear how a trial ended: its objectives' means over seeds, ``None`` if it failed.

        Of a pruned trial give the values that it had reached.
        """
        if self._judge is not None:
            self._judge.finish(number, values, pruned)


def make_guide(
    space: Space,
    *,
    sampler: str | None,
    trials: int | None,
    seed: int,
    objectives: Sequence[Objective],
    pruner: str | None,
    epochs: int,
    seeds: int,
) -> Guide:
    """Return the guide of a sweep over ``space``.

    Without a sampler it is a grid, or random if ``trials`` says how many. ``seed`` is that of the
    sampler, ``seeds`` how many runs a trial has, of up to ``epochs`` epochs each. Raises UsageError
    for what does not go together.
    """
    name = sampler_name(sampler, trials)
    if name == "grid":
        _check_grid(space, trials)
    elif trials is None:
        raise UsageError(
            f"--sampler {name} draws without end: say how many trials with --trials, such as "
            "--trials 100"
        )
    elif trials < 1:
        raise UsageError(f"--trials is {trials}: expected at least 1")
    if name in NEEDS:
        require(f"--sampler {name}", *NEEDS[name])
    judge = _judge(pruner, objectives, epochs, seeds)
    if name in NEEDS:
        assert trials is not None
        from nncli.sweeps.search.optuna_guide import OptunaGuide

        return OptunaGuide(space, name, trials, seed, objectives, judge)
    from nncli.sweeps.search.enumerating import GridGuide, QuasiRandomGuide, RandomGuide

    if name == "grid":
        return GridGuide(space, judge)
    assert trials is not None
    draws = RandomGuide if name == "random" else QuasiRandomGuide
    return draws(space, trials, seed, judge)


def require(what: str, packages: Sequence[str], extra: str) -> None:
    """Raise UsageError unless the packages that ``what`` needs are installed."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise UsageError(
            f"{what} needs {' and '.join(missing)}, not installed here: "
            f"pip install 'nncli[{extra}]'"
        )


def sampler_name(sampler: str | None, trials: int | None) -> str:
    """Return the name of a sampler; where none is given, grid, or random if trials are.

    Raises UsageError for an unknown one.
    """
    if sampler is None:
        return "grid" if trials is None else "random"
    plain = sampler.strip().lower().replace("-", "_")
    name = ALIASES.get(plain, plain)
    if name not in SAMPLERS:
        raise unknown_choice("sampler", sampler, SAMPLERS)
    return name


def _check_grid(space: Space, trials: int | None) -> None:
    """Raise UsageError for a grid without end, or with a number of trials."""
    endless = [name for name, dimension in space.axes.items() if dimension.size is None]
    if endless:
        flag = flag_of(endless[0])
        raise UsageError(
            f"{flag} is a range without end, and a grid tries every value: say how many values, "
            f"such as {flag} lin:a:b:n or {flag} log:a:b:n, or draw from the range with "
            "--sampler random --trials 100"
        )
    if trials is not None:
        raise UsageError(
            f"--trials {trials} with --sampler grid, which tries every combination: leave --trials "
            f"out, or choose --sampler random --trials {trials}"
        )


def _judge(
    pruner: str | None, objectives: Sequence[Objective], epochs: int, seeds: int
) -> Judge | None:
    """Return the judge of a pruner, if one is asked for."""
    if pruner is None or pruner.strip().lower() == "none":
        return None
    from nncli.sweeps.search.pruning import Judge, read_pruner

    form = read_pruner(pruner)
    form.check(objectives, seeds)
    require(f"--pruner {form.name}", ("optuna",), "optuna")
    return Judge(form, objectives[0].minimizes, epochs)
