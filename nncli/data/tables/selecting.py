"""Which columns of a table are targets and which are inputs."""

from __future__ import annotations

from dataclasses import dataclass

from nncli.data.dataset import DataOptions
from nncli.errors import DataError, did_you_mean

#: A message lists no more names than this.
_LISTED = 20


@dataclass(frozen=True)
class Selection:
    """Names of targets and inputs, inputs in the order of the table.

    ``chosen``: the inputs were named by ``--columns``, so none is left out by a rule of thumb.
    """

    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    chosen: bool
    notes: tuple[str, ...]

    @property
    def wanted(self) -> frozenset[str]:
        """Return all the names."""
        return frozenset(self.targets + self.inputs)


def select(names: tuple[str, ...], options: DataOptions) -> Selection:
    """Choose the columns of a table named ``names``.

    A column is named, or given by its position: 1 is the first, -1 the last. A name comes before a
    position. Raises DataError for a column that is not there, or that is input and target.
    """
    notes = []
    if options.target is None:
        targets = (names[-1],)
        notes.append(f"target is the last column, {shown(targets[0])}; --target names another")
    else:
        targets = _targets(options.target, names)
    dropped = {find(word, names, "--drop") for word in options.drop}
    if options.columns is None:
        inputs = tuple(name for name in names if name not in dropped and name not in targets)
    else:
        chosen = {find(word, names, "--columns") for word in options.columns} - dropped
        inputs = tuple(name for name in names if name in chosen)
    both = [name for name in targets if name in inputs or name in dropped]
    if both:
        where = "--columns" if both[0] in inputs else "--drop"
        raise DataError(
            f"column '{both[0]}' is the target and stands in {where} too: name it once, or "
            "another --target"
        )
    if not inputs:
        raise DataError(
            f"no column is left as input beside the target '{targets[0]}': the table has "
            f"{listed(names)}; fields are parted by a comma, semicolon, tab or |"
        )
    return Selection(targets, inputs, options.columns is not None, tuple(notes))


def find(word: str, names: tuple[str, ...], flag: str) -> str:
    """Return the name of the column that ``word`` names or gives by position."""
    if word in names:
        return word
    try:
        place = int(word)
    except ValueError:
        place = 0
    if place and -len(names) <= place <= len(names):
        return names[place - 1 if place > 0 else place]
    raise DataError(
        f"{flag}: there is no column '{word}'{did_you_mean(word, names)}: the table has "
        f"{listed(names)}; or give a position from 1 to {len(names)}"
    )


def _targets(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the targets that ``--target`` names; a name may hold a comma itself."""
    if text in names:
        return (text,)
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(dict.fromkeys(find(word, names, "--target") for word in words or [text]))


def listed(names: tuple[str, ...]) -> str:
    """Return names for a message, the first ones of many."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def shown(name: str) -> str:
    """Return a column's name for a message: one that is a position is said to be."""
    return f"column {name}" if name.isdigit() else f"'{name}'"
