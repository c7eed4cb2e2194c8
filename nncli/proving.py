"""Gradient checks as users know them: of the catalogue, of options, of a stored run; recorded.

This module joins the checks, which know no database, with the store.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nncli.environment import package_versions
from nncli.gradcheck.check import Check
from nncli.store import NewGradcheck, RunStore

Observer = Callable[[Check], None]


@dataclass(frozen=True)
class Proof:
    """All checks of one ``nncli gradcheck``."""

    what: str
    checks: list[Check]
    seconds: float
    run: int | None = None
    spec: str | None = None

    @property
    def passed(self) -> bool:
        """Return whether there were checks and all of them passed."""
        return bool(self.checks) and all(each.passed for each in self.checks)

    @property
    def failed(self) -> list[Check]:
        """Return the checks that failed."""
        return [each for each in self.checks if not each.passed]

    @property
    def worst(self) -> Check:
        """Return the check with the largest relative error, a failed one before all others."""
        return max(self.checks, key=lambda each: (not each.passed, each.max_relative_error))

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``nncli gradcheck --json`` prints."""
        return {
            "passed": self.passed,
            "checks": [each.to_json() for each in self.checks],
            "seconds": self.seconds,
        }


def prove_catalogue(observe: Observer = lambda check: None) -> Proof:
    """Check every part of the catalogue."""
    from nncli.gradcheck.catalogue import check_catalogue

    return _proof("catalogue", check_catalogue(), observe)


def prove_options(
    options: Any,
    *,
    fast: bool = False,
    observe: Observer = lambda check: None,
    announce: Callable[[Any], None] = lambda plan: None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Proof:
    """Check the network that ``nncli train`` would start from with the spec ``options``."""
    from nncli import experiment
    from nncli.gradcheck.network import check_spec

    plan = experiment.plan(options, progress=progress)
    announce(plan)
    checks = check_spec(plan.spec, plan.dataset, plan.model, fast=fast)
    return _proof("options", checks, observe, spec=json.dumps(plan.spec.to_json()))


def prove_run(
    reference: str,
    *,
    db: str | None = None,
    fast: bool = False,
    observe: Observer = lambda check: None,
    announce: Callable[[Any], None] = lambda plan: None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Proof:
    """Check the network of a stored run with its trained weights, on its data."""
    from nncli import experiment
    from nncli.gradcheck.network import check_spec

    run, asked, stored = experiment.stored_network(reference, db=db)
    plan = experiment.plan(asked, progress=progress)
    announce(plan)
    checks = check_spec(plan.spec, plan.dataset, plan.model, stored.theta, fast=fast)
    return _proof("run", checks, observe, run=run, spec=json.dumps(plan.spec.to_json()))


def record(proof: Proof, *, db: str | None = None) -> int:
    """Store a proof in the database and return its number."""
    from nncli.environment import database_name

    versions = package_versions()
    worst = proof.worst
    with RunStore(database_name(db)) as runs:
        return runs.add_gradcheck(
            NewGradcheck(
                passed=proof.passed,
                checks=len(proof.checks),
                failed=len(proof.failed),
                max_relative_error=worst.max_relative_error,
                seconds=proof.seconds,
                what=proof.what,
                worst=f"{worst.name}: {worst.worst}",
                run_id=proof.run,
                spec=proof.spec,
                nncli_version=versions["nncli"],
                versions=versions,
                results=[each.to_json() for each in proof.checks],
            )
        )


def _proof(what: str, checks: Iterable[Check], observe: Observer, **more: Any) -> Proof:
    began = time.perf_counter()
    found = []
    for check in checks:
        found.append(check)
        observe(check)
    return Proof(what, found, time.perf_counter() - began, **more)
