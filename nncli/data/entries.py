"""Parsed data sets kept on disk as memory-mapped arrays, so that the next start parses nothing.

An entry is a folder named by the hash of everything that decides it: the content of the files, the
options that matter to the parser, and the version of the format. It holds ``.npy`` files and
``index.json``. An entry is built in a folder of its own and renamed, so that it is there whole or
not at all; of processes that start together one builds and the others wait. Sizes and check sums
are compared on opening, and a damaged entry is built anew. ``NNCLI_CACHE`` moves the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nncli.errors import DataError

#: Goes up when parsing or the layout of an entry changes; older entries are then never found.
FORMAT = 1

#: The bytes that all entries together may take; those unused for longest go first.
LIMIT = 20 << 30

#: Seconds after which what a killed process left of an entry is removed.
ABANDONED = 86_400

#: Writes arrays as ``.npy`` files into a folder and returns what JSON can hold of the rest.
Build = Callable[[Path], dict[str, Any]]

_INDEX = "index.json"
_EDGE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A parsed data set: arrays by file name, perhaps mapped from disk, and what describes them."""

    arrays: dict[str, NDArray[Any]]
    meta: dict[str, Any]
    notes: tuple[str, ...] = ()


def cache_folder() -> Path:
    """Return the root of the caches: ``NNCLI_CACHE``, or the user's cache folder."""
    root = os.environ.get("NNCLI_CACHE")
    if root:
        return Path(root).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("nncli", appauthor=False))


def cached(key: dict[str, Any], build: Build) -> Entry:
    """Return the entry of ``key`` (JSON), built at first.

    Where the cache cannot be written, the data set is built in a temporary folder and read into
    memory, with a note. Raises DataError where not even that works, and what ``build`` raises.
    """
    name = hashlib.sha256(json.dumps([FORMAT, key], sort_keys=True).encode()).hexdigest()[:40]
    root = cache_folder() / "tables"
    found = _open(root / name)
    if found is not None:
        return found
    from filelock import FileLock

    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{name[:2]}.lock"):
            found = _open(root / name)
            return found if found is not None else _add(root, name, build)
    except OSError as error:
        reason = error.strerror or str(error)
        return _build_aside(build, f"the cache {root} cannot be written ({reason})")


def _add(root: Path, name: str, build: Build) -> Entry:
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=root))
    try:
        meta = build(making)
        index = {"meta": meta, "files": {each.name: _check(each) for each in _arrays(making)}}
        (making / _INDEX).write_text(json.dumps(index), encoding="utf-8")
        if (root / name).exists():  # damaged, or it would have been opened
            shutil.rmtree(root / name)
        os.rename(making, root / name)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    _prune(root, keep=name)
    found = _open(root / name)
    if found is None:
        raise OSError(f"the entry {name} vanished")
    return found


def _build_aside(build: Build, reason: str) -> Entry:
    try:
        with tempfile.TemporaryDirectory(prefix="nncli-") as folder:
            meta = build(Path(folder))
            arrays = {each.stem: np.load(each) for each in _arrays(Path(folder))}
    except OSError as error:
        raise DataError(
            f"{reason}, nor a temporary folder ({error.strerror or error}): free some disk space, "
            "or name a folder to write in by NNCLI_CACHE"
        ) from None
    return Entry(arrays, meta, (f"{reason}: the data are parsed at each start",))


def _open(folder: Path) -> Entry | None:
    """Open an entry, or return None if it is not there or damaged."""
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        if any(_check(folder / name) != check for name, check in index["files"].items()):
            return None
        arrays = {Path(name).stem: np.load(folder / name, mmap_mode="r") for name in index["files"]}
        entry = Entry(arrays, index["meta"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    with contextlib.suppress(OSError):
        os.utime(folder / _INDEX)  # used now: pruned last
    return entry


def _arrays(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npy"))


def _check(path: Path) -> list[int]:
    """Return the size of a file and the check sum of its first and last mebibyte.

    A file cut short or zeroed by a crash is seen; to read all of a large one would cost seconds.
    """
    size = path.stat().st_size
    with open(path, "rb") as stream:
        crc = zlib.crc32(stream.read(_EDGE))
        stream.seek(max(0, size - _EDGE))
        return [size, zlib.crc32(stream.read(_EDGE), crc)]


def _prune(root: Path, keep: str) -> None:
    """Delete entries unused for longest until all fit into LIMIT, and what killed builds left."""
    with contextlib.suppress(OSError):
        for left in root.glob(".making-*"):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
        folders = [each.parent for each in root.glob(f"*/{_INDEX}")]
        folders.sort(key=lambda each: (each / _INDEX).stat().st_mtime)
        sizes = {each: sum(file.stat().st_size for file in each.iterdir()) for each in folders}
        total = sum(sizes.values())
        for each in folders:
            if total > LIMIT and each.name != keep:
                shutil.rmtree(each, ignore_errors=True)
                total -= sizes[each]
