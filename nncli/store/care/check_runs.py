"""Checks of runs by themselves: their status and times, and that the spec fits its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from nncli.store import queries
from nncli.store.care.checking import EXAMPLES, Check, Finding, found_among, found_by
from nncli.store.records import ENDED, STATUSES
from nncli.store.schema import runs

#: A time as ``clock.utc_text`` writes it, as a pattern of SQL.
TIME = "____-__-__T__:__:__.___Z"

_PAGE = 1000


def checks(uncounted: Collection[str]) -> Sequence[Check]:
    """Return the checks; ``uncounted`` are the options that the hash of a spec leaves out."""
    return (
        Check("runs", "status and times of every run fit together", find_wrong_states),
        Check(
            "specs",
            "every spec can be read, and its hash is that of its content",
            lambda connection: found_among(_wrong_specs(connection, frozenset(uncounted))),
        ),
    )


def find_wrong_states(connection: Connection) -> Finding:
    """Find runs with an unknown status, or times that do not fit it."""
    ended = runs.c.status.in_(ENDED)
    times = [runs.c[name] for name in ("created", "started", "heartbeat", "finished")]
    wrong = {
        "has an unknown status": runs.c.status.not_in(STATUSES),
        "has ended and has no time of its end": and_(ended, runs.c.finished.is_(None)),
        "runs and has a time of its end": and_(
            runs.c.status == "running", runs.c.finished.is_not(None)
        ),
        "has a time that cannot be read": or_(*(time.not_like(TIME) for time in times)),
        "counts fewer than no epochs or updates": or_(runs.c.epochs < 0, runs.c.updates < 0),
    }
    found = Finding()
    for what, test in wrong.items():
        wanted = select(runs.c.id, runs.c.status).where(test)
        found += found_by(connection, wanted, partial(_described, what=what))
    gone = sorted(queries.vanished(connection, datetime.now(UTC)))
    some = ", ".join(map(str, gone[:EXAMPLES])) + (", ..." if len(gone) > EXAMPLES else "")
    notes = (f"the processes of {len(gone)} runs are gone (run {some}): they are stale",)
    return Finding(found.wrong, found.examples, notes if gone else ())


def _described(row: Sequence[Any], what: str) -> str:
    return f"run {row[0]} ({row[1]}) {what}"


def _wrong_specs(connection: Connection, uncounted: frozenset[str]) -> Iterator[str]:
    wanted = select(runs.c.id, runs.c.spec, runs.c.spec_hash, runs.c.seed)
    options = {"stream_results": True, "yield_per": _PAGE}
    for run_id, spec, spec_hash, seed in connection.execute(wanted, execution_options=options):
        try:
            values = json.loads(spec)
            found = hash_of(values, uncounted)
        except (TypeError, ValueError, AttributeError):
            yield f"the spec of run {run_id} cannot be read"
            continue
        if found != spec_hash:
            yield f"the spec of run {run_id} was changed: its hash is {found[:8]}, " + (
                f"stored is {str(spec_hash)[:8]}"
            )
        elif values.get("seed", seed) != seed:
            yield f"run {run_id} has the seed {seed}, its spec {values['seed']}"


def hash_of(spec: dict[str, Any], uncounted: frozenset[str]) -> str:
    """Return the hash of a stored spec, as ``Spec.hash`` makes it of the spec itself.

    Options that are off do not count, so that a later version can add some.
    """
    counted = {
        name: value
        for name, value in spec.items()
        if value is not None and value is not False and name not in uncounted
    }
    text = json.dumps(counted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
