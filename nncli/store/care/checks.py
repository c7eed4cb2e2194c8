"""All checks of a store."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nncli.store.care import check_curves, check_file, check_models, check_rows, check_runs
from nncli.store.care.checking import Check


def checks_of(dialect: str, uncounted: Collection[str]) -> Sequence[Check]:
    """Return all checks for a kind of database, the file itself first.

    ``uncounted`` are the options of a spec that its hash leaves out.
    """
    return (
        *(check_file.CHECKS if dialect == "sqlite" else ()),
        *check_rows.CHECKS,
        *check_runs.checks(uncounted),
        *check_curves.CHECKS,
        *check_models.CHECKS,
    )
