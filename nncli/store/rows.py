"""From records to a row of ``runs``: its columns when a run begins and when it has ended."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from nncli.store.curve import Curve
from nncli.store.nonfinite import EPOCH_FLAGGED
from nncli.store.process import Process
from nncli.store.records import NewRun, Summary, clean
from nncli.store.schema import runs

RESULTS = tuple(f.name for f in fields(Summary))
"""The columns that hold what came of a run."""

_GIVEN = tuple(f.name for f in fields(NewRun) if f.name not in ("tags", "versions", "environment"))
_given, _results = attrgetter(*_GIVEN), attrgetter(*RESULTS)
_LAST = tuple(name for name in EPOCH_FLAGGED if name in runs.c)
_EMPTY: dict[str, Any] = dict.fromkeys(c.name for c in runs.c if c.name != "id")
_kept = threading.local()


def of_new_run(
    new: NewRun, process: Process, now: str, started: str | None = None
) -> dict[str, Any]:
    """Return all columns but the id of a run that begins in a process, nothing trained yet."""
    began = started or now
    return {
        **_EMPTY,
        **dict(zip(_GIVEN, map(clean, _given(new)), strict=True)),
        "uuid": str(uuid.uuid4()),
        "status": "running",
        "created": began,
        "started": began,
        "heartbeat": now,
        **of_process(process),
        "epochs": 0,
        "updates": 0,
        "flags": 0,
        "versions": _json_of("versions", new.versions),
        "environment": _json_of("environment", new.environment),
    }


def of_process(process: Process) -> dict[str, Any]:
    """Return the columns that say whose a run is."""
    return {
        "host": process.host,
        "pid": process.pid,
        "pid_started": process.started,
        "pid_space": process.space,
    }


def of_results(curve: Curve | None, summary: Summary | None) -> dict[str, Any]:
    """Return the columns of results that are given: of the curve's last row, and the summary's."""
    values = of_last_row(curve) if curve else {}
    if summary is not None:
        for name, value in zip(RESULTS, _results(summary), strict=True):
            if value is not None:
                values[name] = value
    return values


def of_last_row(curve: Curve) -> dict[str, Any]:
    """Return the columns that follow the curve, which must have rows."""
    row = curve.last()
    return {
        "epochs": row["epoch"],
        "updates": row["updates"],
        **{name: row[name] for name in _LAST},
    }


def before_first_row(epoch: int) -> dict[str, Any]:
    """Return the columns that follow the curve where it has no row."""
    return {"epochs": epoch, "updates": 0, **dict.fromkeys(_LAST)}


def _json_of(column: str, mapping: Mapping[str, object]) -> str:
    """Return a mapping as JSON text, made once where run after run brings the very same mapping."""
    known: tuple[Mapping[str, object], str] | None = getattr(_kept, column, None)
    if known is None or known[0] is not mapping:
        known = mapping, json.dumps(dict(mapping))
        setattr(_kept, column, known)
    return known[1]
