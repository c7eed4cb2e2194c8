"""The samplers that learn from results, which are Optuna's: TPE, CMA-ES, GP and NSGA-II.

They are used by ask and tell over a study in memory, which is rebuilt from our database. For every
trial the sampler is made anew, seeded by the sweep's seed and the trial's number. So a proposal of
TPE and of GP depends on the seed, the number and what is known of other trials, and on nothing
else: a sweep that was killed goes on, one run at a time, as if it had not been. CMA-ES and NSGA-II
keep notes at their trials; these are taken again when trials are restored, in the order in which
they finish, so that the same holds where every trial finished before the next began. Of several at
a time, a restored CMA-ES may count a trial to another generation, and goes on from there.

What no sampler of Optuna knows is done here. *Constraints*: a point that they refuse is drawn
again, and after some draws a random point is taken; the sampler hears of allowed points only.
*Conditions*: the axes are drawn parents first, those that are not active are left out. TPE models
each group of axes that occur together; the others draw conditional axes at random. *Trials that
failed or were pruned* count as worse than all others: Optuna's own states for these are unknown to
GP and CMA-ES, which would try the same again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import UsageError
from nncli.sweeps.search.enumerating import draw
from nncli.sweeps.search.guides import Guide
from nncli.sweeps.search.objectives import Objective
from nncli.sweeps.search.optuna_quietly import optuna, quiet
from nncli.sweeps.space.dimensions import Choices, Dimension, Real, Whole
from nncli.sweeps.space.values import OptionValues

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from nncli.sweeps.search.pruning import Judge
    from nncli.sweeps.space.space import Space

Params = dict[str, Any]

#: Draws of one trial that constraints may refuse before a random point is taken.
TRIES = {"tpe": 50, "cmaes": 50, "gp": 3, "nsga2": 50}

#: Samplers that keep notes at their trials.
TAKES_NOTES = ("cmaes", "nsga2")


class OptunaGuide(Guide):
    """Proposals of a sampler that learns. A proposal of GP takes tenths of a second."""

    learns = True

    def __init__(
        self,
        space: Space,
        sampler: str,
        trials: int,
        seed: int,
        objectives: Sequence[Objective],
        judge: Judge | None = None,
    ) -> None:
        quiet()
        super().__init__(trials, judge)
        self._space, self._sampler, self._trials, self._seed = space, sampler, trials, seed
        self._objectives = tuple(objectives)
        self._distributions = {
            name: distribution(dimension)
            for name, dimension in space.axes.items()
            if name in set(space.varied)
        }
        if sampler == "cmaes":
            self._check_cmaes()
        self._next = _NextPoint(self._distributions)
        self._study = optuna.create_study(
            study_name="sweep",
            sampler=self._next,
            pruner=optuna.pruners.NopPruner(),
            directions=["minimize" if each.minimizes else "maximize" for each in objectives],
        )
        self._open: dict[int, Trial] = {}
        self._params: dict[int, Params] = {}
        self._adopted: dict[int, Params] = {}  # not yet in the study
        self._finished: set[int] = set()
        self._worst: list[float] | None = None

    def _propose(self, number: int) -> Params | None:
        if number >= self._trials:
            return None
        for waiting in sorted(self._adopted):
            self._enter(waiting)
        self._drop(number)
        return self._ask(number, lambda study, trial: self._draw(study, trial, number))

    def adopt(self, number: int, params: Mapping[str, Any]) -> None:
        """Take in a trial that exists; it comes into the study when the sampler is next needed.

        Restored trials so enter one by one as they finish, as they did at first.
        """
        super().adopt(number, params)
        with self._lock:
            if number not in self._finished and self._params.get(number) != params:
                self._drop(number)
                self._adopted[number] = dict(params)

    def finish(self, number: int, values: Sequence[float] | None, pruned: bool) -> None:
        """Tell the sampler what a trial came to; it hears each trial once."""
        super().finish(number, values, pruned)
        with self._lock:
            if number in self._adopted:
                self._enter(number)
            trial = self._open.pop(number, None)
            if trial is None:
                return
            del self._params[number]
            self._finished.add(number)
            told = self._told(None if pruned else values)
            if told is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, told)

    def _told(self, values: Sequence[float] | None) -> list[float] | None:
        """Return what the sampler hears of a trial: a bad one is worse than all others.

        One objective may be infinite: ranks stay, and GP takes the worst finite value. With several
        objectives, whose volumes must be finite, it is the worst of each so far.
        """
        if values is not None and all(math.isfinite(value) for value in values):
            known = self._worst or list(values)
            pairs = zip(self._objectives, known, values, strict=True)
            self._worst = [max(a, b) if each.minimizes else min(a, b) for each, a, b in pairs]
            return list(values)
        if len(self._objectives) == 1:
            return [math.inf if self._objectives[0].minimizes else -math.inf]
        return self._worst

    def _enter(self, number: int) -> None:
        """Bring an adopted trial into the study."""
        params = self._adopted.pop(number)

        def restore(study: Study, trial: FrozenTrial) -> Params:
            if self._sampler in TAKES_NOTES:
                self._draw(study, trial, number)
            return params

        self._ask(number, restore)

    def _drop(self, number: int) -> None:
        """Forget a proposal whose number another process was faster to take."""
        self._adopted.pop(number, None)
        trial = self._open.pop(number, None)
        if trial is not None:
            del self._params[number]
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)

    def _ask(self, number: int, choose: Callable[[Study, FrozenTrial], Params]) -> Params:
        """Make a trial in the study whose point ``choose`` returns."""
        self._next.choose = choose
        trial = self._study.ask()
        for name in self._next.point:
            if name in self._distributions:
                _suggest(trial, name, self._distributions[name])
        self._open[number] = trial
        self._params[number] = self._next.point
        return self._next.point

    def _draw(self, study: Study, trial: FrozenTrial, number: int) -> Params:
        """Return a point that the constraints allow, drawn by the sampler if it finds one."""
        for attempt in range(TRIES[self._sampler]):
            params = self._draw_once(study, trial, self._make_sampler(number, attempt))
            if self._space.allows(params):
                return params
        return draw(self._space, [self._seed, number])

    def _draw_once(self, study: Study, trial: FrozenTrial, sampler: BaseSampler) -> Params:
        shared = sampler.infer_relative_search_space(study, trial)
        together = sampler.sample_relative(study, trial, shared)
        params: Params = {}
        for name in self._space.order:
            if not self._space.is_active(name, params):
                continue
            dimension, form = self._space.axes[name], self._distributions.get(name)
            if form is None:
                value = dimension.at_share(0.0)
            elif name in together:
                value = together[name]
            else:
                value = sampler.sample_independent(study, trial, name, form)
            params[name] = _plain(name, dimension, value)
        return params

    def _make_sampler(self, number: int, attempt: int) -> BaseSampler:
        entropy = np.random.SeedSequence([self._seed, number, attempt])
        seed = int(entropy.generate_state(1)[0])
        samplers = optuna.samplers
        if self._sampler == "tpe":
            together = len(self._objectives) == 1
            return samplers.TPESampler(
                seed=seed, multivariate=together, group=together, constant_liar=True
            )
        if self._sampler == "gp":
            return samplers.GPSampler(seed=seed)
        if self._sampler == "cmaes":
            return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
        # About ten generations; Optuna's usual population is 50.
        population = min(50, max(4, self._trials // 10))
        return samplers.NSGAIISampler(seed=seed, population_size=population)

    def _check_cmaes(self) -> None:
        if len(self._objectives) > 1:
            raise UsageError(
                f"--sampler cmaes seeks one objective, and there are {len(self._objectives)}: "
                "choose --sampler tpe, gp or nsga2, or name one objective"
            )
        axes = {name: self._space.axes[name] for name in self._distributions}
        fitting = [name for name, each in axes.items() if not isinstance(each, Choices)]
        if not set(fitting) - set(self._space.conditional):
            raise UsageError(
                "--sampler cmaes moves numbers, and no range is in every trial of this sweep: give "
                "one, such as --lr loguniform:1e-4:1e-1, or choose --sampler tpe"
            )


class _NextPoint(optuna.samplers.BaseSampler):
    """Hands Optuna whole points that are chosen elsewhere, as if sampled together."""

    choose: Callable[[Study, FrozenTrial], Params]

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self.point: Params = {}
        self._distributions = distributions

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Choose the point; Optuna asks for its parts when each is suggested."""
        self.point = self.choose(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the forms of what the point holds."""
        forms = self._distributions
        return {name: forms[name] for name in self.point if name in forms}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Params:
        """Return the point."""
        return {name: _raw(form, self.point[name]) for name, form in search_space.items()}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return one value: one at the very edge of its axis is not taken from a point."""
        return _raw(param_distribution, self.point[param_name])


def distribution(dimension: Dimension) -> BaseDistribution:
    """Return Optuna's form of an axis; a list is a choice, whether of numbers or of names."""
    forms = optuna.distributions
    if isinstance(dimension, Choices):
        return forms.CategoricalDistribution(dimension.members)
    if isinstance(dimension, Real):
        return forms.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    return forms.IntDistribution(
        dimension.low, dimension.high, log=dimension.log, step=dimension.step
    )


def _suggest(trial: Trial, name: str, form: BaseDistribution) -> None:
    """Enter the chosen value of an axis into Optuna's trial."""
    forms = optuna.distributions
    if isinstance(form, forms.CategoricalDistribution):
        trial.suggest_categorical(name, form.choices)
    elif isinstance(form, forms.FloatDistribution):
        trial.suggest_float(name, form.low, form.high, log=form.log)
    elif isinstance(form, forms.IntDistribution):
        trial.suggest_int(name, form.low, form.high, step=form.step, log=form.log)


def _raw(form: BaseDistribution, plain: Any) -> Any:
    """Return a plain value as Optuna has it; a whole number may be a text, such as a width."""
    return int(plain) if isinstance(form, optuna.distributions.IntDistribution) else plain


def _plain(name: str, dimension: Dimension, value: Any) -> Any:
    """Return a drawn value as a plain one: samplers hand out NumPy's numbers too."""
    if isinstance(dimension, Real):
        return float(value)
    return OptionValues(name).plain_of(int(value)) if isinstance(dimension, Whole) else value
