"""What is to be learned: the task, the classes, and the targets as numbers.

Where ``--task`` is not given it is inferred, and said aloud:

* texts: binary for two, else multiclass;
* numbers with two different values: binary;
* whole numbers with at most FEW different values, each twice or more on average: multiclass;
* all other numbers: regression;
* several targets: multilabel if all are 0 or 1 (or booleans), else regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nncli.data.inputs import boolean_pair
from nncli.data.source import MAX_CATEGORIES, Target, in_words
from nncli.errors import DataError

FEW = 20


@dataclass(frozen=True)
class Targets:
    """Targets over all rows: ``codes (n,)`` of classes, or ``numbers (n, outputs)``.

    ``valid (n,)`` is false where a target is missing. ``labels`` are the classes as the data have
    them, in order: numbers by size, texts by alphabet.
    """

    task: str
    outputs: int
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    valid: NDArray[np.bool_]
    codes: NDArray[np.int32] | None = None
    numbers: NDArray[np.float64] | None = None
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def resolve_targets(
    targets: Sequence[Target], main: int, task: str | None, *, say_task: bool = True
) -> Targets:
    """Decide on the task; the first ``main`` rows are those to train on and to split.

    ``say_task`` adds a note on a task that was inferred.

    Raises DataError for a target that does not fit the task, is missing everywhere or always the
    same, for too many classes, and for a class in later rows that the first do not have.
    """
    kinds = tuple("text" if each.numbers is None else "number" for each in targets)
    names = tuple(each.name for each in targets)
    absent = [_absent(each) for each in targets]
    for each, gone in zip(targets, absent, strict=True):
        if gone[:main].all():
            raise DataError(f"the target '{each.name}' has no value in any row: choose another")
    valid = ~np.logical_or.reduce(absent)
    notes: list[str] = []
    if (rows := int(valid[:main].sum())) < 2:
        what = "one row" if rows else "no row"
        raise DataError(f"{what} has a value of {', '.join(names)}: expected two or more")
    if not valid.all():
        notes.append(
            f"{int((~valid).sum())} of {len(valid)} rows are left out: they have no target"
        )
    if len(targets) > 1 or task == "multilabel":
        found = _several(targets, main, task, valid)
    elif (task or _infer(targets[0], rows)) == "regression":
        found = _regression(targets, valid)
    else:
        found = _classes(targets[0], main, task, valid)
    notes += [
        f"{in_words(each.name)} is text: {each.strays} (leave a cell empty if its value is missing)"
        for each in targets
        if each.strays
    ]
    if task is None and say_task:
        notes.insert(0, f"task: {found.task}, since {_reason(found, targets)}")
    return replace(found, names=names, kinds=kinds, notes=(*notes, *found.notes))


def label(value: float) -> str:
    """Return a number as the name of a class: 3 for 3.0."""
    return str(int(value)) if value == int(value) else repr(float(value))


def class_codes(target: Target, labels: Sequence[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return the places (n,) of a target's values in ``labels``, -1 for a missing or unknown one.

    Also returns the texts that were taken for a label without their last dot: the test file of a
    well-known set writes its labels so.
    """
    places = {each: place for place, each in enumerate(labels)}
    if target.numbers is not None:
        values, inverse = np.unique(target.numbers, return_inverse=True)
        known = [places.get(label(each), -1) if np.isfinite(each) else -1 for each in values]
        return np.array(known, np.int32)[inverse.reshape(-1)], []
    assert target.codes is not None
    if boolean_pair(labels) is not None:
        lower = {each.lower(): place for each, place in places.items()}
        places |= {each: lower[each.lower()] for each in target.categories if each.lower() in lower}
    dotted = [
        each for each in target.categories if each not in places and each.rstrip(".") in places
    ]
    places |= {each: places[each.rstrip(".")] for each in dotted}
    of_category = np.array([*(places.get(each, -1) for each in target.categories), -1], np.int32)
    return of_category[target.codes], dotted


def _absent(target: Target) -> NDArray[np.bool_]:
    if target.numbers is not None:
        return np.isnan(target.numbers)
    assert target.codes is not None
    return target.codes < 0


def _infer(target: Target, rows: int) -> str:
    """Return "regression" or "classes" for a single target with ``rows`` values."""
    if target.numbers is None:
        return "classes"
    distinct = target.distinct
    if distinct is None or len(distinct) > max(2, min(FEW, rows // 2)):
        return "regression"
    whole = all(each == int(each) for each in distinct)
    return "classes" if whole or len(distinct) <= 2 else "regression"


def _reason(found: Targets, targets: Sequence[Target]) -> str:
    name = in_words(targets[0].name)
    if len(targets) > 1:
        kind = "0 or 1" if found.task == "multilabel" else "numbers"
        return f"there are {len(targets)} targets, {kind}"
    if found.task == "regression":
        return f"{name} has many different numbers"
    if targets[0].numbers is None:
        return f"{name} has {len(found.labels)} different texts"
    return (
        f"{name} has {len(found.labels)} different values (--task regression would predict "
        "the number)"
    )


def _regression(targets: Sequence[Target], valid: NDArray[np.bool_]) -> Targets:
    columns = []
    for each in targets:
        if each.numbers is None:
            row, text = _first_text(each)
            raise DataError(
                f"the target '{each.name}' holds the text '{text}' in row {row}: expected numbers "
                "for a regression; choose another target or --task"
            )
        found = each.numbers[valid]
        if found.min() == found.max():
            raise DataError(
                f"the target '{each.name}' is {found[0]:g} in all rows: nothing can be learned, "
                "choose another"
            )
        columns.append(np.where(valid, each.numbers, 0.0))
    numbers = columns[0][:, None] if len(columns) == 1 else np.column_stack(columns)
    return Targets("regression", len(columns), (), (), valid, numbers=numbers)


def _first_text(target: Target) -> tuple[int, str]:
    """Return the row, from 1, and the text of the first cell that is no number."""
    assert target.codes is not None
    is_text = np.array([*(not _is_number(each) for each in target.categories), False])
    rows = np.flatnonzero(is_text[target.codes])
    row = int(rows[0]) if len(rows) else int(np.flatnonzero(target.codes >= 0)[0])
    return row + 1, target.categories[target.codes[row]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _classes(target: Target, main: int, task: str | None, valid: NDArray[np.bool_]) -> Targets:
    labels = _labels(target, main)
    rows = int(valid[:main].sum())
    name = target.name
    if len(labels) == 1:
        raise DataError(
            f"the target '{name}' is '{labels[0]}' in all rows: expected two classes or more"
        )
    if 2 * len(labels) > rows or target.overflow:
        step = (
            f"{target.strays}: leave a cell empty if its value is missing"
            if target.strays
            else "choose another target, or if these are numbers --task regression"
        )
        many = f"more than {MAX_CATEGORIES}" if target.overflow else len(labels)
        raise DataError(
            f"the target '{name}' has {many} classes in {rows} rows: expected two rows a class or "
            f"more; {step}"
        )
    if task == "binary" and len(labels) != 2:
        raise DataError(
            f"--task binary: the target '{name}' has {len(labels)} classes, expected 2 "
            "(--task multiclass takes more)"
        )
    codes, dotted = class_codes(target, labels)
    unknown = np.flatnonzero(valid & (codes < 0))
    if len(unknown):
        row = int(unknown[0])
        raise DataError(
            f"the class '{_text_at(target, row)}' of '{name}' in row {row - main + 1} after the "
            f"rows to train on does not occur in those: they have {', '.join(labels[:20])}"
        )
    notes = (f"labels are read without their last dot: {', '.join(dotted)}",) if dotted else ()
    found = task or ("binary" if len(labels) == 2 else "multiclass")
    outputs = 1 if found == "binary" else len(labels)
    return Targets(
        found, outputs, (), (), valid, codes=np.maximum(codes, 0), labels=labels, notes=notes
    )


def _labels(target: Target, main: int) -> tuple[str, ...]:
    """Return the classes among the first ``main`` rows, in order."""
    if target.numbers is not None:
        rows = target.numbers[:main]
        if main == len(target.numbers) and target.distinct is not None:
            return tuple(label(each) for each in target.distinct)
        return tuple(label(each) for each in np.unique(rows[~np.isnan(rows)]))
    assert target.codes is not None
    codes = target.codes[:main]
    counts = np.bincount(codes[codes >= 0], minlength=len(target.categories))
    texts = sorted(target.categories[each] for each in np.flatnonzero(counts))
    pair = boolean_pair(texts)
    return pair if pair is not None and len(texts) > 2 else tuple(texts)


def _text_at(target: Target, row: int) -> str:
    if target.numbers is not None:
        return label(float(target.numbers[row]))
    assert target.codes is not None
    return str(target.categories[target.codes[row]])


def _several(
    targets: Sequence[Target], main: int, task: str | None, valid: NDArray[np.bool_]
) -> Targets:
    if task in ("binary", "multiclass"):
        raise DataError(
            f"--task {task} has one target, got {len(targets)}: "
            f"{', '.join(each.name for each in targets)}"
        )
    as_numbers = [boolean_as_number(each) for each in targets]
    binary = [each.distinct is not None and set(each.distinct) <= {0, 1} for each in as_numbers]
    if task == "multilabel" and not all(binary):
        wrong = as_numbers[binary.index(False)]
        raise DataError(
            f"--task multilabel: the target '{wrong.name}' has other values than 0 and 1"
        )
    if task == "regression" or not all(binary):
        return _regression(targets, valid)
    columns = []
    for each in as_numbers:
        assert each.numbers is not None
        if (shown := np.unique(each.numbers[:main][valid[:main]])).size == 1:
            raise DataError(f"the target '{each.name}' is {shown[0]:g} in all rows: leave it out")
        columns.append(np.where(valid, each.numbers, 0.0))
    return Targets("multilabel", len(columns), (), (), valid, numbers=np.column_stack(columns))


def boolean_as_number(target: Target) -> Target:
    """Return a target of booleans as 0 and 1; any other as it is."""
    if target.codes is None:
        return target
    pair = boolean_pair(target.categories)
    if pair is None:
        return target
    values = [float(pair.index(each.lower())) for each in target.categories]
    return Target.of_numbers(target.name, np.array([*values, np.nan])[target.codes])
