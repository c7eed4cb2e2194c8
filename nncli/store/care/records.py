"""What the care of a store tells of what it found and did: plain dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table with its rows; ``bytes`` counts its indexes too, None where that is not known."""

    name: str
    rows: int
    bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """A database as it is. Sizes are in bytes.

    ``log_bytes`` is the write-ahead log, which lies beside an SQLite file, and ``free_bytes`` are
    pages inside the file that hold nothing; both are None on a server. ``disk_free`` is what the
    disk of the file has left. ``oldest`` and ``newest`` are the times at which runs were created.
    """

    database: str
    kind: str
    schema: str
    bytes: int
    log_bytes: int | None
    free_bytes: int | None
    disk_free: int | None
    tables: tuple[TableInfo, ...]
    statuses: Mapping[str, int]
    oldest: str | None
    newest: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check came to: how many things are wrong, and some of them in words.

    ``notes`` are worth knowing and not wrong.
    """

    name: str
    what: str
    wrong: int
    examples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Compacted:
    """Bytes of the file and its log, before and after."""

    before: int
    after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the database that was read and found sound."""

    path: str
    bytes: int
    runs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Weight:
    """What runs weigh in the store: rows by table, and the bytes of their models."""

    runs: int = 0
    curve_rows: int = 0
    layer_rows: int = 0
    models: int = 0
    model_bytes: int = 0


@dataclass(slots=True)
class Merged:
    """What merging came to.

    ``updated`` runs were there, with less in them than the other store has. ``running`` ones are
    still written to in the other store, ``busy`` ones in this: neither is touched. A trial is
    ``contested`` where both stores gave its number to other options: this store's stay.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    running: int = 0
    busy: int = 0
    curve_rows: int = 0
    models: int = 0
    sweeps: int = 0
    trials: int = 0
    contested: int = 0
    gradchecks: int = 0
    seconds: float = 0.0
