"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli.errors import UsageError
from nncli.exporting import files as exported_files
from nncli.exporting.files import write_files


def test_files_are_written(tmp_path: Path) -> None:
    write_files({tmp_path / "a": b"one", tmp_path / "b": b"two"}, force=False)
    assert (tmp_path / "a").read_bytes() == b"one"
    assert (tmp_path / "b").read_bytes() == b"two"
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~umask


def test_one_that_exists_keeps_all_as_they_are(tmp_path: Path) -> None:
    both = {tmp_path / "a": b"new", tmp_path / "b": b"new"}
    (tmp_path / "b").write_bytes(b"former")
    with pytest.raises(UsageError, match=r"b exists already: .* --force"):
        write_files(both, force=False)
    assert os.listdir(tmp_path) == ["b"]
    assert (tmp_path / "b").read_bytes() == b"former"
    (tmp_path / "b").chmod(0o640)
    write_files(both, force=True)
    assert (tmp_path / "b").read_bytes() == b"new"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o640


def test_a_failure_leaves_the_former_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = exported_files._beside

    def full(path: Path, content: bytes) -> str:
        if path.name == "b":
            raise OSError(28, "No space left on device")
        return made(path, content)

    monkeypatch.setattr(exported_files, "_beside", full)
    (tmp_path / "a").write_bytes(b"former")
    with pytest.raises(OSError, match="No space"):
        write_files({tmp_path / "a": b"new", tmp_path / "b": b"new"}, force=True)
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"former"


def test_no_place_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        write_files({tmp_path / "none" / "a": b""}, force=False)
    with pytest.raises(UsageError, match="is a folder"):
        write_files({tmp_path: b""}, force=True)


def test_a_device_is_written_to(tmp_path: Path) -> None:
    write_files({Path("/dev/null"): b"content"}, force=False)
    assert not Path("/dev/null").is_file()
