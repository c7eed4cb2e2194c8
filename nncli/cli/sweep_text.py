"""What is said of a sweep in lines: before it, which trials there are, and after it, which won."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nncli.cli.sweep_view import short
from nncli.report.text import aligned, duration, measure, plural

if TYPE_CHECKING:
    from nncli.sweeps.events import Done
    from nncli.sweeps.starting import Prepared, Wish

#: Trials that a preview lists.
LISTED = 40

#: Best trials that are listed at the end.
SHOWN = 10

#: Ids of a trial's runs that are written out.
LISTED_RUNS = 4


def preview_lines(prepared: Prepared, wish: Wish, *, as_json: bool) -> Iterator[str]:
    """Yield what ``--dry-run`` prints: the trials, and about how long they take."""
    from nncli.environment import available_cores

    jobs = wish.jobs or available_cores()
    seconds = prepared.guess_seconds(jobs)
    varied = prepared.definition.space.varied
    if as_json:
        for number, params in enumerate(prepared.points()):
            yield json.dumps({"event": "trial", "trial": number, "params": params})
        runs, trials = prepared.runs, prepared.trials
        yield json.dumps({"event": "plan", "trials": trials, "runs": runs, "seconds": seconds})
        return
    shown = list(itertools.islice(prepared.points(), LISTED))
    rows = [["trial", *varied]]
    for number, params in enumerate(shown):
        cells = [short(params[name]) if name in params else "-" for name in varied]
        rows.append([str(number), *cells])
    yield from aligned(rows)
    if prepared.guide.learns:
        yield "... the sampler chooses the others by what the first come to"
    elif prepared.trials is None or prepared.trials > len(shown):
        yield "..."
    yield ""
    seeds = prepared.definition.seeds
    if prepared.trials is None:
        yield f"more trials than are counted, with {plural(len(seeds), 'seed')} each"
        return
    yield (
        f"{plural(prepared.trials, 'trial')} with {plural(len(seeds), 'seed')}: "
        f"{plural(prepared.runs or 0, 'run')}, about {duration(seconds)} with {jobs} at a time"
    )


def result_lines(done: Done, prepared: Prepared, wish: Wish, db: str | None) -> Iterator[str]:
    """Yield how a sweep ended and its best trials."""
    counts = done.counts
    if counts.ended == counts.skipped and not done.stopped:
        stored = "its run is" if counts.ended == 1 else f"all {counts.ended} runs are"
        yield f"sweep {done.sweep}: nothing to do, {stored} stored"
    else:
        errors = counts.failed - counts.diverged
        parts = {
            "completed": counts.completed,
            "skipped (stored)": counts.skipped,
            "diverged": counts.diverged,
            "failed": errors,
            "pruned": counts.pruned,
            "interrupted": counts.interrupted,
        }
        listed = ", ".join(f"{number} {name}" for name, number in parts.items() if number)
        yield f"sweep {done.sweep}: {listed or 'no run'} in {duration(done.seconds)}"
    yield from _best_lines(done, prepared, wish)
    option = f" --db {db}" if db else ""
    if done.stopped:
        yield f"go on with: nncli sweep --resume {done.sweep}{option}"
    elif varied := prepared.definition.space.varied:
        yield f"next: nncli report sweep:{done.sweep} --by {','.join(varied[:2])}{option}"


def _best_lines(done: Done, prepared: Prepared, wish: Wish) -> Iterator[str]:
    if not done.best:
        return
    objectives, varied = prepared.objectives, prepared.definition.space.varied
    yield ""
    if len(objectives) > 1:
        yield "trials that no other beats in all objectives:"
        rows = [["trial", *(each.name for each in objectives), *varied, "runs"]]
        for best in sorted(done.best, key=lambda each: each.values):
            values = map(measure, (each.name for each in objectives), best.values)
            cells = [short(best.params.get(name, "-")) for name in varied]
            rows.append([str(best.trial), *values, *cells, _runs(best.runs)])
        yield from aligned(rows)
        return
    from nncli.environment import database_name
    from nncli.store import SweepStore
    from nncli.sweeps.ranking import best_trials

    seeds = len(prepared.definition.seeds)
    with SweepStore(database_name(wish.db)) as store:
        ranked = best_trials(store, done.sweep, objectives, seeds, SHOWN)
    objective = objectives[0].name
    spread = ["std"] if seeds > 1 else []
    rows = [["trial", objective, *spread, *varied, "runs"]]
    for each in ranked:
        deviation = [short(each.deviation)] if seeds > 1 else []
        cells = [short(each.params.get(name, "-")) for name in varied]
        value = measure(objective, each.mean)
        rows.append([str(each.trial), value, *deviation, *cells, _runs(each.runs)])
    over = f", means over {seeds} seeds" if seeds > 1 else ""
    shown = f"the {SHOWN} best" if len(ranked) == SHOWN else "best"
    yield f"{shown} trials by {objective}{over}:"
    yield from aligned(rows)


def _runs(runs: tuple[int, ...]) -> str:
    """Return ids in few characters: ``3-7``, or ``3,9,12``."""
    ids = sorted(runs)
    if len(ids) > 2 and ids[-1] - ids[0] == len(ids) - 1:
        return f"{ids[0]}-{ids[-1]}"
    if len(ids) > LISTED_RUNS:
        return f"{len(ids)} from {ids[0]} to {ids[-1]}"
    return ",".join(map(str, ids))
