"""Text files as blocks of whole rows.

A file, gzip'd or not, is read once from front to back and cut where a row ends, never inside a
quoted field. So a table of any size passes through memory a few megabytes at a time, and blocks
can be parsed side by side.
"""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nncli.errors import DataError

#: Called with a text and the fraction done, or None where that is not known.
Progress = Callable[[str, float | None], None]

#: Bytes of text in a block.
BLOCK = 8 << 20

#: A quote that is never closed must not pull a whole file into one block.
LONGEST_ROW = 64 << 20

#: First bytes of files that people take for tables.
_KNOWN = (
    (b"PK\x03\x04", "a zip archive or an Excel sheet: save the sheet as CSV"),
    (b"PAR1", "a Parquet file: give it a name that ends in .parquet"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
    (b"SQLite format 3", "an SQLite database: export the table as CSV"),
    (b"\xfd7zXZ", "compressed with xz: unpack it, or use gzip"),
    (b"BZh", "compressed with bzip2: unpack it, or use gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it, or use gzip"),
)


@dataclass(frozen=True)
class Block:
    """Whole rows of a file in UTF-8. ``line`` is the number of the first line, from 1."""

    text: bytes
    line: int
    latin1: bool  #: it was no UTF-8 and was read as Latin-1


@contextlib.contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what can go wrong with reading ``path`` into a DataError."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no file '{path}': check the name and the folder") from None
    except IsADirectoryError:
        raise DataError(f"'{path}' is a folder: expected a file with a table") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"'{path}' is a damaged or truncated gzip file ({error}): fetch or pack it again"
        ) from None
    except OSError as error:
        raise DataError(
            f"'{path}' cannot be read ({error.strerror or error}): expected a readable file"
        ) from None


def read_head(path: Path, size: int) -> tuple[bytes, bool]:
    """Return the first ``size`` bytes of a text, unpacked, and whether there are no more.

    Raises DataError for a file that is missing, empty or no text.
    """
    with file_errors(path), _opened(path) as (stream, _):
        head = stream.read(size)
        whole = not stream.read(1)
    if not head.strip():
        raise DataError(f"'{path}' is empty: expected a table with a row for each sample")
    for magic, what in _KNOWN:
        if head.startswith(magic):
            raise DataError(f"'{path}' is {what}")
    _check_is_text(path, head)
    return head, whole


def read_blocks(
    path: Path, start: int, line: int, progress: Progress | None = None
) -> Iterator[Block]:
    """Yield the rows of a file from byte ``start`` (unpacked), which is on line ``line``."""
    with file_errors(path), _opened(path) as (stream, below):
        total = max(1, path.stat().st_size)
        stream.read(start)
        rest = b""
        while True:
            fresh = stream.read(BLOCK)
            whole, rest = _cut(rest + fresh, last=not fresh)
            if progress is not None:
                progress(f"reading {path.name}", min(1.0, below.tell() / total))
            if whole:
                yield _checked(path, whole, line)
                line += whole.count(b"\n")
            if not fresh:
                return


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file, unpacked if its first bytes say gzip; gives the stream and the file below it."""
    with open(path, "rb") as below:
        packed = below.read(2) == b"\x1f\x8b"
        below.seek(0)
        if not packed:
            yield below, below
            return
        with gzip.open(below, "rb") as stream:
            yield stream, below  # type: ignore[misc]  # a GzipFile reads like any binary file


def _cut(text: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Cut after the last line end that is outside quotes: an even number of quotes is before it."""
    if last:
        return text, b""
    end = len(text)
    quotes = text.count(b'"')
    while (found := text.rfind(b"\n", 0, end)) >= 0:
        quotes -= text.count(b'"', found, end)
        if quotes % 2 == 0 or len(text) > LONGEST_ROW:
            return text[: found + 1], text[found + 1 :]
        end = found
    return b"", text


def _checked(path: Path, text: bytes, line: int) -> Block:
    """Return a block in UTF-8, or raise DataError where it is no text at all."""
    if text.isascii():
        _check_is_text(path, text)
        return Block(text, line, False)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        _check_is_text(path, text)
        return Block(text.decode("latin-1").encode("utf-8"), line, True)
    _check_is_text(path, text)
    return Block(text, line, False)


def _check_is_text(path: Path, text: bytes) -> None:
    place = text.find(b"\0")
    if place >= 0:
        raise DataError(
            f"'{path}' is no text (it holds a zero byte): expected CSV or TSV, also .gz, or Parquet"
        )
