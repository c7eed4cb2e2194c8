"""IDX files, the format of MNIST: a magic number, big-endian sizes, then bytes.

A folder holds ``train-images*`` and ``train-labels*``, and perhaps ``t10k-*`` for the test part,
each gzip'd or not.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.digest import file_digest
from nncli.data.entries import cached
from nncli.data.files import open_bytes
from nncli.data.memory import require_memory
from nncli.data.source import Matrix, Source, Target
from nncli.errors import DataError

#: Two zero bytes, 8 for unsigned bytes, and the number of dimensions.
_MAGIC = b"\0\0\x08"

PIXEL_MAXIMUM = 255.0


def find_parts(folder: Path) -> dict[str, Path]:
    """Return the IDX files of a folder: train-images, train-labels and perhaps t10k-*.

    Raises DataError if the two of the training part are not there.
    """
    found: dict[str, Path] = {}
    for part in ("train-images", "train-labels", "t10k-images", "t10k-labels"):
        named = sorted(folder.glob(f"{part}*"))
        if named:
            found[part] = named[0]  # the unpacked one sorts before its .gz
    missing = [part for part in ("train-images", "train-labels") if part not in found]
    if missing:
        raise DataError(
            f"the folder '{folder}' has no {' and no '.join(each + '*' for each in missing)}: "
            "expected IDX files as of MNIST, or name a file in it"
        )
    if ("t10k-images" in found) != ("t10k-labels" in found):
        raise DataError(f"the folder '{folder}' has only one of t10k-images* and t10k-labels*")
    return found


def load_idx(folder: Path, name: str, class_names: tuple[str, ...] = ()) -> Source:
    """Read a folder of IDX files; its t10k part, if any, is the test part."""
    files = find_parts(folder)
    digests = {part: file_digest(path) for part, path in files.items()}
    entry = cached({"idx": digests}, lambda place: _build(place, files))
    images, labels = entry.arrays["images"], entry.arrays["labels"]
    count, *shape = images.shape
    test = count - int(entry.meta["train"])
    rows = images.reshape(count, -1)
    return Source(
        name=name,
        source=str(folder.resolve()),
        hash=_joined(digests),
        parts=(count - test, 0, test),
        inputs=Matrix(rows, pixel_names(rows.shape[1]), tuple(shape), PIXEL_MAXIMUM),
        targets=(Target.of_numbers("label", labels),),
        notes=entry.notes,
        class_names=class_names,
    )


def pixel_names(width: int) -> tuple[str, ...]:
    """Return the names of a picture's pixels as columns."""
    return tuple(f"pixel{number}" for number in range(1, width + 1))


def read_idx(path: Path, dimensions: tuple[int, ...] = (1, 2, 3, 4)) -> NDArray[np.uint8]:
    """Return the array of one IDX file of bytes.

    Raises DataError for another format, a wrong number of dimensions, or missing or extra bytes.
    """
    with open_bytes(path) as (stream, _):
        shape = _read_shape(stream, path, dimensions)
        require_memory(math.prod(shape), f"'{path}'")
        content = np.empty(shape, np.uint8)
        got = _read_into(stream, content.reshape(-1))
        extra = len(stream.read(1))
    if got < content.size or extra:
        what = "more" if extra else str(got)
        raise DataError(
            f"'{path}' has {what} bytes of data, but its header says {content.size} "
            f"({' x '.join(map(str, shape))}): fetch it again"
        )
    return content


def _read_shape(stream: IO[bytes], path: Path, dimensions: tuple[int, ...]) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != _MAGIC or magic[3] not in dimensions:
        expected = " or ".join(str(2048 + each) for each in dimensions)
        raise DataError(
            f"'{path}' is no IDX file as expected: its magic number is "
            f"{int.from_bytes(magic, 'big')}, expected {expected}"
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"'{path}' ends within its header: fetch it again")
    return tuple(np.frombuffer(sizes, ">u4").astype(int).tolist())


def _read_into(stream: IO[bytes], flat: NDArray[np.uint8]) -> int:
    """Fill ``flat`` from a stream and return the bytes read."""
    got = 0
    while got < flat.size:
        chunk = stream.read(min(1 << 22, flat.size - got))
        if not chunk:
            break
        flat[got : got + len(chunk)] = np.frombuffer(chunk, np.uint8)
        got += len(chunk)
    return got


def _build(place: Path, files: dict[str, Path]) -> dict[str, Any]:
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.uint8]] = []
    for part in ("train", "t10k"):
        if f"{part}-images" not in files:
            continue
        pictures = read_idx(files[f"{part}-images"], (3, 2, 4))
        classes = read_idx(files[f"{part}-labels"], (1,))
        if len(pictures) != len(classes):
            raise DataError(
                f"'{files[f'{part}-images']}' has {len(pictures)} pictures and "
                f"'{files[f'{part}-labels']}' {len(classes)} labels: expected as many"
            )
        if images and pictures.shape[1:] != images[0].shape[1:]:
            raise DataError(
                f"the pictures of '{files[f'{part}-images']}' have the shape "
                f"{pictures.shape[1:]}, those to train on {images[0].shape[1:]}"
            )
        images.append(pictures)
        labels.append(classes)
    np.save(place / "images.npy", np.concatenate(images))
    np.save(place / "labels.npy", np.concatenate(labels))
    return {"train": len(images[0])}


def _joined(digests: dict[str, str]) -> str:
    import hashlib

    return hashlib.sha256("".join(f"{k}:{v}\n" for k, v in digests.items()).encode()).hexdigest()
