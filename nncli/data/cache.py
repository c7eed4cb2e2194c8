"""What has been read once is kept: arrays parsed from files, and the hashes of files.

An entry is a folder of ``.npy`` and ``.json`` files under the key of its content, written elsewhere
and renamed into place, so that any number of processes may build and read it at once. A
manifest with the files' sizes tells a whole entry from a damaged one, which is built anew. Where the
cache cannot be written everything works without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

#: What to say where nothing can be kept.
NOTE = "the cache {root} cannot be written: the data are read anew each time (set NNCLI_CACHE)"

#: Part of every key: a change of what is kept in an entry must change it.
FORMAT = 1

#: A file that was changed this many seconds ago or less may change again within one tick of the
#: file system's clock, unseen: its hash is not remembered.
FRESH_SECONDS = 2.0

#: Smaller files are hashed each time, which takes a few milliseconds.
SMALL_BYTES = 4 << 20

#: Unfinished entries of killed processes are removed when they are this old.
ABANDONED_SECONDS = 86400.0

_MANIFEST = "manifest.json"
_UNFINISHED = "unfinished-"


def cache_root() -> Path:
    """Return the folder of all that nncli keeps: ``NNCLI_CACHE``, or the user's cache folder."""
    import platformdirs

    given = os.environ.get("NNCLI_CACHE")
    return Path(given or platformdirs.user_cache_dir("nncli", appauthor=False)).expanduser()


def unwritable_note() -> str:
    """Return what to say when :func:`cached_arrays` could not keep anything."""
    return NOTE.format(root=cache_root())


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file, remembered by path, size, time of change and inode."""
    path = path.resolve()
    before = path.stat()
    if before.st_size < SMALL_BYTES:
        return _hash_bytes(path)
    identity = [str(path), before.st_size, before.st_mtime_ns, before.st_ino]
    memo = cache_root() / "hashes" / f"{_digest(str(path))}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(memo.read_text(encoding="utf-8"))
        if kept["file"] == identity:
            return str(kept["sha256"])
    found = _hash_bytes(path)
    after = path.stat()
    unchanged = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    if unchanged and time.time() - after.st_mtime > FRESH_SECONDS:
        with contextlib.suppress(OSError):
            _write_whole(memo, json.dumps({"file": identity, "sha256": found}))
    return found


def key_of(*parts: object) -> str:
    """Return the key of an entry: a hash over all that decides what is in it."""
    return hash_of(FORMAT, *parts)


def hash_of(*parts: object) -> str:
    """Return the SHA-256 of values that JSON can hold, such as names, numbers and lists."""
    return _digest(json.dumps(parts, sort_keys=True))


def cached_arrays(key: str, build: Callable[[Path], None]) -> Path | None:
    """Return the folder of the entry ``key``; ``build`` writes its files if there is none.

    ``build`` is given an empty folder. What it raises is passed on, but for OSError: then, as for
    any cache that cannot be written, None is returned and nothing is kept.
    """
    folder = cache_root() / "data" / key
    if _is_whole(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(folder.parent) as made:
            build(made)
            sizes = {each.name: each.stat().st_size for each in made.iterdir()}
            (made / _MANIFEST).write_text(json.dumps(sizes), encoding="utf-8")
            _put(made, folder)
    except OSError:
        return None
    return folder if _is_whole(folder) else None


@contextlib.contextmanager
def _unfinished(parent: Path) -> Iterator[Path]:
    """Give a folder to write in that is removed again unless it has been moved away."""
    for old in parent.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    """Rename ``made`` to ``folder``; a damaged one there makes room, a whole one stays."""
    try:
        made.rename(folder)
    except OSError:
        if _is_whole(folder):  # another process was quicker
            return
        damaged = made.with_name(f"{made.name}-damaged")
        folder.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
        made.rename(folder)


def _is_whole(folder: Path) -> bool:
    """Tell whether an entry has all its files in the sizes with which they were written."""
    try:
        sizes = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
    with os.fdopen(number, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(name, path)


def _hash_bytes(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
