"""SHA-256 of files, remembered for large ones by path, size, time of change and inode.

To hash gigabytes at each start would take seconds. So a digest is kept beside the file's
``stat``, as git's index does. The trade: a change that keeps path, size, inode and time of change
(to the nanosecond) is not seen. A file changed in the last two seconds is not remembered, since it
may change once more within the clock's resolution.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

from nncli.data.entries import cache_folder
from nncli.data.files import reading

#: Smaller files are hashed each time: that takes a few milliseconds.
_SMALL = 4 << 20

#: Seconds for which a changed file counts as perhaps still changing.
_FRESH = 2.0


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex, from memory if the file is large and known."""
    with reading(path):
        state = path.stat()
        if state.st_size < _SMALL:
            return _sha256(path)
        memo = _memo(path)
        known = _recall(memo)
        stamp = [state.st_size, state.st_mtime_ns, state.st_ino]
        if known.get("stat") == stamp:
            return str(known["sha256"])
        digest = _sha256(path)
        if time.time() - state.st_mtime > _FRESH:
            _remember(memo, {"path": str(path.resolve()), "stat": stamp, "sha256": digest})
        return digest


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _memo(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return cache_folder() / "digests" / f"{name}.json"


def _recall(memo: Path) -> dict[str, object]:
    try:
        known = json.loads(memo.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and "sha256" in known else {}


def _remember(memo: Path, known: dict[str, object]) -> None:
    """Write the memo so that no reader sees half of it; without a cache folder, do nothing."""
    with contextlib.suppress(OSError):
        memo.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=memo.parent, encoding="utf-8", delete=False
        ) as stream:
            json.dump(known, stream)
        os.replace(stream.name, memo)
