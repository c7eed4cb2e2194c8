"""Checks of runs against their curves: the results of a run are rows of its curve."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from nncli.store.care.checking import Check, Finding, found_by
from nncli.store.nonfinite import EPOCH_FLAGGED, RUN_FLAGGED
from nncli.store.records import WHOLE
from nncli.store.schema import epochs, layer_stats, runs

#: Losses and metrics that a run has of its last epoch and, with ``best_``, of its best.
LAST = tuple(name for name in EPOCH_FLAGGED if name in RUN_FLAGGED)
BEST = tuple(name for name in EPOCH_FLAGGED if f"best_{name}" in RUN_FLAGGED)


def find_wrong_lasts(connection: Connection) -> Finding:
    """Find runs whose last values are not those of the last row of their curve."""
    ends = select(epochs.c.run_id, func.max(epochs.c.epoch).label("epoch")).group_by(
        epochs.c.run_id
    )
    end = ends.subquery("ends")
    differs = [runs.c[name].is_distinct_from(epochs.c[name]) for name in LAST]
    differs += [_flags_differ(name, name) for name in LAST]
    # Epochs that are not logged follow the last row of a run that was stopped between two rows.
    before = [_begun() < epochs.c.epoch, runs.c.updates < epochs.c.updates]
    wanted = (
        select(runs.c.id, epochs.c.epoch)
        .select_from(end)
        .join(runs, runs.c.id == end.c.run_id)
        .join(epochs, and_(epochs.c.run_id == end.c.run_id, epochs.c.epoch == end.c.epoch))
        .where(or_(*differs, *before))
    )
    return found_by(
        connection,
        wanted,
        lambda row: f"the last values of run {row[0]} are not those of its epoch {row[1]}",
    )


def find_wrong_bests(connection: Connection) -> Finding:
    """Find runs whose best values are not those of the row of their best epoch."""
    differs = [runs.c[f"best_{name}"].is_distinct_from(epochs.c[name]) for name in BEST]
    differs += [_flags_differ(f"best_{name}", name) for name in BEST]
    at_best = and_(epochs.c.run_id == runs.c.id, epochs.c.epoch == runs.c.best_epoch)
    wanted = (
        select(runs.c.id, runs.c.best_epoch)
        .select_from(runs.outerjoin(epochs, at_best))
        .where(runs.c.best_epoch.is_not(None), _has_curve())
        .where(or_(epochs.c.run_id.is_(None), *differs))
    )
    return found_by(
        connection,
        wanted,
        lambda row: f"the best values of run {row[0]} are not those of its epoch {row[1]}",
    )


def find_missing_curves(connection: Connection) -> Finding:
    """Find runs that did their epochs and have no curve, and layers of epochs beyond the last."""
    wanted = select(runs.c.id, runs.c.epochs)
    wanted = wanted.where(runs.c.status.in_(WHOLE), runs.c.epochs > 0, ~_has_curve())
    lost = found_by(
        connection, wanted, lambda row: f"run {row[0]} has no curve of its {row[1]} epochs"
    )
    ends = select(layer_stats.c.run_id, func.max(layer_stats.c.epoch).label("epoch"))
    end = ends.group_by(layer_stats.c.run_id).subquery("ends")
    beyond = select(runs.c.id, end.c.epoch).join(end, end.c.run_id == runs.c.id)
    return lost + found_by(
        connection,
        beyond.where(end.c.epoch > _begun()),
        lambda row: f"run {row[0]} has layer statistics of epoch {row[1]}, after its last",
    )


def _begun() -> ColumnElement[int]:
    """Return the last epoch that a run can have rows of: it may diverge amid one."""
    return runs.c.epochs + case((runs.c.status == "diverged", 1), else_=0)


def _has_curve() -> ColumnElement[bool]:
    curve = epochs.alias("curve")
    return select(curve.c.run_id).where(curve.c.run_id == runs.c.id).exists()


def _flags_differ(of_run: str, of_epoch: str) -> ColumnElement[bool]:
    """Return that the two flag bits of a run's column are not those of a curve's."""
    run, epoch = 2 * RUN_FLAGGED.index(of_run), 2 * EPOCH_FLAGGED.index(of_epoch)
    there = epochs.c.flags.bitwise_and(3 << epoch) * (1 << run - epoch)
    return runs.c.flags.bitwise_and(3 << run) != there


CHECKS = (
    Check("last values", "a run's last values are its curve's last row", find_wrong_lasts),
    Check("best values", "a run's best values are its best epoch's row", find_wrong_bests),
    Check("curves", "runs that did their epochs have a curve", find_missing_curves),
)
