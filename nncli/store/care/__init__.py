"""Care of the store: what is in it, is it sound, and changing it after the runs have ended.

``CareStore`` is the store with what a caretaker does: look into it, check, compact, back up, merge
another one into it, tag, delete. Whatever it changes, it changes in transactions of whole runs: a
process that is killed meanwhile leaves a sound database, and doing the same again does the rest.
Importing this package is cheap; SQLAlchemy comes with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.store.care.keeping import Candidate, Rule, kept_runs, read_rule
from nncli.store.care.records import Backup, Compacted, Info, Merged, TableInfo, Verdict, Weight

if TYPE_CHECKING:
    from nncli.store.care.care_store import CareStore

__all__ = [
    "Backup",
    "Candidate",
    "CareStore",
    "Compacted",
    "Info",
    "Merged",
    "Rule",
    "TableInfo",
    "Verdict",
    "Weight",
    "kept_runs",
    "read_rule",
]


def __getattr__(name: str) -> Any:
    if name != "CareStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("nncli.store.care.care_store").CareStore
