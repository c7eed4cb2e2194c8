"""Kernels of formulas on disk: compiled once a machine, and the file is never believed."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nncli.formulas import making

#: Loads both kernels of an activation; prints whether they were compiled, the file, and a value.
PROGRAM = """
import sys
import numpy as np
from nncli.formulas import activation
from nncli.kernels.calling import Entry
from nncli.kernels.objects import address_of
part = activation("where(x > 0, x, exp(x))*cos(x) + max(x, tanh(x)) + abs(x-1) + relu(x-2)")
a = np.zeros(1)
Entry(part.forward, "activation_forward", "float64")(np.ones(1), a, np.zeros(1), 1)
address_of(part.backward, "activation_backward", "float64")
print("numba" in sys.modules, part.forward.__code__.co_filename, a[0], sep="|")
"""


def run(cache: Path, seed: str) -> tuple[bool, Path, float]:
    environment = {**os.environ, "NNCLI_CACHE": str(cache), "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=cache,
    )
    compiled, path, value = done.stdout.strip().split("|")
    return compiled == "True", Path(path), float(value)


@pytest.mark.slow
def test_the_next_process_finds_the_machine_code(tmp_path: Path) -> None:
    """Also where it hashes names in another order, which must not change what is written."""
    compiled, path, value = run(tmp_path, "1")
    assert compiled
    assert path.parent.parent.parent == tmp_path / "kernels"
    assert run(tmp_path, "2") == (False, path, value)
    # a file that holds something else is not run, but written anew
    content = path.read_text()
    path.write_text(content.replace("return", "pass").replace("a[i] = ", "a[i] = 666 + "))
    assert run(tmp_path, "3") == (False, path, value)
    assert path.read_text() == content


def test_a_file_is_written_whole_and_left_alone_afterwards(tmp_path: Path) -> None:
    path = making._write(tmp_path / "formulas", "x = 1\n", "a.py")
    node = path.stat().st_ino
    assert making._write(tmp_path / "formulas", "x = 1\n", "a.py").stat().st_ino == node
    assert making._write(tmp_path / "formulas", "x = 2\n", "a.py").read_text() == "x = 2\n"
    assert [each.name for each in path.parent.iterdir()] == ["a.py"]


def test_an_unwritable_folder_costs_the_cache_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "cache_folder", lambda: tmp_path / "there")
    (tmp_path / "there").write_text("a file where the folder should be")
    kernels = making._load("value = 42\n")
    assert kernels.value == 42
    assert not str(kernels.__file__).startswith(str(tmp_path))


@pytest.mark.skipif(os.getuid() == 0, reason="root writes where it may not")
def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "cache_folder", lambda: tmp_path)
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert making._load("value = 43\n").value == 43
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_all_numbers_are_cast() -> None:
    """No float64 slips into float32 arithmetic: a product of two such numbers would show it."""
    import numba

    from nncli.formulas import activation
    from nncli.kernels.jit import native

    text = "0.1*x**3*sigmoid(x)*softplus(x)*exp(x/3)*max(x, 0.3)*abs(x - 0.7)*x**1.5*2**x"
    dispatcher = native(activation(text).forward)
    vector = numba.float32[::1]
    dispatcher.compile((vector, vector, vector, numba.int64))
    (found,) = dispatcher.overloads.values()
    # a line a variable, such as "#   t3 = $96.2  :: float32"
    kinds = re.findall(r"#\s+([ctx]\d*) = .*:: (\w+)", str(found.type_annotation))
    assert len({name for name, _ in kinds}) > 12
    assert [each for each in kinds if each[1] != "float32"] == []
