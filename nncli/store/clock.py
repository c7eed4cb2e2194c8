"""Times as the store writes them: UTC text that sorts."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The clock of a store, unless it is given another."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """Return a time of UTC as text, such as ``2026-03-01T09:30:00.000Z``."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
