"""Fields as SQL: what a condition compares and what runs are sorted by.

A NaN is NULL here, as SQLite has it in arithmetic, and an infinity is itself. So comparisons come
out as :mod:`nncli.predicates` has them, where a NaN, as a missing value, equals nothing and is
neither below nor above anything; that they differ is asked of ``missing`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)

from nncli.store.finding.fields import Field
from nncli.store.schema import epochs, layer_stats, runs, tags

#: What is stored as a number, as far as it is one, and all digits of a text that is one.
_NUMBER = r"^\s*[+-]?(\d{1,200}(\.\d{0,200})?|\.\d{1,200})([eE][+-]?\d{1,2})?\s*$"


@dataclass(frozen=True)
class Operand:
    """A value in SQL: a number, a text, or either of them, whichever is not NULL.

    ``constant`` is a value that was written out. A ``flag`` is a number of 0 or 1, a ``whole`` one
    has no fraction; ``missing`` is true or false, never NULL.
    """

    missing: ColumnElement[bool]
    numbers: ColumnElement[Any] | None = None
    texts: ColumnElement[Any] | None = None
    flag: bool = False
    whole: bool = False
    constant: float | str | None = None


def constant(value: float | str) -> Operand:
    """Return a number or a text that was written out, as a bound parameter."""
    if isinstance(value, str):
        return Operand(false(), texts=literal(value, Text), constant=value)
    kind: Any = BigInteger if isinstance(value, int) else Double
    return Operand(false(), numbers=literal(value, kind), constant=value)


class Operands:
    """The fields as SQL of one kind of database; ``gone`` are the runs that are stale by now."""

    def __init__(self, dialect: str, gone: Collection[int] = ()) -> None:
        self.is_postgres = dialect == "postgresql"
        self._gone = gone

    def of(self, field: Field) -> Operand:
        """Return a field's value of each row of ``runs``."""
        match field.source:
            case "runs":
                return self._of_runs(field)
            case "spec":
                return self._of_spec(field)
            case "shape":
                return Operand(false(), numbers=self.shape(field), whole=True)
            case "tags":
                return self._of_tags()
            case _:
                return self._of_many(field)

    def aggregate(self, field: Field, nan: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        """Return the statistic of what is measured many times a run, ``nan`` for a NaN.

        ``min`` and ``max`` are those of what is a number; only where nothing is, they are NaN. A
        ``mean`` is one where any value is.
        """
        table = _TABLES[field.source]
        value = _finite_or_infinite(table, field)
        flawed = func.max(case((_is(table, field, 1), 1), else_=0)) == 1
        of: Any = {"min": func.min, "max": func.max, "mean": func.avg}[str(field.statistic)]
        number = self.without_nan(of(value))
        shown = null() if nan is None else nan
        cases = [(number.is_not(None), number), (flawed, shown)]
        if field.statistic == "mean":  # of both infinities there is none either
            cases = [(flawed, shown), cases[0], (func.count(value) > 0, shown)]
        found = number if nan is None and field.statistic != "mean" else case(*cases)
        return _rows_of(table, select(found)).scalar_subquery()

    def options(self, names: Sequence[str]) -> ColumnElement[Any]:
        """Return some options of the stored spec as a text, a JSON list.

        JSON's digits are exact in either database, and the same list stands in many rows.
        """
        if not self.is_postgres:
            paths = [f"$.{name}" for name in names]
            # Of one path SQLite would return the value itself.
            return func.json_extract(runs.c.spec, *paths, paths[0], type_=Text)
        return cast(func.jsonb_build_array(*(self._json(name) for name in names)), Text)

    def shape(self, field: Field) -> ColumnElement[Any]:
        """Return how many hidden layers a run has, or how many units the widest of them.

        The stored spec has their widths as a text, ``64,32`` or ``none``.
        """
        text = func.coalesce(self._in_spec("hidden"), "none")
        has_none = text.in_(("none", ""))
        if field.column == "depth":
            commas = func.length(text) - func.length(func.replace(text, ",", ""))
            return case((has_none, 0), else_=commas + 1)
        if self.is_postgres:
            each: Any = func.unnest(func.string_to_array(text, ",")).column_valued("each")
        else:
            each = func.json_each("[" + text + "]").table_valued("value").c.value
        widest = select(func.max(cast(each, Integer))).scalar_subquery()
        return case((has_none, 0), else_=widest)

    def reads_as(
        self, texts: ColumnElement[Any], number: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        """Return whether a text is a number, and this one."""
        if self.is_postgres:
            return case((texts.regexp_match(_NUMBER), cast(texts, Double))) == number
        # Compared with a REAL, SQLite reads a text that is a number, whole, as one.
        return cast(number, Double) == texts

    def as_flag(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a Boolean as 0 or 1."""
        return cast(column, Integer)

    def quotient(self, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a quotient, NULL by zero."""
        return left / func.nullif(right, literal(0.0, Double)) if self.is_postgres else left / right

    def without_nan(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the result of arithmetic with NULL for a NaN, as SQLite gives it."""
        return func.nullif(number, literal(math.nan, Double)) if self.is_postgres else number

    def ordered(self, texts: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return texts to be ordered by their characters' numbers, as Python and SQLite do it."""
        return texts.collate("C") if self.is_postgres else texts

    def _of_runs(self, field: Field) -> Operand:
        column = runs.c[field.column]
        if field.column == "status" and self._gone:
            stale = runs.c.id.in_(sorted(self._gone))
            return Operand(false(), texts=case((stale, "stale"), else_=column))
        missing: ColumnElement[bool] = column.is_(None) if column.nullable else false()
        if field.kind == "text":
            return Operand(missing, texts=column)
        if field.kind == "flag":
            return Operand(missing, numbers=self.as_flag(column), flag=True, whole=True)
        if not field.flagged:
            return Operand(missing, numbers=column, whole=field.kind == "whole")
        value = _finite_or_infinite(runs, field)
        missing = and_(missing, _is(runs, field, 0))
        return Operand(missing, numbers=1 - value if field.flipped else value)

    def _of_spec(self, field: Field) -> Operand:
        value = self._in_spec(field.column)
        if field.kind == "text":
            return Operand(value.is_(None), texts=value)
        if field.kind == "mixed":
            return self._mixed(value)
        if field.kind == "flag":
            # An option that is off may be left out of a spec: its absence is no.
            on = self._flag_in_spec(value)
            return Operand(false(), numbers=func.coalesce(on, 0), flag=True, whole=True)
        number = cast(value, Double) if self.is_postgres else value
        return Operand(value.is_(None), numbers=number, whole=field.kind == "whole")

    def _in_spec(self, name: str) -> ColumnElement[Any]:
        if self.is_postgres:
            text: ColumnElement[Any] = self._json(name).astext
            return text
        return func.json_extract(runs.c.spec, f"$.{name}", type_=Text)

    def _json(self, name: str) -> Any:
        from sqlalchemy.dialects.postgresql import JSONB

        return cast(runs.c.spec, JSONB)[name]

    def _flag_in_spec(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((value == "true", 1), else_=0) if self.is_postgres else value

    def _mixed(self, value: ColumnElement[Any]) -> Operand:
        if self.is_postgres:
            is_number = value.regexp_match(_NUMBER)
            number: ColumnElement[Any] = case((is_number, cast(value, Double)))
        else:
            is_number = func.typeof(value) != "text"
            number = case((is_number, value))
        return Operand(value.is_(None), numbers=number, texts=case((~is_number, value)), whole=True)

    def _of_many(self, field: Field) -> Operand:
        value = self.aggregate(field)
        table = _TABLES[field.source]
        measured = or_(table.c[field.column].is_not(None), ~_is(table, field, 0))
        missing = ~exists(_rows_of(table, select(1)).where(measured))
        return Operand(missing, numbers=1 - value if field.flipped else value)

    def _of_tags(self) -> Operand:
        missing = runs.c.id.not_in(select(tags.c.run_id))
        return Operand(missing, texts=tags.c.tag)


_TABLES = {"runs": runs, "epochs": epochs, "layer_stats": layer_stats}


def _is(table: Table, field: Field, code: int) -> ColumnElement[bool]:
    """Return whether the flags of a row say ``code`` of a column, as ``nonfinite.py`` has it."""
    shift = 2 * field.flagged.index(field.column)
    return table.c.flags.bitwise_and(3 << shift) == code << shift


def _finite_or_infinite(table: Table, field: Field) -> ColumnElement[Any]:
    """Return the column with its infinities; NULL for a NaN and for what was not measured."""
    column = table.c[field.column]
    return case(
        (table.c.flags == 0, column),
        (_is(table, field, 2), literal(math.inf, Double)),
        (_is(table, field, 3), literal(-math.inf, Double)),
        else_=column,
    )


def _rows_of(table: Table, wanted: Select[Any]) -> Select[Any]:
    """Limit a SELECT to the rows of a run: all its epochs, or its layers at the last one."""
    mine = table.c.run_id == runs.c.id
    if table is epochs:
        return wanted.where(mine).correlate(runs)
    others = table.alias("logged")
    last = select(func.max(others.c.epoch)).where(others.c.run_id == runs.c.id).correlate(runs)
    return wanted.where(mine, table.c.epoch == last.scalar_subquery()).correlate(runs)
