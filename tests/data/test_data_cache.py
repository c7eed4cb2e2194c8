"""The cache of parsed files: what is kept, when it is believed, many processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.data import DataOptions, digest, entries, load, table
from nncli.data.digest import file_digest
from nncli.data.entries import cached

Write = Callable[..., str]

TABLE = "a,b,y\n" + "".join(f"{i},{i * i % 13},{'uv'[i % 2]}\n" for i in range(60))


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("parsed again")


def kept(cache: Path) -> list[Path]:
    return [each.parent for each in (cache / "tables").glob("*/index.json")]


def test_the_second_load_parses_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("t.csv", TABLE)
    first = load(DataOptions(path))
    monkeypatch.setattr(table, "_build_text", refuse)
    again = load(DataOptions(path, seed=3, val="0.5", scale="none"))
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert first.preprocessing.inputs == load(DataOptions(path)).preprocessing.inputs
    copy = write("copy.csv", TABLE)  # the content counts, not the name
    load(DataOptions(copy))
    with pytest.raises(AssertionError, match="parsed again"):
        load(DataOptions(path, target="b"))


def test_a_cached_table_imports_no_pandas(write: Write) -> None:
    path = write("t.csv", TABLE)
    load(DataOptions(path))
    code = f"import nncli.data as d, sys; d.load(d.DataOptions({path!r}));"
    code += "print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("damage", ["cut", "flip", "remove", "index", "empty index", "another"])
def test_a_damaged_entry_is_built_anew(write: Write, cache: Path, damage: str) -> None:
    path = write("t.csv", TABLE)
    expected = np.array(load(DataOptions(path)).rows)
    (folder,) = kept(cache)
    file, index = folder / "numbers.npy", folder / "index.json"
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[:-8])
    elif damage == "flip":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 255]))
    elif damage == "remove":
        file.unlink()
    elif damage == "index":
        index.write_text(index.read_text()[:-10])
    elif damage == "empty index":
        index.write_text("")
    else:
        index.write_text(json.dumps({"files": {"numbers.npy": 3}}))
    np.testing.assert_array_equal(load(DataOptions(path)).rows, expected)
    assert len(kept(cache)) == 1
    assert file.read_bytes() == content


def test_without_a_cache_folder_it_works_and_says_so(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("t.csv", TABLE)
    expected = load(DataOptions(path))
    monkeypatch.setenv("NNCLI_CACHE", write("a-file", "no folder"))
    found = load(DataOptions(path))
    np.testing.assert_array_equal(found.rows, expected.rows)
    assert found.hash == expected.hash
    assert any("cannot be written" in note for note in found.notes)
    assert not any("cannot be written" in note for note in expected.notes)


def test_a_full_disk_leaves_nothing_behind(cache: Path) -> None:
    attempts: list[Path] = []

    def build(folder: Path) -> dict[str, Any]:
        attempts.append(folder)
        np.save(folder / "x.npy", np.arange(3))
        if len(attempts) == 1:
            raise OSError(28, "No space left on device")
        return {"n": 3}

    found = cached({"k": 1}, build)
    assert found.arrays["x"].tolist() == [0, 1, 2]
    assert "No space left on device" in found.notes[0]
    assert [each.name for each in (cache / "tables").iterdir() if each.is_dir()] == []


def test_an_error_of_the_data_keeps_nothing(cache: Path) -> None:
    def build(folder: Path) -> dict[str, Any]:
        (folder / "x.npy").write_bytes(b"half")
        raise ValueError("bad data")

    with pytest.raises(ValueError, match="bad data"):
        cached({"k": 1}, build)
    assert [each.name for each in (cache / "tables").iterdir() if each.is_dir()] == []


def test_the_longest_unused_entries_go_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(folder: Path) -> dict[str, Any]:
        np.save(folder / "x.npy", np.zeros(1000))
        return {}

    for number in range(4):
        if number == 3:
            cached({"k": 0}, build)  # the oldest, but used again
            monkeypatch.setattr(entries, "LIMIT", 20_000)
        cached({"k": number}, build)
        for each in kept(cache):  # make the order plain whatever the clock's resolution
            stamp = (each / "index.json").stat().st_mtime
            os.utime(each / "index.json", (stamp - 10, stamp - 10))
    assert len(kept(cache)) == 2
    monkeypatch.setattr(entries, "LIMIT", 20 << 30)
    built: list[int] = []
    for number in (3, 0, 2):

        def build_again(folder: Path, number: int = number) -> dict[str, Any]:
            built.append(number)
            return build(folder)

        cached({"k": number}, build_again)
    assert built == [2]  # deleted, unlike 3, the newest, and 0, used again


def test_what_a_killed_process_left_is_removed_in_time(cache: Path) -> None:
    left = cache / "tables" / ".making-1"
    fresh = cache / "tables" / ".making-2"
    for each in (left, fresh):
        each.mkdir(parents=True)
    os.utime(left, (0, 0))
    cached({"k": 1}, lambda folder: {})
    assert (left.exists(), fresh.exists()) == (False, True)


def test_processes_that_start_together_agree(write: Write, cache: Path) -> None:
    path = write("t.csv", TABLE)
    code = (
        "import nncli.data as d, hashlib\n"
        f"x = d.load(d.DataOptions({path!r}))\n"
        "print(hashlib.sha256(x.rows.tobytes() + x.targets.tobytes()).hexdigest(), x.notes)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = {process.communicate()[0] for process in started}
    assert all(process.returncode == 0 for process in started)
    assert len(said) == 1
    assert len(kept(cache)) == 1
    assert not list((cache / "tables").glob(".making-*"))


def test_digests_are_remembered_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "_SMALL", 0)
    path = tmp_path / "large"
    path.write_bytes(b"one")
    read: list[Path] = []
    original = digest._sha256
    monkeypatch.setattr(digest, "_sha256", lambda p: read.append(p) or original(p))  # type: ignore[func-returns-value]
    first = file_digest(path)
    assert file_digest(path) == first
    assert len(read) == 2  # changed just now: it may change again unseen, so it was not remembered
    old = time.time() - 60
    os.utime(path, (old, old))
    assert [file_digest(path), file_digest(path)] == [first, first]
    assert len(read) == 3
    path.write_bytes(b"two")
    os.utime(path, (old + 1, old + 1))
    assert file_digest(path) != first
    memo = next((tmp_path / "cache" / "digests").iterdir())
    memo.write_text("[")
    assert file_digest(path) == original(path)


def test_small_files_leave_no_memo(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"one")
    file_digest(path)
    assert not (cache / "digests").exists()
