"""Which database a command works on."""

from __future__ import annotations

import os

DEFAULT = "results.db"


def database_name(given: str | None) -> str:
    """Return the file or URL: what ``--db`` names, else ``NNCLI_DB``, else results.db."""
    return given if given is not None else os.environ.get("NNCLI_DB") or DEFAULT
