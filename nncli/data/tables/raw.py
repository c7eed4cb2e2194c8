"""A table as read: one matrix of numbers, one of text codes, and what is known of each column.

Files are parsed once into ``.npy`` files of the cache and memory-mapped from then on: the second
start of a large table neither parses nor imports pandas. The files of ``--val`` and ``--test``
follow the rows of the training file in the same matrices, so no array is ever joined in memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.cache import cached_arrays, content_hash, hash_of, key_of, unwritable_note
from nncli.data.dataset import DataOptions
from nncli.data.tables.build import Built, Facts, build
from nncli.data.tables.opening import open_tables
from nncli.data.tables.text import Progress, file_errors

#: Part of the key of an entry: goes up when what is parsed or kept changes.
FORMAT = 1

_ARRAYS = ("numbers", "codes", "target_numbers", "target_codes")


@dataclass(frozen=True)
class RawTable:
    """A parsed table of n rows, those of the training file first.

    ``numbers`` (n, k) has NaN and ``codes`` (n, c) has -1 where a cell is missing; likewise
    ``target_numbers`` and ``target_codes``. ``hash`` is one of all that decided these arrays.
    """

    built: Built
    numbers: NDArray[Any]
    codes: NDArray[np.int32]
    target_numbers: NDArray[np.float64]
    target_codes: NDArray[np.int32]
    hash: str
    notes: tuple[str, ...]

    def column(self, facts: Facts) -> NDArray[Any]:
        """Return an input column: its numbers or its codes, (n,)."""
        matrix = self.numbers if facts.kind == "number" else self.codes
        return matrix[:, facts.slot]

    def target(self, facts: Facts) -> NDArray[Any]:
        """Return a target column: its numbers or its codes, (n,)."""
        matrix = self.target_numbers if facts.kind == "number" else self.target_codes
        return matrix[:, facts.slot]


def read_raw(paths: list[Path], options: DataOptions, progress: Progress | None) -> RawTable:
    """Read the training file and those of further splits, from the cache if they are known.

    Raises DataError for all that can be wrong with a table as such.
    """
    hashes = []
    for path in paths:
        with file_errors(path):
            hashes.append(content_hash(path))
    asked = [
        hashes,
        [path.suffix.lower() in (".parquet", ".pq") for path in paths],
        options.target,
        options.columns,
        options.drop,
        options.header,
        options.dtype,
    ]

    def make(folder: Path) -> None:
        tables = open_tables(paths, options)
        built = build(folder, tables, options.dtype, progress)
        (folder / "table.json").write_text(json.dumps(asdict(built)), encoding="utf-8")

    folder = cached_arrays(key_of("table", FORMAT, asked), make)
    if folder is not None:
        return _opened(folder, hash_of(asked), mapped=True)
    with tempfile.TemporaryDirectory(prefix="nncli-") as aside:
        make(Path(aside))
        table = _opened(Path(aside), hash_of(asked), mapped=False)
    return replace(table, notes=(unwritable_note(), *table.notes))


def _opened(folder: Path, hash: str, *, mapped: bool) -> RawTable:
    built = Built.from_json(json.loads((folder / "table.json").read_text(encoding="utf-8")))
    arrays = dict(_load(folder, mapped))
    return RawTable(built=built, hash=hash, notes=built.notes, **arrays)


def _load(folder: Path, mapped: bool) -> Iterator[tuple[str, NDArray[Any]]]:
    for name in _ARRAYS:
        path = folder / f"{name}.npy"
        # An array without an element cannot be mapped.
        header = np.load(path, mmap_mode="r") if mapped and _has_elements(path) else np.load(path)
        yield name, header


def _has_elements(path: Path) -> bool:
    with open(path, "rb") as stream:
        np.lib.format.read_magic(stream)
        shape = np.lib.format.read_array_header_1_0(stream)[0]
    return 0 not in shape
