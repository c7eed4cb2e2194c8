"""The experiment store: every run, curve and model in one database that plain SQL can read.

Importing this package is cheap. SQLAlchemy and NumPy are loaded when ``RunStore``, ``Curve`` or an
encoder is first used, so the command line can name them without paying for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.store.records import (
    Checkpoint,
    Gradcheck,
    NewGradcheck,
    NewRun,
    Run,
    RunRow,
    Summary,
)
from nncli.store.sweep_records import Claim, NewSweep, Settled, Sweep, TrialRow, Wanted

if TYPE_CHECKING:
    from nncli.store.curve import Curve, LayerStats
    from nncli.store.encoding import arrays_from_bytes, arrays_to_bytes, from_json, to_json
    from nncli.store.store import RunStore
    from nncli.store.sweeps import SweepStore

__all__ = [
    "Checkpoint",
    "Claim",
    "Curve",
    "Gradcheck",
    "LayerStats",
    "NewGradcheck",
    "NewRun",
    "NewSweep",
    "Run",
    "RunRow",
    "RunStore",
    "Settled",
    "Summary",
    "Sweep",
    "SweepStore",
    "TrialRow",
    "Wanted",
    "arrays_from_bytes",
    "arrays_to_bytes",
    "from_json",
    "to_json",
]

_HOMES = {
    "Curve": "nncli.store.curve",
    "LayerStats": "nncli.store.curve",
    "RunStore": "nncli.store.store",
    "SweepStore": "nncli.store.sweeps",
    "arrays_from_bytes": "nncli.store.encoding",
    "arrays_to_bytes": "nncli.store.encoding",
    "from_json": "nncli.store.encoding",
    "to_json": "nncli.store.encoding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)  # asked for once
    return value
