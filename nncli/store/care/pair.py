"""The two databases of a merge, as all of its parts take them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nncli.store.care.source import Source

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Pair:
    """The two databases of a merge: one that is read, and transactions on one that is written.

    With ``dry_run`` nothing is written; ``is_new`` says that there is no database to merge into.
    """

    source: Source
    reading: Transaction
    writing: Transaction
    clock: Callable[[], datetime]
    dry_run: bool = False
    is_new: bool = False
