"""A question about stored runs, and the answer to it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from nncli.tables import Table


@dataclass(frozen=True)
class Query:
    """Which runs are meant, and what of them is wanted.

    ``fields`` are the columns of the answer, named as in :mod:`~nncli.store.finding.fields`.
    ``runs`` are selectors such as ``12``, ``15-20``, ``@night``, ``sweep:3``, ``last``, a name or
    the start of a uuid; a run that one of them means is meant, and without any all are. Of these
    remain those that one of the sweeps ``of_sweeps`` uses, where any is given, also those it has
    found trained; for which ``where`` holds, that were created ``since`` (``2d``, ``12h``, a date),
    and that have one of ``statuses``. ``sort`` is ``FIELD``, ``-FIELD`` or ``FIELD:desc``, by
    default the newest stand first; ``limit`` is applied at last. With ``only_trained`` the runs of
    ``sweep:3`` are those that it has trained itself.
    """

    fields: tuple[str, ...]
    runs: tuple[str, ...] = ()
    where: str | None = None
    since: str | None = None
    statuses: tuple[str, ...] = ()
    sort: str | None = None
    limit: int | None = None
    of_sweeps: tuple[int, ...] = ()
    only_trained: bool = False


@dataclass(frozen=True)
class Found:
    """The rows that were found, a column for each field as it was named.

    ``total`` is how many runs matched before the limit.
    """

    table: Table
    total: int
