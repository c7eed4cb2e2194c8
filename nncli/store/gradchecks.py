"""The statements on stored gradient checks."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from nncli.store.encoding import from_json, to_json
from nncli.store.nonfinite import GRADCHECK_FLAGGED, from_cells, to_cells
from nncli.store.records import Gradcheck, NewGradcheck, clean
from nncli.store.schema import gradchecks

_COLUMNS = tuple(gradchecks.c[f.name] for f in fields(Gradcheck))


def add(connection: Connection, new: NewGradcheck, created: str, host: str) -> int:
    """Store a check and return its id."""
    values: dict[str, Any] = {f.name: clean(getattr(new, f.name)) for f in fields(NewGradcheck)}
    cells, bits, _ = to_cells({name: values[name] for name in GRADCHECK_FLAGGED}, GRADCHECK_FLAGGED)
    values |= {
        **cells,
        "flags": bits,
        "created": created,
        "host": host,
        "versions": json.dumps(dict(new.versions)),
        "results": to_json(new.results),
    }
    result = connection.execute(insert(gradchecks), values)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def load(connection: Connection, gradcheck_id: int) -> Gradcheck | None:
    """Read a check, if there is one of that id."""
    wanted = select(*_COLUMNS, gradchecks.c.flags).where(gradchecks.c.id == gradcheck_id)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else _record(row)


def latest(connection: Connection, limit: int | None) -> list[Gradcheck]:
    """Read the latest checks, newest first."""
    wanted = select(*_COLUMNS, gradchecks.c.flags).order_by(gradchecks.c.id.desc()).limit(limit)
    return [_record(row) for row in connection.execute(wanted).mappings()]


def _record(row: RowMapping) -> Gradcheck:
    values = dict(row)
    from_cells(values, values.pop("flags"), GRADCHECK_FLAGGED)
    values["versions"] = json.loads(values["versions"])
    values["results"] = from_json(values["results"])
    return Gradcheck(**values)
