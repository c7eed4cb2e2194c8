"""ReportStore: the store of runs as reports ask it. All that it adds is reading."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select
from sqlalchemy.exc import DataError

from nncli.errors import UsageError
from nncli.metrics import CURVE_METRICS, METRICS
from nncli.store import queries
from nncli.store.curve import Curve, LayerStats
from nncli.store.finding import measurements
from nncli.store.finding.choosing import conditions_of, order_of, read_since, read_sort
from nncli.store.finding.conditions import check_condition
from nncli.store.finding.fields import check_field
from nncli.store.finding.operands import Operands
from nncli.store.finding.query import Found, Query
from nncli.store.finding.rows import FEW, Reader
from nncli.store.schema import runs
from nncli.store.sweeps import SweepStore
from nncli.store.views import view_statements
from nncli.tables import Table

if TYPE_CHECKING:
    from nncli.store.columns import Columns
    from nncli.store.records import Checkpoint


@dataclass(frozen=True)
class _Chosen:
    """The runs that a query means, in an open transaction."""

    connection: Connection
    operands: Operands
    gone: Collection[int]
    conditions: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]
    limit: int | None

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Return the SELECT of columns of ``runs``, of all that match."""
        return select(*columns).where(*self.conditions).order_by(*self.order)

    def within_limit(self) -> Select[Any] | None:
        """Return the SELECT of the ids that are meant; None where all runs are."""
        if not self.conditions and self.limit is None:
            return None
        return self.select(runs.c.id).limit(self.limit)


class ReportStore(SweepStore):
    """A store that finds runs by conditions, and reads what many runs have measured."""

    def find(self, query: Query) -> Found:
        """Return the fields of the runs that a query means, and how many match.

        Raises UsageError for an unknown field and a condition that makes no sense, and
        ``StoreError`` for a selector that means no run.
        """
        fields = [check_field(name) for name in dict.fromkeys(query.fields)]
        with self._chosen(query) as chosen:
            reader = Reader(fields, chosen.operands, chosen.gone)
            cells, total = _cells(chosen, reader.columns)
            return Found(Table(reader.of_cells(chosen.connection, cells)), total)

    def measured(self, query: Query) -> set[str]:
        """Return the metrics that some run has, of those that a query means within its limit."""
        names = [name for name in METRICS if not name.endswith("_error")]
        with self._chosen(query) as chosen:
            within = chosen.within_limit()
            columns = [_is_anywhere(chosen.operands, name) for name in names]
            wanted = select(*columns)
            if chosen.limit is not None and within is not None:
                wanted = wanted.where(runs.c.id.in_(select(within.subquery().c.id)))
            else:
                wanted = wanted.where(*chosen.conditions)
            found = chosen.connection.execute(wanted).one()
        measured = {name for name, there in zip(names, found, strict=True) if there}
        return measured | {n.replace("_accuracy", "_error") for n in measured}

    def curves_of(self, run_ids: Sequence[int], names: Sequence[str]) -> Table:
        """Return the curves of some runs, a row an epoch: run, epoch, updates, seconds, names.

        ``names`` are metrics of a curve, ``lr`` or ``grad_norm``. Raises UsageError for others.
        """
        with self._reading() as connection:
            return measurements.curves_of(connection, run_ids, names)

    def layer_stats_of(self, run_ids: Sequence[int]) -> Table:
        """Return the statistics of some runs' layers, a row an epoch and layer."""
        with self._reading() as connection:
            return measurements.layer_stats_of(connection, run_ids)

    def layer_stats_at(self, query: Query, epoch: int | None = None) -> Table:
        """Return what was measured of the layers of the runs that a query means, at one epoch.

        A row a run and layer; of every run its last logged epoch where none is given.
        """
        with self._chosen(query) as chosen:
            ids = chosen.select(runs.c.id).order_by(None)
            return measurements.layer_stats_at(chosen.connection, ids, epoch)

    def weights_of(self, run_ids: Sequence[int]) -> dict[int, Checkpoint]:
        """Return the weights that some runs keep, without what resuming needs: the best, or last.

        Runs that keep none are left out.
        """
        with self._reading() as connection:
            return measurements.weights_of(connection, run_ids)

    def all_curves(self, query: Query) -> dict[str, Any]:
        """Return the curves of the runs that a query means as NumPy columns, by run and epoch."""
        return self._all(query, Curve)

    def all_layer_stats(self, query: Query) -> dict[str, Any]:
        """Return the layer statistics of the runs that a query means as NumPy columns."""
        return self._all(query, LayerStats)

    def view_columns(self, view: str) -> tuple[str, ...]:
        """Return the columns of one of the SQL views, in their order."""
        assert view in view_statements("sqlite")
        with self._reading() as connection:
            return tuple(connection.exec_driver_sql(f"SELECT * FROM {view} LIMIT 0").keys())

    def _all(self, query: Query, kind: type[Columns]) -> dict[str, Any]:
        from nncli.store.finding.arrays import arrays_of

        with self._chosen(query) as chosen:
            return arrays_of(chosen.connection, kind, chosen.within_limit())

    @contextmanager
    def _chosen(self, query: Query) -> Iterator[_Chosen]:
        """Read a query, within a transaction; a mistake in it is told before one is begun."""
        now = self._clock()
        if query.where is not None:
            check_condition(query.where)
        if query.since is not None:
            read_since(query.since, now)
        if query.sort is not None:
            read_sort(query.sort)
        with self._reading() as connection:
            gone = queries.vanished(connection, now)
            operands = Operands(connection.dialect.name, gone)
            conditions = conditions_of(connection, query, operands, now, self.shown)
            order = order_of(query.sort, operands)
            try:
                yield _Chosen(connection, operands, gone, conditions, order, query.limit)
            except DataError as error:  # of PostgreSQL, where arithmetic has no infinities
                if query.where is None:
                    raise
                reason = str(error.orig).strip().partition("\n")[0]
                raise UsageError(
                    f"the condition {query.where} cannot be computed ({reason}): expected numbers "
                    "below 1.8e308, and above 2e-308 or 0"
                ) from None


def _cells(
    chosen: _Chosen, columns: Sequence[ColumnElement[Any]]
) -> tuple[Sequence[Sequence[Any]], int]:
    """Return columns of the runs that are meant, and how many match before the limit."""
    execute, limit = chosen.connection.execute, chosen.limit
    places: dict[int, int] | None = None
    total = None
    wanted = chosen.select(*columns).limit(limit)
    if limit is not None and not chosen.conditions:
        total = execute(select(func.count()).select_from(runs)).scalar_one()
    elif limit is not None:
        # The ids alone of all that match: what is asked of a few rows may be much.
        ids = execute(chosen.select(runs.c.id)).scalars().all()
        total = len(ids)
        if min(limit, total) <= FEW:
            places = {run_id: place for place, run_id in enumerate(ids[:limit])}
            wanted = select(*columns).where(runs.c.id.in_(list(places)))
    rows: Sequence[Any] = execute(wanted).all()
    if places is not None:
        order = places
        rows = sorted(rows, key=lambda row: order[row[0]])
    cells = list(zip(*rows, strict=True)) or [() for _ in columns]
    return cells, len(rows) if total is None else total


def _is_anywhere(operands: Operands, metric: str) -> ColumnElement[Any]:
    """Return 1 if any row has a value of a metric, perhaps not a finite one."""
    name = f"{metric}:last" if metric in CURVE_METRICS else metric
    missing = operands.of(check_field(name)).missing
    return func.max(case((missing, 0), else_=1))
