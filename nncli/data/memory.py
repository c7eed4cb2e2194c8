"""Free memory, asked for before something large is allocated."""

from __future__ import annotations

from nncli.environment import short_of_memory
from nncli.errors import DataError


def require_memory(need: int, what: str) -> None:
    """Raise DataError if ``need`` bytes for ``what`` are more than are available."""
    free = short_of_memory(need)
    if free is not None:
        raise DataError(
            f"{what} needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            "choose fewer --columns, or train on a part of the rows"
        )
