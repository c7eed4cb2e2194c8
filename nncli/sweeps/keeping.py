"""What a stored sweep is about, kept as its file says it now.

A text or a claim may be mended after the runs are done: it is no part of what a sweep is known by.
"""

from __future__ import annotations

import json

from nncli.environment import database_name
from nncli.errors import UsageError
from nncli.store import SweepStore
from nncli.sweeps.definition import Definition
from nncli.sweeps.space.about import About


def keep_about(db: str | None, sweep_id: int, about: About | None, name: str | None = None) -> None:
    """Store what a sweep is about, and its name, where something else is stored.

    A sweep that is asked for without a word on it keeps what it has.
    """
    if about is None:
        return
    with SweepStore(database_name(db)) as store:
        sweep = store.find_sweep(sweep_id)
        kept = json.loads(sweep.definition)
        changed = {}
        if kept.get("about") != about.to_json():
            kept["about"] = about.to_json()
            changed["definition"] = json.dumps(kept, ensure_ascii=False)
        if name is not None and name != sweep.name:
            changed["name"] = name
        if changed:
            store.change_sweep(sweep_id, **changed)


def about_of(definition: str) -> About | None:
    """Return what a sweep is about whose definition is stored as this text.

    None for one that is about nothing, or that somebody has changed so that it cannot be read.
    """
    try:
        return Definition.from_json(json.loads(definition)).about
    except (ValueError, LookupError, TypeError, UsageError):
        return None
