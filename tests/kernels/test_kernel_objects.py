"""Machine code as object files: what is kept, what is believed, and how it is called."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nncli.kernels import objects
from nncli.kernels.calling import Entry, address
from nncli.kernels.jit import kernel
from nncli.kernels.metrics import METRICS

METRIC = METRICS["binary"]

Array = NDArray[np.float64]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of objects where nothing is kept yet."""
    for name in ("cache_folder", "usual_folder"):
        monkeypatch.setattr(objects, name, lambda: tmp_path)
    objects._loaded.cache_clear()
    yield tmp_path / "objects"
    objects._loaded.cache_clear()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the kernels that are compiled from now on."""
    seen: list[str] = []
    compile_ = objects._compile

    def watched(
        kernel: Callable[..., Any], signature: str, dtype: str
    ) -> tuple[objects.Code, bytes]:
        seen.append(kernel.__name__)
        return compile_(kernel, signature, dtype)

    monkeypatch.setattr(objects, "_compile", watched)
    return seen


def right(entry: Entry) -> float:
    """Two of three predictions are on the side of 0.5 that their target is on."""
    p, y = np.array([[0.9], [0.2], [0.8]]), np.array([[1.0], [0.0], [0.0]])
    return float(entry(p, y, np.array([0.5])))


def test_what_was_compiled_is_loaded(folder: Path, compilations: list[str]) -> None:
    assert right(Entry(METRIC, "metric", "float64")) == 2.0
    objects._loaded.cache_clear()
    assert right(Entry(METRIC, "metric", "float64")) == 2.0
    assert len(compilations) == len(list(folder.iterdir())) == 1


def test_every_dtype_and_signature_has_a_file(folder: Path, compilations: list[str]) -> None:
    addresses = {objects.address_of(METRIC, "metric", dtype) for dtype in ("float32", "float64")}
    assert len(addresses) == len(compilations) == len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text", "other"])
def test_a_damaged_file_is_made_anew(folder: Path, compilations: list[str], damage: str) -> None:
    objects.address_of(METRIC, "metric", "float64")
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    other = json.dumps({**json.loads(whole.partition(b"\n")[0]), "of": "another kernel"})
    damaged = {
        "other": other.encode() + b"\n" + whole.partition(b"\n")[2],
        "cut": whole[:-100],
        "changed": whole[:-100] + bytes(100),
        "empty": b"",
        "text": b"[1]\nnot an object",
    }
    path.write_bytes(damaged[damage])
    objects._loaded.cache_clear()
    assert right(Entry(METRIC, "metric", "float64")) == 2.0
    assert len(compilations) == 2
    objects._loaded.cache_clear()
    objects.address_of(METRIC, "metric", "float64")
    assert len(compilations) == 2


def test_code_for_another_processor_is_left_alone(
    folder: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.address_of(METRIC, "metric", "float64")
    objects._loaded.cache_clear()
    monkeypatch.setattr(objects, "_processor", lambda: "another one")
    objects.address_of(METRIC, "metric", "float64")
    assert len(compilations) == len(list(folder.iterdir())) == 2


def added(value: float) -> Callable[..., Any]:
    """A kernel as somebody adds it in a script or a notebook: always of one name."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(f"def share(p, y, weights):\n    return {value}", names)
    return kernel(names["share"])  # type: ignore[no-any-return]


def test_a_kernel_that_was_changed_is_never_taken_for_the_former(
    folder: Path, compilations: list[str]
) -> None:
    """Its name is all that a file could be found by."""
    p, one = np.zeros((2, 1)), np.zeros(1)
    found = [Entry(added(value), "metric", "float64")(p, p, one) for value in (1.5, 2.5)]
    assert found == [1.5, 2.5]
    assert compilations == ["share", "share"]
    assert not folder.exists()


P, ONE = np.zeros((2, 1)), np.zeros(1)


@pytest.mark.parametrize(
    "arguments",
    [
        (P.astype(np.float32), P, ONE),
        (P[:, 0], P, ONE),
        (np.zeros((2, 3))[:, ::2], P, ONE),
        (P, P, 1.0),
        (P, P),
        (P, P, ONE, ONE),
        (P.astype(">f8"), P, ONE),
    ],
    ids=["dtype", "axes", "strided", "scalar", "too few", "too many", "byte order"],
)
def test_wrong_arguments_never_reach_native_code(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match="metric was given"):
        Entry(METRIC, "metric", "float64")(*arguments)


def read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [P, P[1:], np.zeros(5)[::2], np.zeros((2, 3)).T, np.zeros(()), np.zeros((0, 3))],
    ids=["whole", "part", "strided", "transposed", "one number", "empty"],
)
@pytest.mark.parametrize("seen", [np.array, np.asarray, read_only], ids=["copy", "view", "frozen"])
def test_an_array_is_where_numpy_says(array: Array, seen: Callable[[Array], Array]) -> None:
    array = seen(array.view())
    assert address(array) == array.ctypes.data


def test_a_folder_that_cannot_be_written_costs_a_warning(
    folder: Path, compilations: list[str]
) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cannot be kept"):
        assert right(Entry(METRIC, "metric", "float64")) == 2.0
    assert len(compilations) == 1


def test_a_name_that_is_taken_leaves_nothing_behind(folder: Path, compilations: list[str]) -> None:
    objects.address_of(METRIC, "metric", "float64")
    (path,) = folder.iterdir()
    path.unlink()
    path.mkdir()
    objects._loaded.cache_clear()
    with pytest.warns(UserWarning, match="cannot be kept"):
        assert right(Entry(METRIC, "metric", "float64")) == 2.0
    assert list(folder.iterdir()) == [path]


def test_a_filled_folder_serves_where_it_cannot_be_written(
    folder: Path, compilations: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.address_of(METRIC, "metric", "float64")
    objects._loaded.cache_clear()
    monkeypatch.setattr(objects, "cache_folder", lambda: pytest.fail("nothing is to be written"))
    assert right(Entry(METRIC, "metric", "float64")) == 2.0
    assert len(compilations) == 1


def test_others_may_read_what_is_kept(folder: Path) -> None:
    previous = os.umask(0o022)
    try:
        objects.address_of(METRIC, "metric", "float64")
    finally:
        os.umask(previous)
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
