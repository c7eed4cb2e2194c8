"""From the rows of ``runs`` to the columns of a table, each a field as it was asked for.

What every row has is read plainly and put right afterwards, which is much faster than in SQL: the
few numbers that are not finite, the options out of the stored spec, the runs that are stale.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal, select

from nncli.store.finding.fields import FIELDS, Field
from nncli.store.finding.operands import Operands
from nncli.store.nonfinite import VALUES
from nncli.store.schema import runs, tags

FEW = 500
"""Ids that are named one by one in a statement; of more, all rows are read."""


class Reader:
    """Reads fields of runs. ``columns`` is what a SELECT must bring, first the id."""

    def __init__(self, fields: Sequence[Field], operands: Operands, gone: Collection[int]) -> None:
        self._fields = fields
        self._gone = gone
        self._options = list(dict.fromkeys(f.column for f in fields if f.source == "spec"))
        wanted: dict[Any, ColumnElement[Any]] = {_ID: runs.c.id}
        for field in fields:
            if field.source == "runs":
                wanted[_key(field)] = runs.c[field.column]
                if field.flagged:
                    wanted[_FLAGS] = runs.c.flags
            elif field.source == "spec":
                wanted[_key(field)] = operands.options(self._options)
            elif field.source == "shape":
                wanted[_key(field)] = operands.shape(field)
            elif field.statistic:
                nan = math.nan if operands.is_postgres else _NAN
                wanted[_key(field)] = operands.aggregate(field, literal(nan))
        self._places = {key: place for place, key in enumerate(wanted)}
        self.columns = tuple(wanted.values())

    def of_cells(
        self, connection: Connection, cells: Sequence[Sequence[Any]]
    ) -> dict[str, list[Any]]:
        """Return the fields of the runs whose ``columns`` are given."""
        options = self._of_spec(cells) if self._options else {}
        found: dict[str, list[Any]] = {}
        for field in self._fields:
            if field.kind == "tags":
                found[field.label] = _tags(connection, cells[0])
            elif field.source == "spec":
                found[field.label] = options[field.column]
            else:
                found[field.label] = self._values(field, cells)
        return found

    def _of_spec(self, cells: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the options by name; a flag that is off may be left out of a spec."""
        texts = cells[self._places[_SPEC]]
        lists = {text: json.loads(text) for text in set(texts)}
        rows = [lists[text] for text in texts]
        found = {}
        for place, name in enumerate(self._options):
            default = False if FIELDS[name].kind == "flag" else None
            found[name] = [default if row[place] is None else row[place] for row in rows]
        return found

    def _values(self, field: Field, cells: Sequence[Sequence[Any]]) -> list[Any]:
        values = list(cells[self._places[_key(field)]])
        if field.column == "status" and self._gone:
            gone = self._gone
            return ["stale" if i in gone else v for i, v in zip(cells[0], values, strict=True)]
        if field.source != "runs":
            values = [math.nan if value == _NAN else value for value in values]
        elif field.flagged:
            _restore(values, cells[self._places[_FLAGS]], field)
        elif field.kind == "flag":
            values = [None if value is None else bool(value) for value in values]
        return [None if v is None else 1 - v for v in values] if field.flipped else values


_ID, _FLAGS, _SPEC = (("runs", name, None) for name in ("id", "flags", "spec"))
_NAN = "nan"  # SQLite has none, and says it in a word


def _key(field: Field) -> tuple[str, str, str | None]:
    """Return what tells a column of the SELECT from others."""
    return _SPEC if field.source == "spec" else (field.source, field.column, field.statistic)


def _restore(values: list[Any], flags: Sequence[int], field: Field) -> None:
    """Put NaN and infinities where the flags say so, in place."""
    shift = 2 * field.flagged.index(field.column)
    for place, bits in enumerate(flags):
        if bits and (code := bits >> shift & 3):
            values[place] = VALUES[code]


def _tags(connection: Connection, ids: Sequence[int]) -> list[tuple[str, ...]]:
    wanted = select(tags.c.run_id, tags.c.tag).order_by(tags.c.run_id, tags.c.tag)
    if len(ids) <= FEW:
        wanted = wanted.where(tags.c.run_id.in_(ids))
    found: dict[int, list[str]] = {}
    for run_id, tag in connection.execute(wanted).all():
        found.setdefault(run_id, []).append(tag)
    return [tuple(found.get(each, ())) for each in ids]
