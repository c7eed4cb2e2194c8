"""Which columns of a table are inputs and which are targets, by name or position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nncli.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Selection:
    """Places of the target and input columns in a table, from 0, with what is to be said of it."""

    targets: tuple[int, ...]
    inputs: tuple[int, ...]
    notes: tuple[str, ...] = ()


def select(
    names: Sequence[str],
    target: str | None,
    columns: Sequence[str] | None,
    drop: Sequence[str],
) -> Selection:
    """Choose columns; without ``target`` the last one is it, which is said in a note.

    Raises DataError for a column that is not there, one asked for in two roles, and if no input
    is left.
    """
    notes: tuple[str, ...] = ()
    if len(names) < 2:
        raise DataError(
            f"the table has one column, {names[0]}: expected inputs and a target, divided by "
            "commas, semicolons, tabs, pipes or blanks"
        )
    dropped = [place_of(word, names) for word in drop]
    if target is None:
        left = [place for place in range(len(names)) if place not in dropped]
        if not left:
            raise DataError("--drop leaves no column: expected inputs and a target")
        targets = [left[-1]]
        notes = (f"the target is the last column, {names[left[-1]]} (--target names another)",)
    elif target in names:
        targets = [place_of(target, names)]
    else:
        targets = [place_of(word.strip(), names) for word in target.split(",")]
    if columns is None:
        inputs = [each for each in range(len(names)) if each not in targets + dropped]
    else:
        inputs = sorted({place_of(word, names) for word in columns} - set(dropped))
        both = [names[each] for each in inputs if each in targets]
        if both:
            raise DataError(f"column '{both[0]}' is both an input and the target: choose one")
    lost = [names[each] for each in targets if each in dropped]
    if lost:
        raise DataError(f"column '{lost[0]}' is both dropped and the target: choose one")
    if len(set(targets)) < len(targets):
        raise DataError(f"--target {target} names a column twice")
    if not inputs:
        raise DataError(f"no input column is left beside the target {names[targets[0]]}")
    return Selection(tuple(targets), tuple(inputs), notes)


def place_of(word: str, names: Sequence[str]) -> int:
    """Return the place of a column, from 0, by its name or position (1-based, negative from the
    end). A name goes first: a column may be called 3."""
    if word in names:
        return list(names).index(word)
    if is_place(word, names):
        position = int(word)
        return position - 1 if position > 0 else len(names) + position
    shown = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    raise DataError(f"unknown column '{word}': the table has {shown}{did_you_mean(word, names)}")


def is_place(word: str, names: Sequence[str]) -> bool:
    """Return whether a word is a column's name or its position."""
    is_position = re.fullmatch(r"-?\d+", word) and 1 <= abs(int(word)) <= len(names)
    return word in names or bool(is_position)
