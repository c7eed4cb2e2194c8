"""Is there enough memory? Asked before something large is allocated, so that the answer is a
message and not the end of the process.
"""

from __future__ import annotations

from nncli.errors import DataError


def available() -> int:
    """Return the bytes that can be allocated without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)


def check(need_bytes: int, what: str) -> None:
    """Raise DataError if ``what`` needs more memory than is free."""
    free = available()
    if need_bytes > free:
        raise DataError(
            f"{what} needs {in_words(need_bytes)} of memory and {in_words(free)} are free: "
            "take fewer rows or columns, or free memory"
        )


def in_words(size: int) -> str:
    """Return a number of bytes as people read it: ``1.2 GB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
