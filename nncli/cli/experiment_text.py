"""What is said of experiments: the list of them, one in full, and what they came to."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nncli.cli.output import PIPE_WIDTH, is_colored
from nncli.report.cells import cell
from nncli.report.text import duration, plural

if TYPE_CHECKING:
    from nncli.experimenting.catalogue import Experiment
    from nncli.experimenting.running import Outcome
    from nncli.judging import Verdict

#: Text is not set wider than this: longer lines read badly.
WIDEST = 100


def list_records(db: str | None) -> list[dict[str, Any]]:
    """Return what ``nncli experiment list`` says of each experiment."""
    from nncli.experimenting.catalogue import experiments
    from nncli.experimenting.here import run_here, runs_of

    shipped = experiments()
    here = run_here(shipped.values(), db)
    return [
        {
            "name": name,
            "ids": list(each.about.ids),
            "title": each.about.title,
            "runs": runs_of(each),
            "quick_runs": runs_of(each, quick=True) if each.has_quick else None,
            "long": each.is_long,
            "here": list(here.get(name, ())),
        }
        for name, each in shipped.items()
    ]


def list_lines(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the list of the experiments as a table."""
    from nncli.report.grid import Column, Style, grid

    def texts(name: str) -> list[str]:
        return [cell(name, each[name]) for each in records]

    columns = [
        Column("name", texts("name"), False),
        Column("runs", texts("runs"), True, 2),
        Column("quick", texts("quick_runs"), True, 3),
        Column("long", ["long" if each["long"] else "" for each in records], False, 4),
        Column("here", texts("here"), False, 1),
        Column("ids", texts("ids"), False, 5),
        Column("title", texts("title"), False),
    ]
    encoding = sys.stdout.encoding or "utf-8"
    lines, _ = grid(columns, Style(_width(), is_colored(sys.stdout), encoding))
    yield from lines
    yield ""
    yield "run one: nncli experiment run NAME; all: nncli experiment run all [--quick] [--long]"


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
    yield f"{experiment.name}: {about.title}"
    if about.ids:
        yield f"on {', '.join(about.ids)}"
    if about.source:
        yield from _wrapped(f"source: {about.source}")
    yield ""
    for paragraph in about.text.split("\n\n") if about.text else ():
        yield from _paragraph(paragraph)
        yield ""
    for claim in about.claims:
        expected = "" if claim.expected == "supported" else f" (expected: {claim.expected})"
        of = f" [{', '.join(claim.of)}]" if claim.of else ""
        yield from _wrapped(f"claim: {claim.says}{of}{expected}", "  ")
        yield from _wrapped(f"  {claim.in_short}", "    ")
        if claim.because:
            yield from _wrapped(f"  {claim.because}", "    ")
    yield from ("", "runs:") if about.claims else ("runs:",)
    yield from _space_lines(experiment, quick=False)
    yield f"  {plural(runs_of(experiment), 'run')}"
    if experiment.has_quick:
        yield f"with --quick {plural(runs_of(experiment, quick=True), 'run')}:"
        yield from _space_lines(experiment, quick=True)
    yield ""
    yield f"run it: nncli experiment run {shlex.quote(experiment.word)}"


def _space_lines(experiment: Experiment, *, quick: bool) -> Iterator[str]:
    definition = experiment.request(quick=quick).definition
    space = definition.space
    for name, axis in space.common.items():
        yield from _wrapped(f"  {name} = {_values(axis)}", "    ")
    for number, arm in enumerate(space.arms, 1):
        inside = "; ".join(f"{name} = {_values(axis)}" for name, axis in arm.items())
        yield from _wrapped(f"  arm {number}: {inside}", "    ")
    for constraint in space.constraints:
        yield f"  where {constraint}"
    yield f"  {plural(len(definition.seeds), 'seed')}"


def _values(axis: Any) -> str:
    if axis.size is None:
        return f"from {axis.low:g} to {axis.high:g}"
    return " | ".join("none" if value is None else str(value) for value in axis.values())


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


def summary_record(outcomes: Sequence[Outcome], seconds: float, *, stopped: bool) -> dict[str, Any]:
    """Return the last object of ``--json``: counts over all experiments."""
    from nncli.experimenting.counting import Count

    ran = [each for each in outcomes if each.sweep is not None]
    return {
        "event": "done",
        "experiments": len(ran),
        "skipped": len(outcomes) - len(ran),
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


def result_lines(outcomes: Sequence[Outcome], seconds: float, *, quiet: bool) -> Iterator[str]:
    """Yield the verdicts by experiment, and the counts."""
    from nncli.experimenting.counting import Count

    if not quiet:
        for outcome in outcomes:
            yield from _outcome_lines(outcome)
            yield ""
    count = Count.of(verdict for each in outcomes for verdict in each.verdicts)
    left = [each.experiment.name for each in outcomes if each.sweep is None]
    failed = sum(each.errors for each in outcomes)
    parts = [count.text]
    if failed:
        parts.append(f"{plural(failed, 'run')} failed")
    if left:
        parts.append(f"{plural(len(left), 'experiment')} left out ({', '.join(left)})")
    yield f"{', '.join(parts)} in {duration(seconds)}"


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    from nncli.judging import verdict_lines

    experiment = outcome.experiment
    yield from _wrapped(f"{experiment.name}: {experiment.about.title}")
    if outcome.sweep is None:
        first, _, _ = str(outcome.reason).partition("\n")
        yield from _wrapped(f"left out: {first}")
    yield from verdict_lines(outcome.verdicts, _width(), colored=is_colored(sys.stdout))
    if outcome.sweep is not None:
        yield ""
        yield f"next: nncli report sweep:{outcome.sweep}"


def _paragraph(text: str) -> Iterable[str]:
    """Return a paragraph in lines that fit; lists and code keep theirs."""
    lines = text.splitlines()
    if any(line.startswith(("- ", "* ", "    ", "```", "1. ")) for line in lines):
        return lines
    return _wrapped(" ".join(lines))


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = min(_width(), WIDEST)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _width() -> int:
    """Return the columns of the terminal; a pipe has more."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
