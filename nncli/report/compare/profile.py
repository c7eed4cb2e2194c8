"""Performance profiles of optimizers, or of any groups of runs, over problems.

A solver is a group of runs, a problem usually a data set, and the cost of a solver on a problem is
what it takes to reach the target. Where several settings of a solver were tried on a problem
(learning rates, say), the cost is that of its best setting there, as in AlgoPerf's tuning; a
setting's cost is the median over its seeds, so that one lucky seed does not stand for a setting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nncli.errors import UsageError, unknown_choice
from nncli.report.compare.compared import Compared, described, finite, listed
from nncli.report.compare.grouping import Key, order_of
from nncli.report.compare.reaching import ended_groups, median_cost
from nncli.report.compare.targets import COSTS
from nncli.report.text import plural
from nncli.tables import Table

#: What is a problem where nothing is said.
PROBLEMS = ("data",)

#: Ratios up to which profiles are drawn and integrated; AlgoPerf's.
TAU_MAX = 4.0


@dataclass(frozen=True)
class Profiles:
    """Profiles in three tables.

    ``scores`` has a row a solver: the fields ``by``, the number of ``problems``, how many it
    ``solved``, on how many it was ``fastest``, and its ``score`` from 0 to 1. ``curve`` is long:
    the fields ``by``, ``tau`` and ``share``, where the profile steps. ``costs`` has a row a problem
    and solver: problem fields, ``by``, ``cost`` and ``ratio``, None where none reached the target.
    """

    scores: Compared
    curve: Table
    costs: Table


def performance_profiles(
    timed: Table,
    by: Sequence[str],
    cost: str = "updates",
    *,
    problems: Sequence[str] = PROBLEMS,
    settings: Sequence[str] = (),
    tau_max: float = TAU_MAX,
) -> Profiles:
    """Return the profiles of the groups ``by`` (see :mod:`nncli.statistics.profiles`).

    ``timed`` is the table of :func:`~nncli.report.compare.targets.times_to_target`; ``cost`` is
    epochs, updates or seconds. Problems that some solver was not tried on are left out, and noted.
    Raises UsageError for an unknown cost, a field that is both solver and problem, and where no
    problem is left.
    """
    import numpy as np

    from nncli.statistics.profiles import performance_ratios, profile_scores, steps

    if cost not in COSTS:
        raise unknown_choice("cost", cost, COSTS)
    both = [name for name in by if name in problems]
    if both:
        raise UsageError(
            f"--by {','.join(by)}: {both[0]} tells the problems of a profile apart and cannot be a "
            "solver too; leave it out of --by"
        )
    table = _costs(timed, by, problems, settings, COSTS[cost][1])
    solvers = sorted({solver for _, solver in table}, key=order_of)
    tried = sorted({problem for problem, _ in table}, key=order_of)
    common = [p for p in tried if all((p, solver) in table for solver in solvers)]
    if not common:
        raise UsageError(
            f"no {' and '.join(problems)} has runs of all {plural(len(solvers), 'group')}: a "
            "profile compares on common problems; choose other runs or another --by"
        )
    costs = np.array([[table[problem, solver] for solver in solvers] for problem in common])
    ratios = performance_ratios(costs)
    columns: dict[str, list[Any]] = {
        name: [solver[index] for solver in solvers] for index, name in enumerate(by)
    }
    columns["problems"] = [len(common)] * len(solvers)
    columns["solved"] = np.isfinite(costs).sum(axis=0).tolist()
    columns["fastest"] = (ratios == 1).sum(axis=0).tolist()
    columns["score"] = profile_scores(ratios, tau_max).tolist()
    taus, heights = steps(ratios, tau_max)
    curve = Table.of_rows(
        (*by, "tau", "share"),
        [
            (*solver, tau, share)
            for solver, shares in zip(solvers, heights.T.tolist(), strict=True)
            for tau, share in zip(taus.tolist(), shares, strict=True)
        ],
    )
    long = Table.of_rows(
        (*problems, *by, "cost", "ratio"),
        [
            (*problem, *solver, finite(costs[p, s]), finite(ratios[p, s]))
            for p, problem in enumerate(common)
            for s, solver in enumerate(solvers)
        ],
    )
    left_out = [described(problems, problem) for problem in tried if problem not in common]
    nobody = [
        described(problems, problem)
        for problem, row in zip(common, costs, strict=True)
        if not np.isfinite(row).any()
    ]
    notes = _notes(cost, settings, left_out, nobody, len(common), tau_max)
    return Profiles(Compared(Table(columns), notes), curve, long)


def _costs(
    timed: Table,
    by: Sequence[str],
    problems: Sequence[str],
    settings: Sequence[str],
    name: str,
) -> dict[tuple[Key, Key], float]:
    """Return the cost of each problem and solver: of its best setting, the median over seeds."""
    inner = [field for field in settings if field not in (*by, *problems)]
    costs: dict[tuple[Key, Key], float] = {}
    for key, places in ended_groups(timed, (*problems, *by, *inner)).items():
        problem, solver = key[: len(problems)], key[len(problems) : len(problems) + len(by)]
        cost = median_cost(timed, places, name)
        costs[problem, solver] = min(cost, costs.get((problem, solver), math.inf))
    return costs


def _notes(
    cost: str,
    settings: Sequence[str],
    left_out: Sequence[str],
    nobody: Sequence[str],
    problems: int,
    tau_max: float,
) -> tuple[str, ...]:
    tuned = f", with the best {', '.join(settings)} of each" if settings else ""
    notes = [
        f"{cost} to the target over {plural(problems, 'problem')}, median over seeds{tuned}; score "
        f"is the mean share of problems within tau times the fastest, for tau from 1 to {tau_max:g}"
    ]
    if left_out:
        notes.append(
            f"{plural(len(left_out), 'problem')} left out, on which not all were tried: "
            f"{listed(left_out)}"
        )
    if nobody:
        notes.append(f"{plural(len(nobody), 'problem')} that none solved: {listed(nobody)}")
    return tuple(notes)
