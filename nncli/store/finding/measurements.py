"""What some runs have measured, as long tables: a row an epoch, or an epoch and a layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy import Table as SqlTable

from nncli.errors import UsageError, did_you_mean
from nncli.store.finding.rows import FEW
from nncli.store.nonfinite import EPOCH_FLAGGED, LAYER_FLAGGED, VALUES
from nncli.store.records import Checkpoint
from nncli.store.schema import epochs, layer_stats, models
from nncli.tables import Table

ERRORS = {"val_error": "val_accuracy", "train_error": "train_accuracy"}
"""Columns that are not stored: one minus another."""

CURVE_NAMES = (*EPOCH_FLAGGED, *ERRORS)


def curves_of(connection: Connection, run_ids: Sequence[int], names: Sequence[str]) -> Table:
    """Read the curves of some runs by run and epoch. Raises UsageError for unknown names."""
    for name in names:
        if name not in CURVE_NAMES:
            raise UsageError(
                f"unknown column of curves '{name}'{did_you_mean(name, CURVE_NAMES)}: expected "
                f"one of {', '.join(CURVE_NAMES)}"
            )
    flagged = tuple(dict.fromkeys(ERRORS.get(name, name) for name in names))
    always = ("epoch", "updates", "seconds")
    stored = _read(connection, epochs, run_ids, always, flagged, EPOCH_FLAGGED)
    columns = {name: stored[name] for name in ("run", *always)}
    for name in names:
        values = stored[ERRORS.get(name, name)]
        flipped = name in ERRORS
        columns[name] = [None if v is None else 1 - v for v in values] if flipped else values
    return Table(columns)


def layer_stats_of(connection: Connection, run_ids: Sequence[int]) -> Table:
    """Read the layer statistics of some runs by run, epoch and layer."""
    always = ("epoch", "layer")
    return Table(_read(connection, layer_stats, run_ids, always, LAYER_FLAGGED, LAYER_FLAGGED))


def layer_stats_at(connection: Connection, ids: Select[Any], epoch: int | None) -> Table:
    """Read the layer statistics of the runs whose ids a SELECT brings, at one epoch each."""
    wanted = layer_stats.c.run_id.in_(ids)
    if epoch is None:
        others = layer_stats.alias("logged")
        last = select(func.max(others.c.epoch)).where(others.c.run_id == layer_stats.c.run_id)
        at = layer_stats.c.epoch == last.correlate(layer_stats).scalar_subquery()
    else:
        at = layer_stats.c.epoch == epoch
    names = ("run_id", "epoch", "layer", *LAYER_FLAGGED, "flags")
    columns = select(*(layer_stats.c[name] for name in names)).order_by(*layer_stats.primary_key)
    rows = connection.execute(columns.where(wanted, at)).all()
    cells = [list(each) for each in zip(*rows, strict=True)] or [[] for _ in names]
    found = dict(zip(("run", *names[1:]), cells, strict=True))
    _restore(found, found.pop("flags"), LAYER_FLAGGED, LAYER_FLAGGED)
    return Table(found)


def weights_of(connection: Connection, run_ids: Sequence[int]) -> dict[int, Checkpoint]:
    """Read the best weights of some runs by run, the last ones where no others were kept."""
    names = ("run_id", "kind", "epoch", "weights", "info")
    # 'best' stands before 'last': the first of a run is the one to take
    wanted = select(*(models.c[name] for name in names)).order_by(models.c.run_id, models.c.kind)
    found: dict[int, Checkpoint] = {}
    for some in _pages(run_ids):
        for run_id, _, epoch, weights, info in connection.execute(
            wanted.where(models.c.run_id.in_(some))
        ):
            found.setdefault(run_id, Checkpoint(epoch=epoch, weights=weights, info=info))
    return found


def _read(
    connection: Connection,
    table: SqlTable,
    run_ids: Sequence[int],
    always: Sequence[str],
    flagged: Sequence[str],
    all_flagged: Sequence[str],
) -> dict[str, list[Any]]:
    """Read columns of the rows of some runs, NaN and infinities put back."""
    names = ("run_id", *always, *flagged, "flags")
    wanted = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
    columns: list[list[Any]] = [[] for _ in names]
    for some in _pages(run_ids):
        rows = connection.execute(wanted.where(table.c.run_id.in_(some))).all()
        for column, cells in zip(columns, zip(*rows, strict=True), strict=False):
            column.extend(cells)
    found = dict(zip(("run", *always, *flagged), columns, strict=False))
    _restore(found, columns[-1], flagged, all_flagged)
    return found


def _restore(
    columns: dict[str, list[Any]],
    flags: Sequence[int],
    flagged: Sequence[str],
    all_flagged: Sequence[str],
) -> None:
    """Put NaN and infinities where the flags of the rows say so, in place."""
    odd = [(place, bits) for place, bits in enumerate(flags) if bits]
    for name in flagged:
        shift = 2 * all_flagged.index(name)
        for place, bits in odd:
            if code := bits >> shift & 3:
                columns[name][place] = VALUES[code]


def _pages(run_ids: Sequence[int]) -> Iterator[list[int]]:
    """Return the ids, each once and in order, as many at a time as a statement takes."""
    ordered = sorted(set(run_ids))
    for start in range(0, len(ordered), FEW):
        yield ordered[start : start + FEW]
