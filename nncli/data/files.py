"""Opening files: gzip'd or not, with every failure turned into a DataError that says what to do."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nncli.errors import DataError

#: What can be read, for the messages about what cannot.
READABLE = "CSV or TSV text (also .gz), Parquet, NPZ with arrays X and y, or a folder of IDX files"

#: First bytes of common files that are no tables.
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel sheet (save a sheet as CSV)"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (save a sheet as CSV)"),
    (b"\x80\x02", "a pickle (never loaded, since it may run code; save arrays with np.savez)"),
    (b"\x80\x03", "a pickle (never loaded, since it may run code; save arrays with np.savez)"),
    (b"\x80\x04", "a pickle (never loaded, since it may run code; save arrays with np.savez)"),
    (b"\x80\x05", "a pickle (never loaded, since it may run code; save arrays with np.savez)"),
    (b"\x93NUMPY", "a single NumPy array (save inputs and targets together with np.savez)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xff\xfe", "text in UTF-16 (save it as UTF-8)"),
    (b"\xfe\xff", "text in UTF-16 (save it as UTF-8)"),
    (b"BZh", "compressed with bzip2 (unpack it, or use gzip)"),
    (b"\xfd7zXZ", "compressed with xz (unpack it, or use gzip)"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd (unpack it, or use gzip)"),
)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong with reading ``path`` into a DataError."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no file '{path}'") from None
    except IsADirectoryError:
        raise DataError(f"'{path}' is a folder: expected a file") from None
    except PermissionError:
        raise DataError(f"'{path}' may not be read: check its permissions") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"'{path}' is a damaged or truncated gzip file ({error}): fetch it again"
        ) from None
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}") from None


@contextlib.contextmanager
def open_bytes(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file, unpacked if it is gzip'd; gives the stream and the file on disk below it.

    Whether a file is packed is seen from its first bytes: names lie.
    """
    with reading(path), open(path, "rb") as below:
        packed = below.read(2) == b"\x1f\x8b"
        below.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=below) as stream:
                yield stream, below  # type: ignore[misc]
        else:
            yield below, below


def check_is_text(path: Path, head: bytes) -> None:
    """Raise DataError if the first bytes of a file are none of a text's."""
    if not head.strip():
        raise DataError(f"'{path}' is empty: expected a table with rows")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise DataError(f"'{path}' is {what}: expected {READABLE}")
    if b"\0" in head:
        raise DataError(f"'{path}' is no text (it has zero bytes): expected {READABLE}")


def file_size(path: Path) -> int:
    """Return the size of a file on disk, in bytes."""
    with reading(path):
        return os.stat(path).st_size
