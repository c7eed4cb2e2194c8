"""Which runs a word means: ``12``, ``15-20``, ``@night``, ``sweep:3``, ``last``, a name, a uuid.

A word may mean several runs. Its forms are tried in the order of this file; the first that means
any run is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from nncli.errors import StoreError, UsageError, did_you_mean
from nncli.store.records import clean
from nncli.store.references import SHORTEST_PREFIX
from nncli.store.schema import runs, sweeps, tags, trials
from nncli.store.undecoded import check_decoded

LARGEST_ID = 2**31 - 1
"""The largest id that a column of ids can hold."""

FORMS = "an id, a range such as 15-20, @TAG, sweep:ID or sweep:NAME, a name, 'last' or a uuid"

_RANGE = re.compile(r"([0-9]+)-([0-9]+)")

Condition = ColumnElement[bool]


def selected(
    connection: Connection, words: Sequence[str], shown: str, *, only_trained: bool = False
) -> list[Condition]:
    """Return the condition that some word means a run; none without words.

    A sweep's runs are those that it uses, also those it has found trained; with ``only_trained``
    those that it has trained itself.

    Raises ``StoreError`` for a word that means nothing, and UsageError for one that never could.
    """
    found = [_meaning(connection, word.strip(), shown, only_trained) for word in words]
    return [or_(*found)] if found else []


def _meaning(connection: Connection, word: str, shown: str, only_trained: bool) -> Condition:
    if not word:
        raise UsageError(f"an empty text selects no runs: give {FORMS}")
    check_decoded("RUN", word)
    for condition in _forms(clean(word), only_trained):
        if connection.execute(select(runs.c.id).where(condition).limit(1)).first() is not None:
            return condition
    raise _unknown(connection, word, shown)


def _forms(word: str, only_trained: bool) -> Iterator[Condition]:
    if word == "last":
        yield runs.c.id == select(func.max(runs.c.id)).scalar_subquery()
    if word.startswith("@"):
        yield runs.c.id.in_(select(tags.c.run_id).where(tags.c.tag == word[1:]))
    if word.startswith("sweep:"):
        for which in _sweeps(word.removeprefix("sweep:")):
            trained = runs.c.sweep_id.in_(which)
            yield trained if only_trained else or_(trained, runs.c.id.in_(_used(which)))
    if word.isdecimal() and int(word) <= LARGEST_ID:
        yield runs.c.id == int(word)
    if ends := _RANGE.fullmatch(word):
        first, last = (min(int(end), LARGEST_ID) for end in ends.groups())
        yield runs.c.id.between(first, last)
    yield runs.c.name == word
    if len(word) >= SHORTEST_PREFIX:
        yield runs.c.uuid.startswith(word.lower(), autoescape=True)


def _sweeps(word: str) -> Iterator[Select[int]]:
    """Yield what a word may mean as the ids of sweeps."""
    if word == "last":
        yield select(func.max(sweeps.c.id))
    if word.isdecimal() and int(word) <= LARGEST_ID:
        yield select(sweeps.c.id).where(sweeps.c.id == int(word))
    yield select(sweeps.c.id).where(sweeps.c.name == word)


def _used(which: Select[int]) -> Select[int]:
    """Return the ids of the runs that sweeps use, whoever has trained them."""
    return select(trials.c.run_id).where(trials.c.sweep_id.in_(which), trials.c.run_id.is_not(None))


def _unknown(connection: Connection, word: str, shown: str) -> UsageError | StoreError:
    """Build the error for a word that means no run, with the nearest of its form."""
    latest = connection.execute(select(func.max(runs.c.id))).scalar()
    if latest is None:
        return StoreError(f"no run '{word}': {shown} has no runs yet: nncli train")
    if ends := _RANGE.fullmatch(word):
        first, last = map(int, ends.groups())
        if first > last:
            return UsageError(
                f"the range {word} is empty: expected its lower end first: {last}-{first}"
            )
        return StoreError(f"no run from {first} to {last} in {shown}: the latest is {latest}")
    if word.startswith("@"):
        near = _near(connection, tags, "tag", word[1:])
        return StoreError(f"no run in {shown} has the tag '{word[1:]}'{near}: nncli report")
    if word.startswith("sweep:"):
        near = _near(connection, sweeps, "name", word.removeprefix("sweep:"))
        return StoreError(
            f"no run of a sweep '{word.removeprefix('sweep:')}' in {shown}{near}: expected the id "
            "or the name of a sweep"
        )
    near = _near(connection, runs, "name", word)
    return StoreError(
        f"no run '{word}' in {shown}{near}: expected {FORMS} (at least {SHORTEST_PREFIX} of its "
        f"characters); the latest run is {latest}"
    )


def _near(connection: Connection, table: Table, column: str, word: str) -> str:
    names = select(table.c[column]).where(table.c[column].is_not(None)).distinct().limit(1000)
    return did_you_mean(word, connection.execute(names).scalars())
