"""Which runs a query means, and in which order, as SQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from nncli.errors import UsageError, unknown_choice
from nncli.store.clock import utc_text
from nncli.store.finding.conditions import condition_of
from nncli.store.finding.fields import Field, check_field
from nncli.store.finding.operands import Operands
from nncli.store.finding.query import Query
from nncli.store.finding.selectors import selected
from nncli.store.records import STATUSES
from nncli.store.schema import runs, tags, trials

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,7})?)([mhdw])")
_DIRECTIONS = {"asc": False, "desc": True}


def conditions_of(
    connection: Connection, query: Query, operands: Operands, now: datetime, shown: str
) -> list[ColumnElement[bool]]:
    """Return what must hold for a run that is meant. Raises UsageError and StoreError."""
    found = selected(connection, query.runs, shown, only_trained=query.only_trained)
    if query.of_sweeps:
        used = select(trials.c.run_id).where(trials.c.sweep_id.in_(query.of_sweeps))
        found.append(runs.c.id.in_(used.where(trials.c.run_id.is_not(None))))
    if query.where is not None:
        found.append(condition_of(query.where, operands))
    if query.since is not None:
        found.append(runs.c.created >= utc_text(read_since(query.since, now)))
    for word in query.statuses:
        if word not in STATUSES:
            raise unknown_choice("status", word, STATUSES)
    if query.statuses:
        status = operands.of(check_field("status")).texts
        assert status is not None
        found.append(status.in_(sorted(set(query.statuses))))
    return found


def read_since(text: str, now: datetime) -> datetime:
    """Return the moment that an age such as ``2d`` or a date means, dates being those of UTC.

    Raises UsageError.
    """
    word = text.strip().lower()
    if age := _AGE.fullmatch(word):
        try:
            return now - timedelta(**{_UNITS[age[2]]: float(age[1])})
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"--since is '{text}': expected an age such as 30m, 12h, 2d or 1w, or a date such as "
            "2026-03-01 or 2026-03-01T09:30"
        ) from None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def read_sort(text: str) -> tuple[Field, bool]:
    """Return the field to sort by and whether its largest value comes first.

    Raises UsageError.
    """
    name, mark, word = text.strip().rpartition(":")
    if not mark or word not in _DIRECTIONS:
        name, word = text.strip(), "asc"
    descending = _DIRECTIONS[word]
    if name.startswith("-"):
        name, descending = name[1:], not descending
    return check_field(name), descending


def order_of(sort: str | None, operands: Operands) -> list[ColumnElement[Any]]:
    """Return what to sort by: numbers, then NaN, then what is missing; the newest of equal ones."""
    newest = runs.c.id.desc()
    if sort is None:
        return [newest]
    field, descending = read_sort(sort)
    operand = operands.of(field)
    keys: list[ColumnElement[Any]] = []
    if operand.numbers is not None:
        keys.append(operand.numbers)
    if operand.texts is not None:
        texts = operand.texts
        if field.kind == "tags":
            texts = select(func.min(tags.c.tag)).where(tags.c.run_id == runs.c.id).scalar_subquery()
        keys.append(operands.ordered(texts))
    ordered: list[ColumnElement[Any]] = [
        (key.desc() if descending else key.asc()).nulls_last() for key in keys
    ]
    if field.flagged:
        ordered.append(operand.missing)
    return [*ordered, newest]
