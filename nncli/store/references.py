"""Which run or sweep people mean: ``last``, an id, a name, or the start of a uuid."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select

from nncli.errors import StoreError, did_you_mean
from nncli.store.schema import runs, sweeps
from nncli.store.undecoded import check_decoded

SHORTEST_PREFIX = 4
NAMES_SHOWN = 5

_HOW_TO_START = {runs.name: "nncli train", sweeps.name: "nncli sweep"}


def resolve(connection: Connection, table: Table, reference: str, shown: str) -> int:
    """Return the id of a row of ``runs`` or ``sweeps`` that a reference means.

    The first of ``last``, id, name and uuid that fits is taken. Raises ``StoreError`` for none and
    for several.
    """
    word = reference.strip()
    check_decoded(table.name.removesuffix("s").upper(), word)
    newest = table.c.id.desc()
    if word == "last":
        found = connection.execute(select(table.c.id).order_by(newest).limit(1)).scalar()
        if found is not None:
            return int(found)
    if word.isdecimal() and len(word) <= 9:
        found = connection.execute(select(table.c.id).where(table.c.id == int(word))).scalar()
        if found is not None:
            return int(found)
    tests = [("name", table.c.name == word)]
    if len(word) >= SHORTEST_PREFIX:
        tests.append(("uuid", table.c.uuid.startswith(word.lower(), autoescape=True)))
    for what, test in tests:
        several = connection.execute(
            select(table.c.id, table.c.uuid, table.c.data).where(test).order_by(newest).limit(6)
        ).all()
        if len(several) == 1:
            return int(several[0].id)
        if several:
            some = ", ".join(f"{r.id} ({r.uuid[:8]}, {r.data})" for r in several[:NAMES_SHOWN])
            more = ", ..." if len(several) > NAMES_SHOWN else ""
            raise StoreError(
                f"'{reference}' is the {what} of several {table.name} in {shown}: {some}{more}; "
                "give the id"
            )
    raise _unknown(connection, table, reference, shown)


def _unknown(connection: Connection, table: Table, reference: str, shown: str) -> StoreError:
    kind = table.name.removesuffix("s")
    latest = connection.execute(
        select(table.c.id, table.c.name).order_by(table.c.id.desc()).limit(1000)
    ).all()
    if not latest:
        start = _HOW_TO_START[table.name]
        return StoreError(f"no {kind} '{reference}': {shown} has no {table.name} yet: {start}")
    some = ", ".join(f"{r.id} ({r.name})" if r.name else str(r.id) for r in latest[:NAMES_SHOWN])
    near = did_you_mean(reference, {r.name for r in latest if r.name})
    listing = "; nncli report lists them" if table is runs else ""
    return StoreError(
        f"no {kind} '{reference}' in {shown}: give an id, a name, 'last' or at least "
        f"{SHORTEST_PREFIX} characters of a uuid{near}; the latest are {some}{listing}"
    )
