"""Performance profiles: how near each solver comes to the best one, over a set of problems.

A profile says more than a mean of times: no single problem rules it, and one that a solver does not
solve counts against it without having to be given a time.
"""

from __future__ import annotations

import math

import numpy as np

from nncli.statistics.resampling import Floats

#: Up to which ratio a profile is integrated, as MLCommons' AlgoPerf does.
TAU_MAX = 4.0


def performance_ratios(costs: Floats) -> Floats:
    """Return what each solver needs of each problem in units of what the best one does.

    ``costs`` (problems, solvers) are positive, and infinite where a problem is not solved;

        r[p, s] = t[p, s] / min over s of t[p, s]

    (Dolan & More 2002, "Benchmarking optimization software with performance profiles", eq. 1). A
    problem that no solver solves has infinite ratios for all: it stays in the number of problems.
    """
    best = costs.min(axis=1, keepdims=True)
    ratios = np.full(costs.shape, np.inf)
    np.divide(costs, best, out=ratios, where=np.isfinite(costs))
    return ratios


def share_within(ratios: Floats, tau: float) -> Floats:
    """Return the profile at ``tau`` (solvers,): the share of problems with a ratio up to it.

    rho_s(tau) = (number of problems with r[p, s] <= tau) / (number of problems), ibid. eq. 2.
    """
    found: Floats = (ratios <= tau).mean(axis=0)
    return found


def profile_scores(ratios: Floats, tau_max: float = TAU_MAX) -> Floats:
    """Return the mean height of each profile (solvers,) between 1 and ``tau_max``, from 0 to 1.

        score_s = 1 / (tau_max - 1) * integral of rho_s from 1 to tau_max
                = mean over problems of max(0, tau_max - r[p, s]) / (tau_max - 1)

    the benchmark score of AlgoPerf (Dahl et al. 2023, "Benchmarking neural network training
    algorithms"). A profile is a step function, so the integral is exact; their scoring code takes
    the trapezoid rule on 100 points.
    """
    if not tau_max > 1 or math.isinf(tau_max):
        raise ValueError(f"tau_max is {tau_max}: expected a finite ratio above 1")
    found: Floats = (np.clip(tau_max - ratios, 0, None) / (tau_max - 1)).mean(axis=0)
    return found


def steps(ratios: Floats, tau_max: float = TAU_MAX) -> tuple[Floats, Floats]:
    """Return where the profiles step, 1 to ``tau_max``, and their heights (places, solvers)."""
    inside = ratios[(ratios > 1) & (ratios < tau_max)]
    places = np.unique(np.concatenate([[1.0], inside, [tau_max]]))
    return places, np.stack([share_within(ratios, tau) for tau in places])
