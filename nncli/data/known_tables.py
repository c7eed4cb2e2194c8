"""California housing and Adult by name: found in a folder of the user's, else downloaded once.

The published files have no names of columns, and quirks of their own. What the table reader gets
are copies in the cache with a header, made once: the eight features that scikit-learn makes of the
California census, and Adult without the dots behind the labels of its test part.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nncli.data.digest import file_digest
from nncli.data.entries import cache_folder
from nncli.data.fetching import Remote, by_hand, data_folder, fetch
from nncli.data.files import open_bytes, reading
from nncli.data.options import DataOptions, ProgressReport
from nncli.data.source import Source
from nncli.errors import DataError

#: The folder of NNCLI_DATA that users put the files into, packed by gzip or not.
PLACE = "tabular"

#: Goes up when the copies change: they are then made anew.
COPY = 1

Lines = Iterable[str]


@dataclass(frozen=True)
class KnownTable:
    """A published table. ``files`` maps names to the SHA-256 of their unpacked content.

    The second file, if there is one, is the official test part. ``remotes`` are what is downloaded:
    the files themselves, or an archive that holds them. ``copy`` makes of a file's lines those of a
    table with a header, whose last column is the ``target``.
    """

    title: str
    target: str
    files: dict[str, str]
    remotes: tuple[Remote, ...]
    copy: Callable[[Lines], Iterator[str]]


def _california(lines: Lines) -> Iterator[str]:
    """Yield the features and the target of ``sklearn.datasets.fetch_california_housing``."""
    yield "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude,MedHouseVal"
    for line in lines:
        longitude, latitude, age, rooms, bedrooms, people, households, income, value = map(
            float, line.split(",")
        )
        of_households = rooms / households, bedrooms / households
        place = people / households, latitude, longitude
        yield ",".join(map(repr, (income, age, *of_households, people, *place, value / 100_000)))


def _adult(lines: Lines) -> Iterator[str]:
    """Yield the rows without blanks behind commas, and labels without a dot."""
    yield (
        "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,"
        "race,sex,capital_gain,capital_loss,hours_per_week,native_country,income"
    )
    for line in lines:
        if not line.startswith("|"):  # the test part opens with a comment
            yield ",".join(cell.strip() for cell in line.rstrip(".").split(","))


_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases/adult/"
_ADULT = {
    "adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
}

KNOWN_TABLES = {
    "california-housing": KnownTable(
        "California housing",
        "MedHouseVal",
        {"cal_housing.data": "d3d8a1a722ae78f91134862727d27a70b1415e7d512a89140406248687f4b902"},
        (
            Remote(
                "cal_housing.tgz",
                "https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.tgz",
                # as scikit-learn's fetch_california_housing checks it
                "aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
            ),
        ),
        _california,
    ),
    "adult": KnownTable(
        "Adult",
        "income",
        _ADULT,
        tuple(Remote(name, _UCI + name, sha256) for name, sha256 in _ADULT.items()),
        _adult,
    ),
}


def load_known_table(name: str, options: DataOptions, progress: ProgressReport | None) -> Source:
    """Return a published table; its official test part, if it has one, is the test split."""
    from nncli.data.table import load_table

    paths = table_files(name, progress)
    test = paths[1] if len(paths) > 1 else None
    read = replace(options, header=True, target=KNOWN_TABLES[name].target)
    return replace(load_table(paths[0], None, test, read, progress), name=name, source=name)


def table_files(name: str, progress: ProgressReport | None = None) -> tuple[Path, ...]:
    """Return the copies of a published table's files that have a header."""
    known = KNOWN_TABLES[name]
    originals = _own_files(known) or _downloaded(name, known, progress)
    digests = [str(COPY), *map(file_digest, originals)]
    key = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
    folder = cache_folder() / "copies" / f"{name}-{key}"
    copies = tuple(folder / f"{each}.csv" for each in known.files)
    if not all(each.exists() for each in copies):
        contents = _contents(known, originals)
        for copy, content in zip(copies, contents, strict=True):
            lines = content.decode("utf-8").splitlines()
            _write(copy, known.copy(each for each in lines if each.strip()))
    return copies


def _own_files(known: KnownTable) -> list[Path] | None:
    """Return the files below ``NNCLI_DATA``, packed or not, if all are there."""
    folder = data_folder(PLACE)
    if folder is None:
        return None
    found = [
        path
        for name in known.files
        for path in (folder / name, folder / f"{name}.gz")
        if path.is_file()
    ]
    return found if len(found) == len(known.files) else None


def _downloaded(name: str, known: KnownTable, progress: ProgressReport | None) -> list[Path]:
    try:
        folder = fetch(name, known.title, known.remotes, progress)
    except (OSError, ValueError) as error:  # no network, no space, or another content
        address = known.remotes[0].address.rpartition("/")[0] + "/"
        form = " as it is unpacked; gzip'd files will do"
        raise by_hand(known.title, PLACE, address, known.files, error, form) from None
    return [folder / each.name for each in known.remotes]


def _contents(known: KnownTable, originals: Sequence[Path]) -> list[bytes]:
    """Return the unpacked content of every file; raises DataError for another than published."""
    if originals[0].suffix == ".tgz":  # checked as a whole when it was downloaded
        with reading(originals[0]), tarfile.open(originals[0]) as archive:
            members = {Path(each.name).name: each for each in archive.getmembers()}
            streams = [archive.extractfile(members[name]) for name in known.files]
            return [stream.read() for stream in streams if stream is not None]
    contents = []
    for path, sha256 in zip(originals, known.files.values(), strict=True):
        with open_bytes(path) as (stream, _):
            content = stream.read()
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise DataError(
                f"'{path}' is not the published file of {known.title}: its unpacked content has "
                f"the SHA-256 {found}, expected {sha256}; name another file by its path, or remove "
                "it for the published one to be downloaded"
            )
        contents.append(content)
    return contents


def _write(path: Path, lines: Iterator[str]) -> None:
    """Write lines into a file of the cache that is there whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, encoding="utf-8", delete=False
        ) as stream:
            stream.writelines(f"{line}\n" for line in lines)
        os.replace(stream.name, path)
    except OSError as error:
        raise DataError(
            f"the cache {path.parent} cannot be written ({error.strerror or error}): free some "
            "disk space, or name a folder to write in by NNCLI_CACHE"
        ) from None
