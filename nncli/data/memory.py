"""Asking for memory before it is taken: a clear message instead of a killed process."""

from __future__ import annotations

from nncli.errors import DataError

#: What may always be asked for, without a look.
_SMALL = 64 << 20


def check(need: int, what: str) -> None:
    """Raise DataError if ``need`` bytes for ``what`` are more than is free."""
    if need <= _SMALL:
        return
    import psutil

    free = psutil.virtual_memory().available
    if need > free:
        raise DataError(
            f"{what} needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: use "
            "fewer rows or --columns, or a machine with more memory"
        )
