"""Tags and notes: what people write on runs after they have ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from nncli.errors import UsageError
from nncli.store.records import clean
from nncli.store.schema import runs, tags


def check_tag(tag: str) -> None:
    """Raise UsageError for what is no new tag: lists of tags have commas between them."""
    if "," in tag or not tag.strip() or not tag.isprintable():
        raise UsageError(
            f"the tag is {tag!r}: expected a text without commas, line breaks and other control "
            "characters; several tags are put on one by one: +night +best"
        )


def change_tags(
    connection: Connection, ids: Sequence[int], add: Collection[str], drop: Collection[str]
) -> tuple[int, int]:
    """Add tags to runs and take others from them; return how many were added and taken."""
    taken = added = 0
    if drop:
        dropped = delete(tags).where(tags.c.run_id.in_(ids), tags.c.tag.in_(_clean(drop)))
        taken = connection.execute(dropped).rowcount
    for tag in _clean(add):
        there = select(tags.c.run_id).where(tags.c.run_id == runs.c.id, tags.c.tag == tag)
        missing = select(runs.c.id).where(runs.c.id.in_(ids), ~there.exists())
        cells = [{"run_id": run_id, "tag": tag} for run_id in connection.execute(missing).scalars()]
        if cells:
            connection.execute(insert(tags), cells)
        added += len(cells)
    return added, taken


def _clean(words: Collection[str]) -> list[str]:
    return sorted({clean(word) for word in words})


def count_tags(connection: Connection) -> dict[str, int]:
    """Return every tag with its number of runs, the most used first."""
    counted = select(tags.c.tag, func.count().label("runs")).group_by(tags.c.tag)
    rows = connection.execute(counted.order_by(func.count().desc(), tags.c.tag))
    return {row.tag: int(row.runs) for row in rows}


def set_note(connection: Connection, run_id: int, note: str | None) -> bool:
    """Replace a run's note; say whether the run is there."""
    changed = update(runs).where(runs.c.id == run_id).values(note=clean(note) or None)
    return bool(connection.execute(changed).rowcount)
