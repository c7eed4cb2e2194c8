"""What is said of experiments: one in full, and what they came to, in lines for a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nncli.cli.experiment_prose import prose_lines, terminal_width, wrapped
from nncli.cli.output import is_colored
from nncli.report.text import duration, plural, visible

if TYPE_CHECKING:
    from nncli.experimenting.catalogue import Experiment
    from nncli.experimenting.running import Outcome
    from nncli.judging import Verdict

#: Values of an option that are shown; of more the first two and the last.
MOST_VALUES = 24


def show_record(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment in full as JSON values."""
    from nncli.experimenting.here import runs_of

    definition = experiment.request().definition.to_json()
    return {
        "name": experiment.name,
        **experiment.about.to_json(),
        "quick": experiment.has_quick,
        "runs": runs_of(experiment),
        "quick_runs": runs_of(experiment, quick=True) if experiment.has_quick else None,
        "space": definition["space"],
        "seeds": definition["seeds"],
    }


def show_lines(experiment: Experiment) -> Iterator[str]:
    """Yield an experiment in full: its text, its claims, and what it runs."""
    from nncli.experimenting.here import runs_of

    about = experiment.about
    yield from wrapped(f"{experiment.name}: {about.title}")
    if about.ids:
        yield from wrapped(f"on {', '.join(about.ids)}")
    if about.source:
        yield from wrapped(f"source: {about.source}")
    yield ""
    yield from prose_lines(about.text)
    for claim in about.claims:
        expected = "" if claim.expected == "supported" else f" (expected: {claim.expected})"
        of = f" [{', '.join(claim.of)}]" if claim.of else ""
        yield from wrapped(f"claim: {claim.says}{of}{expected}", "  ")
        yield from wrapped(f"  {claim.in_short}", "    ")
        if claim.because:
            yield from wrapped(f"  {claim.because}", "    ")
    yield from ("", "runs:") if about.claims else ("runs:",)
    yield from _space_lines(experiment, quick=False)
    yield f"  {_runs_text(runs_of(experiment))}"
    if experiment.has_quick:
        yield f"with --quick {_runs_text(runs_of(experiment, quick=True))}:"
        yield from _space_lines(experiment, quick=True)
    yield ""
    yield visible(f"run it: nncli experiment run {shlex.quote(experiment.word)}")


def _runs_text(runs: int | None) -> str:
    return "more runs than can be counted" if runs is None else plural(runs, "run")


def _space_lines(experiment: Experiment, *, quick: bool) -> Iterator[str]:
    definition = experiment.request(quick=quick).definition
    space = definition.space
    for name, axis in space.common.items():
        yield from wrapped(f"  {name} = {_values(axis)}", "    ")
    for number, arm in enumerate(space.arms, 1):
        inside = "; ".join(f"{name} = {_values(axis)}" for name, axis in arm.items())
        yield from wrapped(f"  arm {number}: {inside}", "    ")
    for constraint in space.constraints:
        yield from wrapped(f"  where {constraint}", "    ")
    yield f"  {plural(len(definition.seeds), 'seed')}"


def _values(axis: Any) -> str:
    if axis.size is None:
        return f"from {axis.low:g} to {axis.high:g}"
    values = ["none" if value is None else str(value) for value in axis.values()]
    if len(values) > MOST_VALUES:
        values[2:-1] = [f"... ({len(values):,} values) ..."]
    return " | ".join(values)


def verdict_record(name: str, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the object of ``--json``."""
    return {"event": "verdict", "experiment": name, **verdict.to_json()}


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """Return what an experiment came to as the object of ``--json``."""
    from nncli.experimenting.counting import Count

    return {
        "event": "skipped" if outcome.sweep is None else "end",
        "experiment": outcome.experiment.name,
        "sweep": outcome.sweep,
        "verdicts": Count.of(outcome.verdicts).to_json(),
        "runs": outcome.counts.to_json(),
        "seconds": outcome.seconds,
        "stopped": outcome.stopped,
        "reason": outcome.reason,
    }


def summary_record(
    outcomes: Sequence[Outcome], left_out: Sequence[str], seconds: float, *, stopped: bool
) -> dict[str, Any]:
    """Return the last object of ``--json``: counts over all experiments.

    ``left_out`` are those that were not begun, since no more was asked for; ``skipped`` counts
    those that lack their data.
    """
    from nncli.experimenting.counting import Count

    ran = [each for each in outcomes if each.sweep is not None]
    return {
        "event": "done",
        "experiments": len(ran),
        "skipped": len(outcomes) - len(ran),
        "left_out": list(left_out),
        **Count.of(v for each in ran for v in each.verdicts).to_json(),
        "failed": sum(each.errors for each in ran),
        "stopped": stopped,
        "seconds": seconds,
    }


def outcome_line(outcome: Outcome) -> str:
    """Say in a line what an experiment came to."""
    from nncli.experimenting.counting import Count

    name = outcome.experiment.name
    if outcome.sweep is None:
        return f"{name}: left out: {outcome.reason}"
    said = Count.of(outcome.verdicts).text if outcome.verdicts else "no claim"
    how = "stopped after" if outcome.stopped else "in"
    return f"{name}: {said} {how} {duration(outcome.seconds)}"


def result_lines(
    outcomes: Sequence[Outcome], seconds: float, *, quiet: bool, db: str | None = None
) -> Iterator[str]:
    """Yield the verdicts by experiment, in colours where the terminal has them, and the counts."""
    from nncli.experimenting.counting import Count

    if not quiet:
        for outcome in outcomes:
            yield from _outcome_lines(outcome, db)
            yield ""
    count = Count.of(verdict for each in outcomes for verdict in each.verdicts)
    left = [each.experiment.name for each in outcomes if each.sweep is None]
    failed = sum(each.errors for each in outcomes)
    parts = [count.text]
    if failed:
        parts.append(f"{plural(failed, 'run')} failed")
    if left:
        parts.append(f"{plural(len(left), 'experiment')} left out ({', '.join(left)})")
    yield visible(f"{', '.join(parts)} in {duration(seconds)}")


def _outcome_lines(outcome: Outcome, db: str | None) -> Iterator[str]:
    from nncli.judging import verdict_lines

    experiment = outcome.experiment
    yield from wrapped(f"{experiment.name}: {experiment.about.title}")
    if outcome.sweep is None:
        first, _, _ = str(outcome.reason).partition("\n")
        yield from wrapped(f"left out: {first}")
    colored = is_colored(sys.stdout)
    yield from verdict_lines(outcome.verdicts, terminal_width(), colored=colored)
    if outcome.stopped:
        yield from ("", visible(f"go on with: {outcome.command}"))
    elif outcome.sweep is not None:
        option = f" --db {shlex.quote(db)}" if db else ""
        yield from ("", visible(f"next: nncli report sweep:{outcome.sweep}{option}"))
