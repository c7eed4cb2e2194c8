"""IDX folders, NPZ files, and sets of pictures that are found or downloaded."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nncli.data import DataOptions, images, load
from nncli.data.idx import read_idx
from nncli.errors import DataError, UsageError

Write = Callable[..., str]
Real = Callable[[str], str]


def idx_bytes(array: NDArray[np.uint8], magic: int | None = None) -> bytes:
    header = struct.pack(">I", 2048 + array.ndim if magic is None else magic)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def make_folder(folder: Path, *, test: bool = True, packed: bool = True) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 12)) if test else (("train", 60),):
        pictures = rng.integers(0, 256, (count, 4, 3), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 3
        for name, array in (("images-idx3", pictures), ("labels-idx1", labels)):
            content = idx_bytes(array)
            suffix = ".gz" if packed else ""
            path = folder / f"{part}-{name}-ubyte{suffix}"
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_an_idx_folder(tmp_path: Path, packed: bool) -> None:
    folder = make_folder(tmp_path / "set", packed=packed)
    found = load(DataOptions(str(folder)))
    rng = np.random.default_rng(0)
    expected = [rng.integers(0, 256, (n, 12), dtype=np.uint8) for n in (60, 12)]
    np.testing.assert_array_equal(found.rows, np.concatenate(expected))
    assert found.rows.dtype == np.uint8
    assert found.test.tolist() == list(range(60, 72))
    assert (len(found.train), len(found.val)) == (48, 12)
    assert found.preprocessing.image_shape == (4, 3)
    assert set(found.scale.tolist()) == {np.float32(1 / 255)}
    with pytest.raises(UsageError, match="has its own test part"):
        load(DataOptions(str(folder), test="0.1"))


def test_an_idx_folder_without_a_test_part(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "set", test=False)
    assert len(load(DataOptions(str(folder))).test) == 0
    assert len(load(DataOptions(str(folder), test="0.2")).test) == 12


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (idx_bytes(np.zeros((3, 2, 2), np.uint8))[:-1], "has 11 bytes of data, but its header"),
        (idx_bytes(np.zeros((3, 2, 2), np.uint8)) + b"x", "has more bytes"),
        (idx_bytes(np.zeros((3, 2, 2), np.uint8), magic=2049), "magic number is 2049, expected"),
        (b"\0\0", "magic number is 0"),
        (b"\0\0\x08\x03\0\0", "ends within its header"),
        (gzip.compress(idx_bytes(np.zeros((30, 9, 9), np.uint8)), mtime=0)[:-9], "truncated gzip"),
    ],
)
def test_damaged_idx_files(write: Write, content: bytes, part: str) -> None:
    with pytest.raises(DataError) as caught:
        read_idx(Path(write("images", content)), (3,))
    assert part in str(caught.value)


def test_idx_files_that_do_not_belong_together(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "set")
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx_bytes(np.zeros(59, np.uint8))))
    with pytest.raises(DataError, match=r"60 pictures and .* 59 labels"):
        load(DataOptions(str(folder)))
    labels.unlink()
    with pytest.raises(DataError, match=r"has no train-labels\*"):
        load(DataOptions(str(folder)))
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match=r"has no train-images\* and no train-labels\*"):
        load(DataOptions(str(tmp_path / "none")))
    with pytest.raises(DataError, match="name the folder"):
        load(DataOptions(write_idx(tmp_path)))


def write_idx(folder: Path) -> str:
    path = folder / "alone-idx3-ubyte"
    path.write_bytes(idx_bytes(np.zeros((3, 2, 2), np.uint8)))
    return str(path)


def test_mnist_of_a_folder(real: Real) -> None:
    real("mnist/train-images-idx3-ubyte.gz")
    found = load(DataOptions("mnist"))
    assert found.rows.shape == (70000, 784)
    assert found.test.tolist() == list(range(60000, 70000))
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(found.targets[:60000, 0].astype(int)), counts)
    assert abs(found.rows[:60000].mean() / 255 - 0.1307) < 5e-5  # as published, to four digits
    assert (len(found.train), len(found.val)) == (48000, 12000)
    again = load(DataOptions("mnist"))
    assert isinstance(again.rows, np.memmap) or isinstance(again.rows.base, np.memmap)


def test_fashion_mnist_names_its_classes(real: Real) -> None:
    real("fashion-mnist/train-images-idx3-ubyte.gz")
    found = load(DataOptions("fashion-mnist"))
    assert found.preprocessing.classes[9] == "Ankle boot"
    assert found.preprocessing.labels[9] == "9"
    assert found.hash != load(DataOptions("mnist")).hash


def test_without_a_network_it_says_what_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pooch

    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(pooch, "retrieve", no_network)
    monkeypatch.setenv("NNCLI_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load(DataOptions("mnist"))
    text = str(caught.value)
    assert "no route to host" in text
    assert str(tmp_path / "mnist") in text
    for file, sha256 in images.IMAGE_SETS["mnist"].files.items():
        assert f"{sha256}  {file}" in text
    monkeypatch.delenv("NNCLI_DATA")
    with pytest.raises(DataError, match="set NNCLI_DATA=FOLDER"):
        load(DataOptions("mnist"))


def test_a_download_lands_in_the_cache_and_reports(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pooch

    source = make_folder(tmp_path / "set")
    monkeypatch.delenv("NNCLI_DATA", raising=False)
    fetched: list[str] = []

    def retrieve(url: str, known_hash: str, path: Path, fname: str, downloader: Any) -> None:
        assert known_hash == f"sha256:{images.IMAGE_SETS['mnist'].files[fname]}"
        assert url.startswith("https://")
        fetched.append(fname)
        path.mkdir(parents=True, exist_ok=True)
        (path / fname).write_bytes((source / fname).read_bytes())
        bar = downloader.progressbar
        bar.total = 100
        bar.update(40)
        bar.reset()
        bar.update(100)
        bar.close()

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    said: list[tuple[str, float | None]] = []
    found = load(DataOptions("mnist"), progress=lambda text, done: said.append((text, done)))
    assert len(found.rows) == 72
    assert len(fetched) == 4
    assert [done for _, done in said[:2]] == [0.4, 1.0]
    assert said[0][0] == "downloading MNIST: train-images-idx3-ubyte.gz"
    load(DataOptions("mnist"))
    assert len(fetched) == 4
    assert (cache / "downloads" / "mnist").is_dir()


def test_published_hashes_are_those_of_the_files(real: Real) -> None:
    import hashlib

    for name, known in images.IMAGE_SETS.items():
        for file, sha256 in known.files.items():
            content = Path(real(f"{name}/{file}")).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256


def save(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_npz(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 3)), np.arange(50) % 2
    found = load(DataOptions(save(tmp_path / "a.npz", X=x, y=y)))
    np.testing.assert_array_equal(found.rows, x.astype(np.float32))
    assert (found.task, found.preprocessing.features) == ("binary", ("x1", "x2", "x3"))
    texts = np.array(["u", "v", "w", "u", "v"] * 10)
    assert load(DataOptions(save(tmp_path / "b.npz", X=x, y=texts))).preprocessing.classes == (
        "u",
        "v",
        "w",
    )
    several = load(DataOptions(save(tmp_path / "c.npz", X=x, y=np.column_stack([y, 1 - y]))))
    assert (several.task, several.outputs) == ("multilabel", 2)
    numbers = load(DataOptions(save(tmp_path / "d.npz", X=x, y=x[:, :2] * 3)))
    assert (numbers.task, numbers.preprocessing.targets) == ("regression", ("y1", "y2"))


def test_npz_pictures_of_bytes_stay_bytes(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (30, 5, 4), dtype=np.uint8)
    found = load(DataOptions(save(tmp_path / "a.npz", X=pictures, y=np.arange(30) % 3)))
    assert found.rows.dtype == np.uint8
    assert found.preprocessing.image_shape == (5, 4)
    assert set(found.scale.tolist()) == {np.float32(1 / 255)}


def test_npz_parts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = save(tmp_path / "a.npz", X=rng.normal(size=(20, 3)), y=np.arange(20) % 2)
    other = save(tmp_path / "b.npz", X=rng.normal(size=(6, 3)), y=np.arange(6) % 2)
    found = load(DataOptions(path, test=other))
    assert found.test.tolist() == list(range(20, 26))
    wrong = save(tmp_path / "c.npz", X=rng.normal(size=(6, 2)), y=np.arange(6) % 2)
    with pytest.raises(DataError, match="expected rows as those of"):
        load(DataOptions(path, test=wrong))


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"x": np.ones(3)}, "has the arrays x: expected inputs X and targets y"),
        ({"X": np.ones((3, 2))}, "has no array y"),
        ({"X": np.ones((3, 2)), "y": np.ones(4)}, "has 3 rows in X and 4 in y"),
        ({"X": np.ones(3), "y": np.ones(3)}, "X of"),
        ({"X": np.ones((3, 2)), "y": np.ones((3, 1, 1))}, "y of"),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, "y of"),
        ({"X": np.ones((3, 2), complex), "y": np.arange(3)}, "expected numbers"),
        ({"X": np.array([[1, np.nan]] * 3), "y": np.arange(3)}, "nan in row 1, column 2"),
        ({"X": np.ones((3, 2)) * 1e39, "y": np.arange(3)}, "that fit float32"),
        ({"X": np.ones((3, 2)), "y": np.array([1, 2, np.inf])}, "y of"),
        ({"X": np.array([[{}]] * 3), "y": np.arange(3)}, "cannot be read as NPZ"),
    ],
)
def test_wrong_npz(tmp_path: Path, arrays: dict[str, Any], part: str) -> None:
    with pytest.raises(DataError) as caught:
        load(DataOptions(save(tmp_path / "a.npz", **arrays)))
    assert part in str(caught.value)


def test_a_file_that_only_looks_like_npz(write: Write) -> None:
    with pytest.raises(DataError, match="cannot be read as NPZ"):
        load(DataOptions(write("a.npz", b"PK\x03\x04" + b"x" * 100)))
