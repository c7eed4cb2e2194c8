"""From options to a data set: read, decide the task, split, learn the preprocessing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.builtin import load_builtin
from nncli.data.catalog import BUILTINS, is_builtin
from nncli.data.dataset import Dataset
from nncli.data.expansion import Expansion
from nncli.data.files import READABLE, reading
from nncli.data.idx import load_idx
from nncli.data.inputs import encode, fit_inputs
from nncli.data.npz import load_npz
from nncli.data.options import DEFAULT_VAL, DataOptions, EndRows, ProgressReport, read_part
from nncli.data.preprocessing import InputColumn, Preprocessing
from nncli.data.scaling import Statistics, fit_scaling, needs_statistics, statistics
from nncli.data.selection import place_of
from nncli.data.source import Matrix, RawTable, Source
from nncli.data.splits import divide
from nncli.data.targets import Targets, resolve_targets
from nncli.errors import DataError, UsageError, did_you_mean

Index = NDArray[np.int64]

#: A float32 column whose mean is so many times its spread keeps too few digits of its differences.
_COARSE = 1e5


def load(options: DataOptions, *, progress: ProgressReport | None = None) -> Dataset:
    """Return the data set that ``options`` describe, ready for training.

    ``progress`` is called with a sentence and the fraction done while something takes long.
    Raises UsageError for options that contradict each other or name nothing that is known, and
    DataError for data that cannot be read or do not fit the task.
    """
    return prepare(open_source(options, progress), options)


def prepare(source: Source, options: DataOptions) -> Dataset:
    """Return the data set that ``options`` make of what was read.

    Raises UsageError and DataError as :func:`load` does.
    """
    notes = list(source.notes)
    found = resolve_targets(
        source.targets, source.parts[0], options.task, say_task=not is_builtin(options.source)
    )
    notes += found.notes
    train, val, test = _split(source, found, options, notes)
    if isinstance(source.inputs, RawTable):
        columns, said, known = fit_inputs(source.inputs, train, source.notes)
        notes += said
        rows = encode(source.inputs, columns, options.dtype)
        numeric = _is_numeric(columns)
        stats = known if rows is source.inputs.numbers else None
        pixel_maximum, image_shape = None, None
    else:
        matrix = _chosen(source.inputs, options)
        rows, pixel_maximum, image_shape = matrix.rows, matrix.pixel_maximum, matrix.image_shape
        columns = tuple(InputColumn(name, place) for place, name in enumerate(matrix.names))
        numeric, stats = np.ones(len(columns), np.bool_), None
    if stats is None and needs_statistics(options.scale, pixel_maximum):
        stats = statistics(rows, train)
    shift, scale = fit_scaling(options.scale, stats, numeric, pixel_maximum)
    notes += _coarse(columns, stats, numeric, options.dtype)
    expansion = None
    if options.features is not None:
        expansion = Expansion(options.features, tuple(shift.tolist()), tuple(scale.tolist()))
        rows = expansion.expand(rows, options.dtype)
        shift, scale = _product_scaling(rows, train, expansion.width, options.scale)
        image_shape = None
        notes.append(f"features: {expansion.width} inputs become {expansion.columns}")
    targets, target_shift, target_scale = _targets(found, train, options.dtype)
    preprocessing = Preprocessing(
        task=found.task,
        inputs=columns,
        shift=tuple(shift.tolist()),
        scale=tuple(scale.tolist()),
        targets=found.names,
        target_kinds=found.kinds,
        storage=rows.dtype.name,
        labels=found.labels,
        classes=_class_names(source, found),
        target_shift=target_shift,
        target_scale=target_scale,
        file_columns=source.file_columns,
        header=source.header,
        image_shape=image_shape,
        expansion=expansion,
    )
    return Dataset(
        name=source.name,
        source=source.source,
        rows=rows,
        targets=targets,
        train=train,
        val=val,
        test=test,
        task=found.task,
        outputs=found.outputs,
        preprocessing=preprocessing,
        hash=source.hash,
        notes=tuple(notes),
    )


def open_source(options: DataOptions, progress: ProgressReport | None) -> Source:
    """Read what ``options`` name, without learning anything from it.

    A built-in name goes before a file of that name; ``./digits`` is the file.
    """
    val, test = read_part(options.val, "--val"), read_part(options.test, "--test")
    val_file = val if isinstance(val, Path) else None
    test_file = test if isinstance(test, Path) else None
    path = Path(options.source).expanduser()
    if is_builtin(options.source) or path.is_dir():
        if is_builtin(options.source):
            source = load_builtin(options, progress)
        else:
            source = load_idx(path, path.resolve().name)
        if val_file or test_file:
            option, file = ("--val", val_file) if val_file else ("--test", test_file)
            raise _no_such_part(option, str(file), options.source)
        return _without_target(source, options)
    require_file(path, options.source)
    with reading(path), open(path, "rb") as stream:
        head = stream.read(4)
    if head == b"PK\x03\x04" and path.suffix.lower() == ".npz":
        return _without_target(load_npz(path, options.dtype, val_file, test_file), options)
    if head[:3] == b"\0\0\x08":
        raise DataError(f"'{path}' is one IDX file: name the folder with its pictures and labels")
    from nncli.data.table import load_table

    return load_table(path, val_file, test_file, options, progress)


def require_file(path: Path, word: str) -> None:
    """Raise DataError with the nearest name if there is neither a file nor a built-in set."""
    if path.exists():
        return
    names = list(BUILTINS)
    if "/" in word or "." in word:
        near = [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else []
        raise DataError(f"there is no file '{word}'{did_you_mean(path.name, near)}")
    raise DataError(
        f"no built-in data set and no file '{word}'{did_you_mean(word.partition(':')[0], names)}: "
        f"expected one of {', '.join(names)}, or {READABLE}"
    )


def _no_such_part(option: str, text: str, source: str) -> DataError:
    """Return the error for a file as a part of a set that has none."""
    if not Path(text).expanduser().exists():
        return DataError(f"{option} {text}: there is no such file, nor is it a share such as 0.2")
    return DataError(f"{option} {text}: a file cannot be a part of '{source}', only a share")


def _without_target(source: Source, options: DataOptions) -> Source:
    if options.target is not None:
        raise UsageError(
            f"--target {options.target}: '{options.source}' has its own target, "
            f"{', '.join(each.name for each in source.targets)}: leave it out"
        )
    return source


def _chosen(matrix: Matrix, options: DataOptions) -> Matrix:
    """Return the columns of a matrix that ``--columns`` and ``--drop`` leave."""
    if options.columns is None and not options.drop:
        return matrix
    names = matrix.names
    wanted = options.columns if options.columns is not None else names
    dropped = {place_of(word, names) for word in options.drop}
    places = sorted({place_of(word, names) for word in wanted} - dropped)
    if not places:
        raise DataError("--drop leaves no input column")
    rows = np.ascontiguousarray(matrix.rows[:, places])
    return replace(matrix, rows=rows, names=tuple(names[each] for each in places), image_shape=None)


def _split(
    source: Source, found: Targets, options: DataOptions, notes: list[str]
) -> tuple[Index, Index, Index]:
    main, of_val, of_test = source.parts
    val, test = read_part(options.val, "--val"), read_part(options.test, "--test")
    val_share = val if isinstance(val, float) else 0.0
    test_share = test if isinstance(test, float) else 0.0
    if (test_share or isinstance(test, EndRows)) and of_test:
        raise UsageError(
            f"--test {options.test}: '{source.name}' has its own test part of {of_test} rows, "
            "which is used without --test"
        )
    if not source.default_val and options.val == DEFAULT_VAL:
        val_share = 0.0
        notes.append(f"all {main} rows are trained on: so few are not split unless --val says so")
    rows = np.flatnonzero(found.valid[:main]).astype(np.int64)
    codes = None if found.codes is None else found.codes[:main][rows]
    train, val_rows, test_rows = divide(
        rows,
        codes,
        val if isinstance(val, EndRows) else val_share,
        test if isinstance(test, EndRows) else test_share,
        options.seed,
    )
    if of_val:
        val_rows = main + np.flatnonzero(found.valid[main : main + of_val])
    if of_test:
        test_rows = main + of_val + np.flatnonzero(found.valid[main + of_val :])
    for part, asked, kept in (
        ("--val", val_share or of_val, val_rows),
        ("--test", test_share or of_test, test_rows),
    ):
        if asked and not len(kept):
            raise DataError(f"{part}: no row with a target is left in it")
    return train, val_rows.astype(np.int64), test_rows.astype(np.int64)


def _is_numeric(columns: tuple[InputColumn, ...]) -> NDArray[np.bool_]:
    """Return which encoded columns hold numbers and not 0 and 1."""
    flags: list[bool] = []
    for each in columns:
        flags += [each.kind == "numeric"] + [False] * (each.width - 1)
    return np.array(flags, np.bool_)


def _product_scaling(rows: NDArray[Any], train: Index, inputs: int, scale: str) -> tuple[Any, Any]:
    """Return shift and scale (columns,) that standardise products; the inputs are scaled before."""
    is_product = np.arange(rows.shape[1]) >= inputs
    stats = None if scale == "none" else statistics(rows, train)
    return fit_scaling("none" if stats is None else "standard", stats, is_product, None)


def _targets(
    found: Targets, train: Index, dtype: str
) -> tuple[NDArray[np.floating], tuple[float, ...], tuple[float, ...]]:
    """Return the targets as the loop reads them, with shift and scale of a regression."""
    if found.codes is not None:
        return found.codes[:, None].astype(dtype), (), ()
    assert found.numbers is not None
    if found.task != "regression":
        return found.numbers.astype(dtype), (), ()
    stats = statistics(found.numbers, train)
    for name, std in zip(found.names, stats.std, strict=True):
        if std == 0:
            raise DataError(
                f"the target '{name}' has one value in all training rows: choose another --seed or "
                "a smaller --val"
            )
    standard = ((found.numbers - stats.mean) / stats.std).astype(dtype)
    return standard, tuple(stats.mean.tolist()), tuple(stats.std.tolist())


def _class_names(source: Source, found: Targets) -> tuple[str, ...]:
    """Return the classes as people read them: a set may know better names than its labels."""
    known = source.class_names
    return known if known and len(known) == len(found.labels) else found.labels


def _coarse(
    columns: tuple[InputColumn, ...],
    stats: Statistics | None,
    numeric: NDArray[np.bool_],
    dtype: str,
) -> list[str]:
    """Return a warning for columns whose spread is lost in the digits of float32."""
    if stats is None or dtype != "float32":
        return []
    narrow = numeric & (stats.std > 0) & (np.abs(stats.mean) > _COARSE * stats.std)
    if not narrow.any():
        return []
    features = [name for column in columns for name in column.features]
    names = [features[place] for place in np.flatnonzero(narrow)]
    return [f"{', '.join(names)}: large numbers close together lose digits; try --dtype float64"]
