"""What a page shows of the runs, out of the store: all fields, and all curves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nncli.metrics import CURVE_METRICS
from nncli.report.page.fields import page_fields

if TYPE_CHECKING:
    from nncli.store.finding import Found, Query, ReportStore
    from nncli.tables import Table

#: Measured every epoch beside the metrics.
ALSO_MEASURED = ("lr", "grad_norm")


def find_for_page(store: ReportStore, query: Query) -> Found:
    """Return the runs that a query means, with all the fields that a page takes.

    The query's own ``fields`` come first, so that what was asked for is there.
    """
    fields = dict.fromkeys((*query.fields, *page_fields(store.measured(query))))
    return store.find(replace(query, fields=tuple(fields)))


def curves_for_page(store: ReportStore, runs: Sequence[int], measured: Collection[str]) -> Table:
    """Return all that these runs measured every epoch, of the metrics that some run has."""
    names = [n for n in CURVE_METRICS if n in measured and not n.endswith("_error")]
    return store.curves_of(runs, (*names, *ALSO_MEASURED))
