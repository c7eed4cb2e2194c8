"""Checks of rows by themselves: what they refer to, their flags, and the JSON in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, not_, or_, select

from nncli.store.care.checking import EXAMPLES, Check, Finding, found_among, found_by
from nncli.store.nonfinite import EPOCH_FLAGGED, GRADCHECK_FLAGGED, LAYER_FLAGGED, RUN_FLAGGED
from nncli.store.schema import (
    epochs,
    gradchecks,
    layer_stats,
    metadata,
    runs,
    sweeps,
    trials,
)
from nncli.store.sweep_records import STATES

_FLAGGED: dict[Table, Sequence[str]] = {
    runs: RUN_FLAGGED,
    epochs: EPOCH_FLAGGED,
    layer_stats: LAYER_FLAGGED,
    gradchecks: GRADCHECK_FLAGGED,
}

#: Columns of JSON, and what each holds; specs and models have checks of their own.
_JSON: dict[Table, dict[str, type]] = {
    runs: {"versions": dict, "environment": dict},
    sweeps: {"tags": list, "definition": dict},
    trials: {"params": dict},
    gradchecks: {"versions": dict},
}

#: Rows of JSON texts that are asked for at a time.
_PAGE = 1000


def find_orphans(connection: Connection) -> Finding:
    """Find rows whose run or sweep is not there."""
    found = Finding()
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            owner = key.column
            wanted = select(key.parent, func.count()).group_by(key.parent)
            wanted = wanted.where(key.parent.not_in(select(owner)))
            what = owner.table.name.removesuffix("s")
            found += found_by(connection, wanted, partial(_orphan, table=table.name, owner=what))
    nowhere = and_(runs.c.sweep_id.is_not(None), runs.c.sweep_id.not_in(select(sweeps.c.id)))
    wanted = select(runs.c.id, runs.c.sweep_id).where(nowhere)
    return found + found_by(
        connection, wanted, lambda row: f"run {row[0]} is of sweep {row[1]}, which is not there"
    )


def _orphan(row: Sequence[Any], table: str, owner: str) -> str:
    return f"{row[1]} rows of {table} are of {owner} {row[0]}, which is not there"


def find_wrong_flags(connection: Connection) -> Finding:
    """Find numbers beside a flag that says there is none, and numbers that are not finite."""
    found = Finding()
    for table, names in _FLAGGED.items():
        keys = list(table.primary_key)
        flagged = [
            and_(table.c.flags.bitwise_and(3 << 2 * place) != 0, column.is_not(None))
            for place, column in enumerate(table.c[name] for name in names)
        ]
        bits = and_(
            table.c.flags != 0,
            or_(*flagged, table.c.flags < 0, table.c.flags >= 1 << 2 * len(names)),
        )
        numbers = or_(*(_not_finite(table.c[name]) for name in names))
        for what, test in (
            ("flags that contradict its numbers", bits),
            ("a number that is not finite and has no flag", numbers),
        ):
            found += found_by(
                connection,
                select(*keys).where(test),
                partial(_described, table=table, what=what),
            )
    return found


def _not_finite(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that a column holds an infinity, NaN or no number; true of NULL is neither."""
    return not_(column.between(-sys.float_info.max, sys.float_info.max))


def _described(row: Sequence[Any], table: Table, what: str) -> str:
    return f"{_place(table, row)} has {what}"


def _place(table: Table, row: Sequence[Any]) -> str:
    keys = [column.name for column in table.primary_key]
    where = ", ".join(f"{key} {value}" for key, value in zip(keys, row, strict=True))
    return f"{table.name} ({where})"


def find_unreadable_json(connection: Connection) -> Finding:
    """Find texts that are not the JSON that they should be."""
    return found_among(_unreadable(connection))


def _unreadable(connection: Connection) -> Iterator[str]:
    known: set[tuple[str, str]] = set()  # most runs have the same versions and folder
    for table, columns in _JSON.items():
        keys = list(table.primary_key)
        wanted = select(*keys, *(table.c[name] for name in columns))
        options = {"stream_results": True, "yield_per": _PAGE}
        for row in connection.execute(wanted, execution_options=options):
            for (name, kind), text in zip(columns.items(), row[len(keys) :], strict=True):
                if (name, text) in known:
                    continue
                if not isinstance(_parsed(text), kind):
                    yield f"{_place(table, row[: len(keys)])}: {name} cannot be read"
                elif len(known) < _PAGE:
                    known.add((name, text))


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def find_wrong_trials(connection: Connection) -> Finding:
    """Find trials in an unknown state; count those whose run was deleted, which is allowed."""
    wanted = select(trials.c.sweep_id, trials.c.number, trials.c.seed, trials.c.state)
    found = found_by(
        connection,
        wanted.where(trials.c.state.not_in(STATES)),
        lambda row: f"trial {row[1]} of sweep {row[0]}, seed {row[2]}: unknown state '{row[3]}'",
    )
    missing = connection.execute(
        select(trials.c.sweep_id, func.count())
        .select_from(trials.outerjoin(runs, runs.c.id == trials.c.run_id))
        .where(trials.c.state == "done", runs.c.id.is_(None))
        .group_by(trials.c.sweep_id)
        .order_by(trials.c.sweep_id.desc())
    ).all()
    notes = tuple(
        f"the runs of {count} trials of sweep {sweep_id} were deleted: "
        f"nncli sweep --resume {sweep_id} does them again"
        for sweep_id, count in missing[:EXAMPLES]
    )
    return Finding(found.wrong, found.examples, notes)


CHECKS = (
    Check("references", "every row's run or sweep is there", find_orphans),
    Check("numbers", "flags stand for NaN and infinities, and where none is", find_wrong_flags),
    Check("json", "all JSON can be read", find_unreadable_json),
    Check("trials", "trials are claimed, done or dropped", find_wrong_trials),
)
