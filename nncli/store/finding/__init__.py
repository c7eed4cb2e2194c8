"""Finding runs: selectors and conditions become SQL, and what is found becomes tables.

``fields`` is the language: every name that a report takes, with where its value is stored.
``operands`` says those values in SQL, ``conditions`` whole conditions, ``selectors`` and
``choosing`` which runs are meant; ``rows`` and ``measurements`` read what was found. Whatever a
user writes reaches the database as a bound parameter and in no other way. Importing this package is
cheap; SQLAlchemy comes with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nncli.store.finding.query import Found, Query

if TYPE_CHECKING:
    from nncli.store.finding.fields import FIELDS, check_field
    from nncli.store.finding.plain_sql import PlainSql
    from nncli.store.finding.report_store import ReportStore

__all__ = ["FIELDS", "Found", "PlainSql", "Query", "ReportStore", "check_field"]

_HOMES = {
    "FIELDS": "nncli.store.finding.fields",
    "PlainSql": "nncli.store.finding.plain_sql",
    "ReportStore": "nncli.store.finding.report_store",
    "check_field": "nncli.store.finding.fields",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
