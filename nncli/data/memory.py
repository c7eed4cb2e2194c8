"""Free memory, asked for before something large is allocated."""

from __future__ import annotations

from nncli.errors import DataError

#: Smaller needs are not worth the question.
_SMALL = 64 << 20


def require_memory(need: int, what: str) -> None:
    """Raise DataError if ``need`` bytes for ``what`` are more than are available."""
    if need < _SMALL:
        return
    import psutil

    free = psutil.virtual_memory().available
    if need > free:
        raise DataError(
            f"{what} needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            "choose fewer --columns, or train on a part of the rows"
        )
