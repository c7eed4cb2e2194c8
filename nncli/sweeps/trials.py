"""The trials of a sweep as one process sees them: proposed, claimed, gone through, and entered.

A trial is claimed with all its seeds at once. Where a pruner judges, its runs go one after another,
so that a trial that is given up costs no more than it must; else they go side by side.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nncli.errors import UsageError
from nncli.spec import Spec
from nncli.store import Claim, Settled, SweepStore, TrialRow, Wanted
from nncli.store.records import FINAL, WHOLE
from nncli.sweeps.definition import Definition
from nncli.sweeps.events import RunEnded
from nncli.sweeps.search.guides import Guide
from nncli.sweeps.search.objectives import Objective
from nncli.sweeps.tally import Tally, Trial, Values, values_of
from nncli.sweeps.tasks import Known, Task, Twins

#: Tells what an experiment is known by: its resolved spec, and the hash of its data.
Identify = Callable[[Spec], tuple[Spec, str]]


class Trials:
    """Asks the guide for trials, claims their runs, and keeps what they come to."""

    def __init__(
        self,
        definition: Definition,
        sweep_id: int,
        *,
        store: SweepStore,
        guide: Guide,
        identify: Identify,
        objectives: Sequence[Objective],
        observe: Callable[[RunEnded], None],
        reuse: bool,
    ) -> None:
        self.definition, self.sweep_id = definition, sweep_id
        self.store, self.guide, self.reuse = store, guide, reuse
        self.objectives = tuple(objectives)
        self._seeds = definition.seeds
        self.tally = Tally(objectives, definition.space.varied)
        self._identify, self._observe = identify, observe
        self._process = store.join_sweep(sweep_id)
        self._open: dict[int, Trial] = {}
        self._counted = bytearray()  # a byte a trial: 1 once all of it is in the tally
        self._missing: deque[Trial] = deque()
        self._waiting: dict[int, list[Task]] = {}  # claimed, behind a trial's first run
        self._twins = Twins()
        self._settled: list[Settled] = []
        self._next = 0
        self._exhausted = False
        self.shared = False  # whether other processes have had trials of this sweep

    @property
    def is_exhausted(self) -> bool:
        """Return whether nothing is left to be claimed or begun."""
        return self._exhausted and not self._missing

    @property
    def total(self) -> int | None:
        """Return the number of runs that there will be, ``None`` if that shows only at the end."""
        trials = self._next if self._exhausted else self.guide.total
        return None if trials is None else trials * len(self._seeds)

    def beat(self) -> None:
        """Give a sign of life."""
        self.store.beat(self._process)

    def leave(self) -> None:
        """Give back what is claimed and not done."""
        self.store.leave_sweep(self._process)

    def restore(self) -> None:
        """Take up what the database holds of this sweep; what nobody does is missing."""
        for number, rows in self._stored():
            self._enter_stored(number, rows)
            self._next = number + 1
        self.settle()

    def enter_others(self) -> int:
        """Enter trials that others have ended or given up; return how many they are at."""
        others = 0
        for number, rows in self._stored():
            trial = self._open.get(number)
            if trial is not None and trial.elsewhere:
                others += not self._look_again(trial, rows)
            elif trial is None and not self._is_counted(number):
                others += not self._enter_stored(number, rows)
        self.settle()
        return others

    def claim(self, room: int) -> list[Task]:
        """Claim trials with about ``room`` runs, and return those that are to begin.

        What the database has already is entered. Nothing comes back where all was done, or others
        have it, or no trials are left.
        """
        some = self._propose(-(-room // len(self._seeds)))
        if not some:
            return []
        with self.store.transaction():
            return self._claim(some)

    def ended(
        self,
        trial: Trial,
        seed: int,
        run_id: int | None,
        status: str,
        values: Values,
        seconds: float | None = None,
        message: str | None = None,
        was: str | None = None,
    ) -> list[Task]:
        """Enter the end of a run; return the runs that can begin now.

        ``was`` is how a run had ended that is skipped.
        """
        trial.values[seed] = values
        if run_id is not None:
            trial.runs[seed] = run_id
        trial.bad = trial.bad or status in ("failed", "diverged")
        if status != "skipped":
            self._settled.append(Settled(trial.number, seed, run_id, "done"))
        self.tally.count(status, was)
        shown = self.tally.shown(trial.params)
        self._observe(RunEnded(trial.number, seed, run_id, status, values, shown, seconds, message))
        if self.definition.pruner is not None and not trial.pruned:
            trial.pruned = status in ("pruned", "diverged") or (
                values[0] is not None
                and self.guide.report_seed(trial.number, self._seeds.index(seed), values[0])
            )
        waiting = self._waiting.get(trial.number, [])
        if trial.pruned:
            self._drop(trial, waiting)
            waiting = []
        begun, self._waiting[trial.number] = self._twins.begin(waiting[:1]), waiting[1:]
        begun += self._end_twins(trial.number, seed, run_id, status, values)
        if len(trial.values) == len(self._seeds):
            self._close(trial)
        return begun

    def link(self, number: int, seed: int, run_id: int) -> None:
        """Store which run a trial has, so that whoever takes it up goes on with that."""
        self.store.link(self.sweep_id, number, seed, run_id)

    def settle(self) -> None:
        """Store how runs ended that are not yet stored as settled."""
        if self._settled:
            self.store.settle(self.sweep_id, self._settled)
            self._settled = []

    def nothing(self) -> Values:
        """Return the values of a run that came to none."""
        return (None,) * len(self.objectives)

    # Parts

    def _stored(self) -> Iterator[tuple[int, list[TrialRow]]]:
        rows = self.store.trial_rows(self.sweep_id)
        for number, group in itertools.groupby(rows, lambda row: row.number):
            yield number, list(group)

    def _enter_stored(self, number: int, rows: Sequence[TrialRow]) -> bool:
        """Enter a stored trial; return False, and change nothing, while another process is at it.

        The sampler hears of it in any case.
        """
        trial = Trial(number, json.loads(rows[0].params))
        self.guide.adopt(number, trial.params)
        done = [row for row in rows if row.state == "dropped" or row.status in FINAL]
        if any(_is_elsewhere(row) for row in rows if row not in done):
            self.shared = True
            return False
        self._open[number] = trial
        for row in done:
            self._enter_row(trial, row)
        if len(trial.values) == len(self._seeds):
            self._close(trial)
        else:
            self._missing.append(trial)
        return True

    def _enter_row(self, trial: Trial, row: TrialRow) -> None:
        """Enter a run that is done; whoever claimed it may not have lived to say so."""
        self._note(trial, row.seed, row.run_id, row.status, row.results)
        self.tally.count("skipped", row.status)
        if row.state == "claimed" and not row.is_alive:
            self._settled.append(Settled(trial.number, row.seed, row.run_id, "done"))

    def _look_again(self, trial: Trial, rows: Sequence[TrialRow]) -> bool:
        """Enter what others have ended of a trial of ours; return whether none is left with them.

        What they gave up is missing again, once our own runs of it have ended.
        """
        for row in rows:
            if row.seed in trial.elsewhere and not _is_elsewhere(row):
                trial.elsewhere.discard(row.seed)
                if row.state == "dropped" or row.status in FINAL:
                    self._enter_row(trial, row)
        if len(trial.values) == len(self._seeds):
            self._close(trial)
        elif not trial.elsewhere and not self._twins.has(trial.number):
            self._missing.append(trial)
        return not trial.elsewhere

    def _note(
        self, trial: Trial, seed: int, run_id: int | None, status: str | None, results: Any
    ) -> Values:
        """Enter into a trial what the database says of one of its runs."""
        values = self.nothing()
        if run_id is None or status == "pruned":
            trial.pruned = True
        if run_id is not None:
            trial.runs[seed] = run_id
            if status in ("diverged", "failed"):
                trial.bad = True
            else:
                values = values_of(self.objectives, results)
            if self.guide.look_every is not None and seed == self._seeds[0]:
                self._report_curve(trial.number, run_id)
        trial.values[seed] = values
        return values

    def _report_curve(self, number: int, run_id: int) -> None:
        """Tell the pruner the curve of a stored run, by which others are judged."""
        objective = self.objectives[0]
        curve = self.store.curve(run_id)
        measured = curve.measured.get(objective.column)
        if measured is None:
            return
        for epoch, value, known in zip(
            curve["epoch"].tolist(), curve[objective.column].tolist(), measured, strict=True
        ):
            if known:
                self.guide.report(number, epoch, objective.value_of_measure(value))

    def _propose(self, count: int) -> list[Trial]:
        """Return up to ``count`` trials that are to be claimed: those left behind come first."""
        found: list[Trial] = []
        while len(found) < count:
            if self._missing:
                found.append(self._missing.popleft())
                continue
            params = None if self._exhausted else self.guide.propose(self._next)
            if params is None:
                self._exhausted = True
                break
            trial = Trial(self._next, params)
            self._open[trial.number] = trial
            self._next += 1
            found.append(trial)
        return found

    def _claim(self, trials: Sequence[Trial]) -> list[Task]:
        """Claim the missing runs of trials; return those to begin, and enter those done before."""
        wanted, asked = [], []
        for trial in trials:
            params = json.dumps(trial.params, sort_keys=True, ensure_ascii=False)
            for seed in self._seeds:
                if seed not in trial.values:
                    known = self._known_by(trial, seed)
                    wanted.append(Wanted(trial.number, seed, params, *known.hashes))
                    asked.append(known)
        claims = self.store.claim(
            self.sweep_id,
            self._process,
            wanted,
            reuse=self.reuse,
            watched=self.definition.is_watched,
        )
        found: list[Task] = []
        answers = list(zip(claims, asked, strict=True))
        for number, group in itertools.groupby(answers, lambda answer: answer[0].number):
            found += self._answered(self._open[number], list(group))
        return found

    def _answered(self, trial: Trial, answers: Sequence[tuple[Claim, Known]]) -> list[Task]:
        """Take the answers to the claims of a trial; return its runs that can begin."""
        params = json.loads(answers[0][0].params)
        if params != trial.params:  # another process was given this number before us
            trial.params = params
            self.guide.adopt(trial.number, params)
            answers = [(claim, self._known_by(trial, claim.seed)) for claim, _ in answers]
        outcomes = {claim.outcome for claim, _ in answers}
        if not trial.values and "busy" in outcomes and "mine" not in outcomes:
            self.shared = True
            del self._open[trial.number]
            return []
        trial.elsewhere = {claim.seed for claim, _ in answers if claim.outcome == "busy"}
        self.shared = self.shared or bool(trial.elsewhere)
        tasks = [
            Task(trial, claim.seed, known, claim.run_id)
            for claim, known in answers
            if claim.outcome == "mine"
        ]
        first = len(tasks) if self.definition.pruner is None else 1
        begun, self._waiting[trial.number] = self._twins.begin(tasks[:first]), tasks[first:]
        for claim, _ in answers:
            if claim.outcome == "done":
                status, results = claim.status, claim.results
                values = self._note(trial, claim.seed, claim.run_id, status, results)
                begun += self.ended(trial, claim.seed, claim.run_id, "skipped", values, was=status)
        return begun

    def _end_twins(
        self, number: int, seed: int, run_id: int | None, status: str, values: Values
    ) -> list[Task]:
        """Enter what a run came to for those that equal it, or begin one if it came to nothing."""
        twins = self._twins.end(number, seed)
        if status not in (*WHOLE, "diverged"):
            return self._twins.begin(twins)
        begun: list[Task] = []
        for twin in twins:
            twin.trial.bad = twin.trial.bad or status == "diverged"
            self._settled.append(Settled(twin.trial.number, twin.seed, run_id, "done"))
            begun += self.ended(twin.trial, twin.seed, run_id, "skipped", values, was=status)
        return begun

    def _known_by(self, trial: Trial, seed: int) -> Known:
        try:
            asked = self.definition.spec(trial.params, seed)
        except UsageError as error:
            return Known(error)
        try:
            spec, data_hash = self._identify(asked)
        except UsageError:
            return Known(asked, None, (asked.hash(), ""))  # planning it will say why
        return Known(asked, spec, (spec.hash(), data_hash))

    def _drop(self, trial: Trial, waiting: Sequence[Task]) -> None:
        """Leave out the runs of a pruned trial that have not begun."""
        for task in waiting:
            trial.values[task.seed] = self.nothing()
            self._settled.append(Settled(trial.number, task.seed, None, "dropped"))
            self.tally.count("dropped")

    def _close(self, trial: Trial) -> None:
        """Tell the sampler what a trial came to, and let it compete."""
        means = trial.means()
        whole = means is not None and not trial.pruned and not trial.bad
        self.guide.finish(trial.number, means if whole or trial.pruned else None, trial.pruned)
        if whole and means is not None:
            self.tally.enter(trial, means)
        if len(self._counted) <= trial.number:
            self._counted.extend(bytes(trial.number + 64))
        self._counted[trial.number] = 1
        del self._open[trial.number]
        self._waiting.pop(trial.number, None)

    def _is_counted(self, number: int) -> bool:
        return number < len(self._counted) and bool(self._counted[number])


def _is_elsewhere(row: TrialRow) -> bool:
    """Return whether a process that lives has a run that is not done: it claimed or resumed it."""
    if row.state == "dropped" or row.status in FINAL:
        return False
    return row.is_alive or row.status == "running"
