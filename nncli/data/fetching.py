"""Published files fetched once into the user's cache, each whole and with the right SHA-256.

Where nothing can be fetched, the error says what to put where by hand.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nncli.data.entries import cache_folder
from nncli.data.options import ProgressReport
from nncli.errors import DataError


@dataclass(frozen=True)
class Remote:
    """A file of a published data set: its name, where it is fetched from, and its SHA-256."""

    name: str
    address: str
    sha256: str


def data_folder(name: str) -> Path | None:
    """Return the folder ``name`` below ``NNCLI_DATA``; ``None`` where that is not set."""
    root = os.environ.get("NNCLI_DATA")
    return Path(root).expanduser() / name if root else None


def fetch(name: str, title: str, files: Sequence[Remote], progress: ProgressReport | None) -> Path:
    """Return the folder of the cache that holds ``files``; what is not there yet is downloaded.

    Raises OSError or ValueError where there is no network, no space, or another content.
    """
    folder = cache_folder() / "downloads" / name
    if all((folder / each.name).exists() for each in files):
        return folder
    import pooch

    pooch.get_logger().setLevel("ERROR")
    for each in files:
        pooch.retrieve(
            each.address,
            known_hash=f"sha256:{each.sha256}",
            path=folder,
            fname=each.name,
            downloader=pooch.HTTPDownloader(
                progressbar=_Bar(f"downloading {title}: {each.name}", progress), timeout=30
            ),
        )
    return folder


def by_hand(
    title: str, place: str, address: str, files: dict[str, str], error: Exception, form: str = ""
) -> DataError:
    """Return the error for a set that cannot be fetched: what to put into the folder ``place``.

    ``files`` maps names to SHA-256; ``form`` says more about them, such as ``, packed or not``.
    """
    folder = data_folder(place)
    setting = "" if folder else " and set NNCLI_DATA=FOLDER"
    listed = "\n".join(f"  {sha256}  {file}" for file, sha256 in files.items())
    reason = str(error).partition("\n")[0]
    these = "these files (SHA-256 before each" if len(files) > 1 else "this file (SHA-256 before it"
    return DataError(
        f"{title} cannot be downloaded from {address} ({reason}): put {these}{form}) "
        f"into {folder or Path('FOLDER') / place}{setting}\n{listed}"
    )


class _Bar:
    """What pooch takes for a progress bar: it is told bytes, and reports the fraction of them."""

    def __init__(self, text: str, progress: ProgressReport | None) -> None:
        self.text, self.progress = text, progress
        self.total = 0
        self.done = 0

    def update(self, size: int) -> None:
        """Add ``size`` bytes."""
        self.done += size
        if self.progress is not None:
            self.progress(self.text, min(1.0, self.done / self.total) if self.total else None)

    def reset(self) -> None:
        """Begin anew."""
        self.done = 0

    def close(self) -> None:
        """Do nothing: whoever shows the progress closes it."""
