"""Checks of a store, one after the other; each says what is wrong, with examples.

A check is a function of an open connection that gives a :class:`Finding`. What is damaged so far
that a check cannot even read it is its finding, not the end of all checks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import DBAPIError

from nncli.store.care.records import Verdict

EXAMPLES = 5
"""Wrong things that are named of each kind; the others are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How many things are wrong, and some of them in words; ``notes`` are of what is not wrong."""

    wrong: int = 0
    examples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Finding) -> Finding:
        some = (*self.examples, *other.examples)
        return Finding(self.wrong + other.wrong, some, self.notes + other.notes)


@dataclass(frozen=True, slots=True)
class Check:
    """A check with the sentence that holds in a sound store."""

    name: str
    what: str
    find: Callable[[Connection], Finding]


def found_by(connection: Connection, wanted: Select[Any], say: Callable[[Any], str]) -> Finding:
    """Return what a query finds that finds nothing in a sound store: counted only if it does."""
    some = connection.execute(wanted.limit(EXAMPLES)).all()
    if not some:
        return Finding()
    counted = select(func.count()).select_from(wanted.order_by(None).subquery())
    count = int(connection.execute(counted).scalar_one()) if len(some) == EXAMPLES else len(some)
    return Finding(count, tuple(say(row) for row in some))


def found_among(problems: Iterable[str]) -> Finding:
    """Return problems that were met one by one."""
    count = 0
    some: list[str] = []
    for each in problems:
        count += 1
        if len(some) < EXAMPLES:
            some.append(each)
    return Finding(count, tuple(some))


def run_checks(connection: Connection, checks: Iterable[Check]) -> Iterator[Verdict]:
    """Make one check after the other, and yield what came of each."""
    for check in checks:
        began = time.perf_counter()
        try:
            with connection.begin_nested():  # a server ends a transaction with its first error
                found = check.find(connection)
        except DBAPIError as error:
            reason = (str(error.orig).splitlines() or ["it cannot be read"])[0]
            found = Finding(1, (f"cannot be read: {reason}",))
        yield Verdict(
            check.name,
            check.what,
            found.wrong,
            found.examples[:EXAMPLES],
            found.notes,
            time.perf_counter() - began,
        )
