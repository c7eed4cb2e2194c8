"""California housing and Adult by name: contents, splits, downloads, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.data import DataOptions, load, read_inputs
from nncli.data import known_tables as known
from nncli.errors import DataError, UsageError

Real = Callable[[str], str]

CALIFORNIA = "-122.23,37.88,41.0,{each}.5,129.0,322.0,126.0,8.{each},452{each}.0\r\n"
ADULT = (
    "{age}, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, "
    "Male, 2174, 0, 40, United-States, {}\n"
)
ROWS = {
    "cal_housing.data": "".join(CALIFORNIA.format(each=each) for each in range(900, 940)).rstrip(),
    "adult.data": "".join(
        ADULT.format("<=50K" if age % 2 else ">50K", age=age) for age in range(30, 50)
    )
    + "\n",
    "adult.test": "|1x3 Cross validator\n"
    + ADULT.format("<=50K.", age=20) * 3
    + ADULT.format(">50K.", age=90),
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with small files in place of the published ones, by which nncli checks."""
    folder = tmp_path / "data" / "tabular"
    folder.mkdir(parents=True)
    for name, table in known.KNOWN_TABLES.items():
        files = {each: sha256(ROWS[each].encode()) for each in table.files}
        monkeypatch.setitem(known.KNOWN_TABLES, name, replace(table, files=files))
        for each in files:
            (folder / f"{each}.gz").write_bytes(gzip.compress(ROWS[each].encode()))
    monkeypatch.setenv("NNCLI_DATA", str(tmp_path / "data"))
    return folder


# --- the published files ----------------------------------------------------------------------


def test_california_housing_is_that_of_scikit_learn(real: Real) -> None:
    """Against the recipe of ``fetch_california_housing``, written out from its description."""
    path = real("tabular/cal_housing.data.gz")
    longitude, latitude, age, rooms, bedrooms, people, homes, income, value = np.loadtxt(
        path, delimiter=","
    ).T
    expected = [income, age, rooms / homes, bedrooms / homes, people, people / homes]
    found = load(DataOptions("california-housing", dtype="float64", test="0.25", val="0.1875"))
    np.testing.assert_array_equal(found.rows, np.column_stack([*expected, latitude, longitude]))
    assert found.preprocessing.features == (
        *("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup"),
        *("Latitude", "Longitude"),
    )
    p = found.preprocessing
    prices = found.targets[:, 0] * p.target_scale[0] + p.target_shift[0]
    np.testing.assert_allclose(prices, value / 1e5, rtol=1e-14)  # scaled and back
    # the first district as scikit-learn documents it
    np.testing.assert_allclose(
        found.rows[0],
        [8.3252, 41, 6.98412698, 1.02380952, 322, 2.55555556, 37.88, -122.23],
        rtol=1e-8,
    )
    assert (len(found.train), len(found.val), len(found.test)) == (11610, 3870, 5160)
    assert (found.name, found.source, found.task) == ("california-housing",) * 2 + ("regression",)
    assert found.notes == ()


def test_adult_has_its_official_test_part(real: Real) -> None:
    real("tabular/adult.test.gz")
    found = load(DataOptions("adult"))
    assert (len(found.train), len(found.val), len(found.test)) == (26049, 6512, 16281)
    assert found.test.tolist() == list(range(32561, 48842))
    assert (found.task, found.preprocessing.classes) == ("binary", ("<=50K", ">50K"))
    labels = found.targets[:, 0]
    assert labels[:32561].sum() == 7841
    assert labels[found.test].sum() == 3846
    kinds = [each.kind for each in found.preprocessing.inputs]
    assert (kinds.count("numeric"), kinds.count("numeric") + kinds.count("categorical")) == (6, 14)
    workclass = next(each for each in found.preprocessing.inputs if each.name == "workclass")
    assert "Private" in workclass.categories
    assert workclass.indicator  # some do not say where they work
    assert not any("dot" in each for each in found.notes)  # the copy has none
    with pytest.raises(UsageError, match="'adult' has its own test part of 16281 rows"):
        load(DataOptions("adult", test="0.2"))


def test_known_tables_are_predicted_by_name_and_from_files(real: Real, tmp_path: Path) -> None:
    real("tabular/adult.test.gz")
    trained = load(DataOptions("adult"))
    again = read_inputs("adult", trained.preprocessing, dtype="float32")
    np.testing.assert_array_equal(again.rows, trained.rows)
    assert again.targets is not None
    np.testing.assert_array_equal(again.targets, trained.targets)
    original = real("tabular/adult.data.gz")  # without a header: by position
    by_place = read_inputs(original, trained.preprocessing, dtype="float32")
    np.testing.assert_array_equal(by_place.rows, trained.rows[:32561])


# --- with small files -------------------------------------------------------------------------


def test_files_may_be_unpacked_and_are_one_data_set(small: Path) -> None:
    packed = load(DataOptions("california-housing"))
    for name, text in ROWS.items():
        (small / f"{name}.gz").unlink()
        (small / name).write_bytes(text.encode())
    unpacked = load(DataOptions("california-housing"))
    assert packed.hash == unpacked.hash
    np.testing.assert_array_equal(packed.rows, unpacked.rows)
    assert load(DataOptions("adult")).hash not in (packed.hash, "")


def test_columns_may_be_chosen(small: Path) -> None:
    found = load(DataOptions("california-housing", columns=("AveRooms", "1")))
    assert found.preprocessing.features == ("MedInc", "AveRooms")
    assert load(DataOptions("adult", drop=("sex",))).hash != load(DataOptions("adult")).hash
    with pytest.raises(UsageError, match="'adult' has its own target, income"):
        load(DataOptions("adult", target="sex"))
    assert load(DataOptions("adult", header=False)).preprocessing.header
    with pytest.raises(UsageError, match="has no parameters"):
        load(DataOptions("adult:n=3"))


def test_another_file_of_that_name_is_refused(small: Path) -> None:
    (small / "cal_housing.data.gz").write_bytes(gzip.compress(b"1,2,3\n"))
    with pytest.raises(DataError) as caught:
        load(DataOptions("california-housing"))
    text = str(caught.value)
    assert "is not the published file of California housing" in text
    assert sha256(b"1,2,3\n") in text
    assert sha256(ROWS["cal_housing.data"].encode()) in text


def test_a_cache_that_cannot_be_written_is_said(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("NNCLI_CACHE", str(blocked / "below"))
    with pytest.raises(DataError, match="name a folder to write in by NNCLI_CACHE"):
        load(DataOptions("california-housing"))


@pytest.mark.parametrize("name", ["california-housing", "adult"])
def test_without_a_network_it_says_what_to_put_where(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pooch

    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(pooch, "retrieve", no_network)
    monkeypatch.setenv("NNCLI_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load(DataOptions(name))
    text = str(caught.value)
    assert "no route to host" in text
    assert f"into {tmp_path / 'tabular'}\n" in text
    for file, digest in known.KNOWN_TABLES[name].files.items():
        assert f"{digest}  {file}" in text
    monkeypatch.delenv("NNCLI_DATA")
    with pytest.raises(DataError, match=r"into FOLDER/tabular and set NNCLI_DATA=FOLDER"):
        load(DataOptions(name))


def test_downloads_are_checked_by_pooch_itself(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Local copies take the place of the network; hashing and unpacking are the real ones."""
    import pooch

    served = tmp_path / "served"
    served.mkdir()
    for name, text in ROWS.items():
        (served / name).write_bytes(text.encode())
    with tarfile.open(served / "cal_housing.tgz", "w:gz") as archive:
        archive.add(served / "cal_housing.data", "CaliforniaHousing/cal_housing.data")
    fetched: list[str] = []

    class Copying:
        def __init__(self, **options: Any) -> None:
            assert options["progressbar"] is not None

        def __call__(self, url: str, output_file: Any, _: Any) -> None:
            assert url.startswith("https://")
            fetched.append(url)
            Path(output_file).write_bytes((served / url.rpartition("/")[2]).read_bytes())

    monkeypatch.setattr(pooch, "HTTPDownloader", Copying)
    monkeypatch.delenv("NNCLI_DATA", raising=False)
    with pytest.raises(DataError, match=r"hash of downloaded file"):
        load(DataOptions("adult"))  # not what was published
    for name, table in known.KNOWN_TABLES.items():
        remotes = tuple(
            replace(each, sha256=sha256((served / each.name).read_bytes()))
            for each in table.remotes
        )
        monkeypatch.setitem(
            known.KNOWN_TABLES,
            name,
            replace(
                table,
                remotes=remotes,
                files={each: sha256(ROWS[each].encode()) for each in table.files},
            ),
        )
    fetched.clear()
    found = {name: load(DataOptions(name)) for name in known.KNOWN_TABLES}
    assert len(found["california-housing"].rows) == 40
    assert len(found["adult"].test) == 4
    assert len(fetched) == 3
    assert {load(DataOptions(name)).hash for name in found} == {
        each.hash for each in found.values()
    }
    assert len(fetched) == 3
    assert (cache / "downloads" / "adult" / "adult.test").is_file()


def test_a_download_and_a_file_of_ones_own_are_one_data_set(
    small: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = load(DataOptions("adult")).hash
    downloads = cache / "downloads" / "adult"
    downloads.mkdir(parents=True)
    for name in ("adult.data", "adult.test"):
        (downloads / name).write_bytes(ROWS[name].encode())
    monkeypatch.delenv("NNCLI_DATA")
    assert load(DataOptions("adult")).hash == own


def test_published_hashes_are_those_of_the_files(real: Real) -> None:
    for table in known.KNOWN_TABLES.values():
        for file, digest in table.files.items():
            content = gzip.decompress(Path(real(f"tabular/{file}.gz")).read_bytes())
            assert sha256(content) == digest
